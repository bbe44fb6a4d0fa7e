"""The command line: one file per command, imported when it is called.

Each file holds `app`, a `typer.Typer`: with one command it is that command, with several it is a
group (`correo queue list`). `frame.COMMANDS` names the file and the line of help of each, so that
`correo --help` imports none of them. What a command has to refuse it raises as a `CorreoError`;
here it becomes one sentence and an exit code.

Exit codes: 0 done; 1 it could not be done, and why was said; 2 the command line is wrong;
75 it may work later (sysexits EX_TEMPFAIL); 130 interrupted.
"""

import os
import sys

from correo.base.errors import CorreoError, Refusal, UsageError
from correo.cli.frame import make_app

__all__ = ["main"]

FAILED = 1
WRONG = 2
TRY_LATER = 75
INTERRUPTED = 130


def main() -> None:
    """Parse the arguments and run the command; exits with its code."""
    open_standard_streams()
    try:
        make_app()()
    except UsageError as error:
        fail(str(error), WRONG)
    except CorreoError as error:
        words = error.text if isinstance(error, Refusal) else str(error)
        fail(words, TRY_LATER if error.is_temporary else FAILED)
    except BrokenPipeError:
        sys.stderr.close()  # nobody reads any more: no second complaint at exit
        sys.exit(FAILED)
    except OSError as error:
        fail(describe(error), FAILED)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


def open_standard_streams() -> None:
    """Put nothing where standard input or output is closed, lest a socket get its number."""
    for descriptor in range(3):
        try:
            os.fstat(descriptor)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest free number: this one
    sys.stdin = sys.stdin or open(0, encoding="utf-8")  # noqa: SIM115 - for the whole process
    sys.stdout = sys.stdout or open(1, "w", encoding="utf-8")  # noqa: SIM115
    sys.stderr = sys.stderr or open(2, "w", encoding="utf-8")  # noqa: SIM115


def fail(sentence: str, code: int) -> None:
    sys.stderr.write(f"correo: {sentence}\n")
    sys.exit(code)


def describe(error: OSError) -> str:
    """The system's words with the file they are about."""
    words = error.strerror or str(error) or type(error).__name__
    return f"{error.filename}: {words}" if error.filename else words
