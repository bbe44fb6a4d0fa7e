"""Run the gate, then the tests; called by scripts/test in the virtual environment.

Every step runs even if one before it has failed, so that one run tells everything.
"""

import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
SLOW_FOLDERS = ("cli", "peers", "hostile", "crash", "whole")  # processes, servers, other software

Step = tuple[str, list[str]]


def gate() -> list[Step]:
    return [
        ("ruff format", [str(BIN / "ruff"), "format", "--check", "--quiet"]),
        ("ruff check", [str(BIN / "ruff"), "check", "--quiet"]),
        ("mypy", [str(BIN / "mypy"), "--no-error-summary"]),
        ("import contracts", [str(BIN / "lint-imports"), "--no-logo"]),
    ]


def pytest(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-q", *arguments]


def fast_tests() -> Step:
    left_out = [f"--ignore=tests/{folder}" for folder in SLOW_FOLDERS]
    return "fast tests", pytest("-m", "not slow", "-n", "auto", "--dist=worksteal", *left_out)


def other_tests() -> list[Step]:
    """What needs time, a whole server, or somebody else's; one at a time, for they share ports."""
    folders = [f"tests/{folder}" for folder in SLOW_FOLDERS if (ROOT / "tests" / folder).exists()]
    others = [
        f"tests/{path.name}"
        for path in sorted((ROOT / "tests").iterdir())
        if path.is_dir() and path.name not in SLOW_FOLDERS
    ]
    return [
        ("whole servers, peers, crashes", pytest("-rs", *folders)),
        ("slow tests", pytest("-rs", "-m", "slow", *others)),
    ]


def run(steps: Sequence[Step]) -> list[str]:
    """The names of the steps that failed."""
    failed = []
    for name, command in steps:
        print(f"== {name}", flush=True)
        begun = time.monotonic()
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        nothing_to_do = "pytest" in command and code == 5
        if code and not nothing_to_do:
            failed.append(name)
        print(f"   {'FAILED' if name in failed else 'ok'} in {time.monotonic() - begun:.1f} s")
    return failed


def main() -> int:
    steps = [*gate(), fast_tests()]
    if "--fast" not in sys.argv[1:]:
        steps += other_tests()
    begun = time.monotonic()
    failed = run(steps)
    print(f"== {time.monotonic() - begun:.0f} s in all")
    if os.environ.get("CI") != "true":
        print("   Tests that were skipped are listed above with the reason (SKIPPED).")
    if failed:
        print(f"   failed: {', '.join(failed)}")
        return 1
    print("   everything that ran passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
