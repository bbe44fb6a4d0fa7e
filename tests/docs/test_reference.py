"""The API reference builds from the docstrings, without a warning, and every public thing has one."""

import ast
import importlib
import inspect
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "scripts" / "reference.py"
sys.path.append(str(SCRIPT.parent))  # as when it is run
SHAPING = runpy.run_path(str(ROOT / "scripts" / "docstring_shape.py"))
PACKAGES: list[str] = runpy.run_path(str(SCRIPT))["PACKAGES"]


def indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.split("\n"))


def fenced(text: str) -> str:
    return f"```python\n{text}\n```"


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


EXAMPLE = "with opened() as it:\n    it.run()"
SHAPES = [
    # id, docstring, Markdown
    ("a paragraph", "Do this\nand that.", "Do this\nand that."),
    ("an example", f"Do.\n\n{indented(EXAMPLE)}\n\nEnd.", f"Do.\n\n{fenced(EXAMPLE)}\n\nEnd."),
    ("an example at the end", f"Do.\n\n{indented(EXAMPLE)}", f"Do.\n\n{fenced(EXAMPLE)}"),
    (
        "an example with an empty line",
        f"Do.\n\n{indented(EXAMPLE)}\n\n{indented('end()')}\n\nEnd.",
        f"Do.\n\n{fenced(EXAMPLE + chr(10) * 2 + 'end()')}\n\nEnd.",
    ),
    (
        "a table of RFCs",
        "Do.\n\nRFC 5321    4.5.2    dots\n            2.3.8    lines",
        "Do.\n\n```text\nRFC 5321    4.5.2    dots\n            2.3.8    lines\n```",
    ),
    (
        "fields",
        "Do.\n\nsize, count: octets,\n    all of them.\nname: its own.",
        "Do.\n\n - **size, count:** octets,\n   all of them.\n - **name:** its own.",
    ),
    (
        "fields in one line",
        "Do.\n\nsize: octets. name: its own.",
        "Do.\n\n - **size:** octets.\n - **name:** its own.",
    ),
    (
        "a section is pdoc's",
        "Do.\n\nArgs:\n    size: octets.\n\n    name: its own.\n\nEnd.",
        "Do.\n\nArgs:\n    size: octets.\n\n    name: its own.\n\nEnd.",
    ),
]


@pytest.mark.parametrize(
    ("docstring", "markdown"), [pytest.param(d, m, id=i) for i, d, m in SHAPES]
)
def test_a_docstring_keeps_its_shape(docstring: str, markdown: str) -> None:
    shape: Callable[[str], str] = SHAPING["shape"]
    assert shape(docstring) == markdown


def docstrings(folder: str) -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "src" / "correo" / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                yield f"{path.name}:{getattr(node, 'name', '')}", ast.get_docstring(node) or ""


@pytest.mark.parametrize("folder", ["clients", "message", "testing"])
def test_the_examples_in_docstrings_compile(folder: str) -> None:
    broken = []
    for place, text in docstrings(folder):
        for block in SHAPING["joined"](text.split("\n\n")):
            if SHAPING["is_indented"](block) and not place.startswith("dialogue.py"):
                example = dedent(block)
                try:
                    compile(example, place, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                except SyntaxError as error:
                    broken.append(f"{place}: {error}")
    assert broken == []


@pytest.mark.parametrize("protocol", ["imap", "pop3", "smtp", "sync"])
def test_the_page_of_a_client_begins_with_an_example(protocol: str) -> None:
    text = importlib.import_module(f"correo.clients.{protocol}").__doc__ or ""
    assert "```python\n" in SHAPING["shape"](text)
