"""What the tests of the message room share: the corpus, and a reader of IMAP lists."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

CORPUS = Path(__file__).parent / "corpus"

_TOKEN = re.compile(
    rb'\s*(?:(\()|(\))|"((?:[^"\\\r\n\0\x80-\xff]|\\["\\])*)"|\{(\d+)\}\r\n|(NIL|\d+|[A-Z]+))'
)


def read_imap_list(octets: bytes) -> list[object]:
    """An IMAP list as nested lists of bytes, numbers and None; strict about quoting."""
    stack: list[list[object]] = [[]]
    position = 0
    while position < len(octets):
        match = _TOKEN.match(octets, position)
        assert match, octets[position : position + 40]
        position = match.end()
        if match[1]:
            stack.append([])
        elif match[2]:
            done = stack.pop()
            stack[-1].append(done)
        elif match[3] is not None:
            stack[-1].append(re.sub(rb"\\(.)", rb"\1", match[3]))
        elif match[4]:
            literal = octets[position : position + int(match[4])]
            assert len(literal) == int(match[4])
            assert b"\0" not in literal
            stack[-1].append(literal)
            position += int(match[4])
        else:
            atom = match[5]
            stack[-1].append(None if atom == b"NIL" else int(atom) if atom.isdigit() else atom)
    assert len(stack) == 1
    return stack[0]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test with a `corpus_message` argument runs once for each message of the corpus."""
    if "corpus_message" in metafunc.fixturenames:
        paths = sorted(CORPUS.glob("*.eml"))
        metafunc.parametrize(
            "corpus_message", [pytest.param(path.read_bytes(), id=path.stem) for path in paths]
        )


@pytest.fixture(scope="session")
def read_list() -> Callable[[bytes], list[object]]:
    return read_imap_list


@pytest.fixture(scope="session")
def corpus() -> dict[str, bytes]:
    """Every message of the corpus by file name."""
    return {path.name: path.read_bytes() for path in sorted(CORPUS.glob("*.eml"))}
