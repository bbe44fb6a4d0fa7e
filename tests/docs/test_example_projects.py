"""The projects in examples/ pass their own tests."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from correo.testing.process import free_port_offset

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[2] / "examples"
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull]

PROJECTS = [
    ("flask_app", [*PYTEST, "--rootdir", "."], "2 passed"),
    ("fastapi_app", [*PYTEST, "--rootdir", "."], "1 passed"),
    ("django_app", [sys.executable, "manage.py", "test"], "Ran 1 test"),
    ("unittest_app", [sys.executable, "-m", "unittest"], "Ran 1 test"),
    ("any_language", ["./check.sh", "{offset}"], "the order has come\nthe offer was caught\n"),
]


@pytest.mark.parametrize(
    ("folder", "command", "words"), [pytest.param(f, c, w, id=f) for f, c, w in PROJECTS]
)
def test_project_passes(folder: str, command: list[str], words: str) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(
        [part.format(offset=free_port_offset()) for part in command],
        cwd=EXAMPLES / folder,
        env={**os.environ, "PATH": path, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert words in run.stdout + run.stderr
