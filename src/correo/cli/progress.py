"""Show on the terminal how far something has come, and nothing where there is none."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["progress"]


@contextmanager
def progress(
    words: str, total: int | None, *, octets: bool = False, is_wanted: bool = True
) -> Iterator[Callable[[int], None]]:
    """A bar on standard error while the body runs, with the rate and the time left.

    Its value is to be called with each step.

    Args:
        total: how many steps there are; None if that is not known.
        octets: steps are octets, not things.
        is_wanted: False shows nothing.
    """
    if not is_wanted or not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        ProgressColumn,
        Task,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    class Rate(ProgressColumn):
        """Things per second."""

        def render(self, task: Task) -> str:
            speed = task.finished_speed or task.speed
            return "" if speed is None else f"{speed:.0f}/s"

    what = TextColumn("{task.description}")
    rate = TransferSpeedColumn() if octets else Rate()
    amount = DownloadColumn() if octets else MofNCompleteColumn()
    columns = (what, BarColumn(), amount, rate, TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(words, total=total)
        yield lambda steps: bar.advance(task, steps)
