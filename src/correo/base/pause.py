"""The one event every engine may give and no session sees: others should have their turn now.

An engine that could go on answering gives it after a bounded piece of work. The driver sends what
is ready, lets others work, and asks for more with `receive(b"")`.
"""

from dataclasses import dataclass

__all__ = ["Pause"]


@dataclass(slots=True)
class Pause:
    """Send what is ready, and let others work, before asking for more; needs no answer."""
