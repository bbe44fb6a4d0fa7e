"""The command line's frame: every command is there, has help, and says clearly what is wrong."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from correo.cli.frame import COMMANDS, make_app, unwrapped


def test_help_names_every_command_and_imports_none_of_them() -> None:
    code = (
        "import sys; from correo.cli.frame import make_app\n"
        "try: make_app()(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in sys.modules if m.startswith(('correo.app', 'correo.net', 'uvloop', "
        "'apsw', 'dns', 'cryptography', 'correo.cli.dev'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")
    for name, (_, line) in COMMANDS.items():
        assert name in done.stdout
        assert line.split()[0] in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help_in_sentences(name: str) -> None:
    module, line = COMMANDS[name]
    assert isinstance(import_module(f"correo.cli.{module}").app, typer.Typer)
    done = CliRunner().invoke(make_app(), [name, "--help"])
    assert done.exit_code == 0, done.output
    assert "Usage:" in done.output
    assert "completion" not in done.output
    assert line.endswith(".")


def test_the_version_is_shown() -> None:
    done = CliRunner().invoke(make_app(), ["--version"])
    assert done.output.startswith("correo ")


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["account", "list", "--data", "/nowhere"], 1, "is no data directory of correo"),
        (["account", "list", "--config", "/nowhere.toml"], 1, "/nowhere.toml cannot be read"),
        (["account", "add"], 2, "name an ADDRESS"),
        (["dev", "--user", "nonsense"], 2, "a user is ADDRESS:PASSWORD"),
        (["dev", "--data", "/proc/nowhere"], 1, "the data directory /proc/nowhere cannot be used"),
        (["serve", "--config", "/nowhere.toml"], 1, "/nowhere.toml cannot be read"),
        (
            ["serve", "--data", "/proc/nowhere"],
            1,
            "the data directory /proc/nowhere cannot be used",
        ),
        (["dev", "--data", "/tmp", "--route", "x"], 1, "a route is DOMAIN=HOST:PORT"),
        (["dev", "--data", "/tmp", "--nameserver", "x"], 1, "nameserver 'x' is not"),
        (["init", "nonsense"], 2, "is no address"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_what_cannot_be_done_is_one_sentence_and_an_exit_code(
    arguments: list[str], code: int, sentence: str
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "correo", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert done.stderr.startswith("correo: ")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_closed_standard_streams_are_as_good_as_empty_ones(tmp_path: Path) -> None:
    script = (
        f"exec {sys.executable} -m correo init you@example.org --folder {tmp_path} <&- >&- 2>&-"
    )
    assert subprocess.run(["/bin/sh", "-c", script], check=False).returncode == 0
    assert (tmp_path / "correo.toml").exists()


def test_help_is_broken_by_the_terminal_only() -> None:
    assert unwrapped("One.\n\nTwo\n  lines.\nOther.") == "One.\n\nTwo\n  lines.\nOther."
    assert unwrapped("One,\nstill one.\n\nTwo,\nstill two.") == "One, still one.\n\nTwo, still two."
    shown = CliRunner().invoke(make_app(), ["import", "--help"], env={"COLUMNS": "1000"}).stdout
    assert "with its folders, flags and keywords; mbox files; .eml files. Folders become" in shown
