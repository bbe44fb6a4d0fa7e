"""What machine this is, and what a tree of processes has used of it (Linux, /proc)."""

import os
import platform
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def describe() -> str:
    """One line for the head of a table."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    return (
        f"{time.strftime('%Y-%m-%d %H:%M')}, {os.cpu_count()} cores {model}, "
        f"Linux {platform.release()}, CPython {platform.python_version()}"
    )


def process_tree(pid: int) -> list[int]:
    """A process and all its descendants, as far as they are alive."""
    found = [pid]
    try:
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += process_tree(int(child))
    except OSError:
        pass
    return found


def cpu_seconds(roots: Iterable[int]) -> float:
    """User and system time of the trees, with that of their ended children."""
    total = 0
    for root in roots:
        for pid in process_tree(root):
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            total += sum(int(each) for each in fields[11:15])
    return total / TICKS_PER_S


def memory_mb(roots: Iterable[int]) -> tuple[float, float, int]:
    """Proportional set size and resident set size of the trees in MB, and their processes."""
    proportional = resident = count = 0
    for root in roots:
        for pid in process_tree(root):
            try:
                lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
            except OSError:
                continue
            count += 1
            for line in lines:
                if line.startswith("Pss:"):
                    proportional += int(line.split()[1])
                elif line.startswith("Rss:"):
                    resident += int(line.split()[1])
    return proportional / 1024, resident / 1024, count


@dataclass(slots=True)
class Meter:
    """`with Meter(roots) as m: ...` leaves wall time and the servers' CPU time in m."""

    roots: Sequence[int]
    wall_s: float = 0.0
    cpu_s: float = 0.0
    _wall_0: float = field(default=0.0, repr=False)
    _cpu_0: float = field(default=0.0, repr=False)

    def __enter__(self) -> "Meter":
        self._cpu_0 = cpu_seconds(self.roots)
        self._wall_0 = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall_s = time.perf_counter() - self._wall_0
        self.cpu_s = cpu_seconds(self.roots) - self._cpu_0


@dataclass(slots=True)
class Figures:
    """Figures of several rounds, by row and server; prints medians and the ratio of the first two."""

    unit: str
    higher_is_better: bool
    rows: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, row: str, server: str, value: float) -> None:
        self.rows.setdefault(row, {}).setdefault(server, []).append(value)

    def show(self) -> None:
        for row, servers in self.rows.items():
            medians = {name: statistics.median(values) for name, values in servers.items()}
            parts = [
                f"{name} {median:,.4g} {self.unit} ({min(servers[name]):,.4g}–{max(servers[name]):,.4g})"
                for name, median in medians.items()
            ]
            print(f"{row:48} " + "   ".join(parts) + self._ratio(medians))

    def _ratio(self, medians: dict[str, float]) -> str:
        others = [value for name, value in medians.items() if name != "correo" and value]
        if "correo" not in medians or not others or not medians["correo"]:
            return ""
        best = max(others) if self.higher_is_better else min(others)
        factor = medians["correo"] / best if self.higher_is_better else best / medians["correo"]
        return f"   correo {factor:.2f} times as good"
