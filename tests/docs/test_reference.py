"""The API reference builds from the docstrings, without a warning, and every public thing has one."""

import importlib
import inspect
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "reference.py"
PACKAGES: list[str] = runpy.run_path(str(SCRIPT))["PACKAGES"]


def public(package: str) -> dict[str, object]:
    module = importlib.import_module(package)
    return {name: getattr(module, name) for name in getattr(module, "__all__", ())}


def methods_of(kind: type) -> dict[str, object]:
    return {
        name: value
        for name, value in vars(kind).items()
        if not name.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, classmethod))
    }


def is_told(thing: object) -> bool:
    """Whether it has a docstring of its own; a dataclass makes one of its signature."""
    text = inspect.getdoc(thing) or ""
    return bool(text) and not (inspect.isclass(thing) and text.startswith(f"{thing.__name__}("))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_public_name_says_what_it_is(package: str) -> None:
    untold = []
    for name, thing in public(package).items():
        if inspect.isclass(thing):
            untold += [
                f"{name}.{each}" for each, it in methods_of(thing).items() if not is_told(it)
            ]
        if (inspect.isclass(thing) or inspect.isfunction(thing)) and not is_told(thing):
            untold.append(name)
    assert untold == []


@pytest.mark.slow
def test_the_reference_builds_and_has_every_public_name(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    for package in PACKAGES:
        page = (tmp_path / (package.replace(".", "/") + ".html")).read_text()
        missing = [name for name in public(package) if f'id="{name}"' not in page]
        assert missing == []
