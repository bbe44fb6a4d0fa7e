"""The command line: one file per command."""

__all__ = ["main"]


def main() -> None:
    """Parse the arguments and run the command; exits with its code."""
