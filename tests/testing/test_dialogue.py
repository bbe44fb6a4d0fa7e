"""The dialogue runner: what it takes, what it sends, and that it notices what is wrong."""

from pathlib import Path

import pytest

from correo.testing.dialogue import Dialogue, play, read_dialogues, smtp_replies


class Echo:
    """Says back each whole line it hears, and remembers the pieces and the orders."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.orders: list[tuple[str, str]] = []
        self.buffer = b""

    def receive(self, octets: bytes) -> None:
        self.pieces.append(octets)
        self.buffer += octets

    def take_output(self) -> bytes:
        end = self.buffer.rfind(b"\r\n") + 2 if b"\r\n" in self.buffer else 0
        said, self.buffer = self.buffer[:end], self.buffer[end:]
        return said

    def command(self, word: str, argument: str) -> None:
        self.orders.append((word, argument))


def written(folder: Path, text: str) -> Dialogue:
    (folder / "one.dialog").write_text(f"# one   RFC 0: a title\n{text}")
    return read_dialogues(folder)[0]


def test_consecutive_lines_go_out_as_one_run_in_pieces_of_the_size_asked(tmp_path: Path) -> None:
    dialogue = written(tmp_path, "C: ab\nC~: c\nC: \\x00\\r\\n\\\\\nS: ab\nS: c\\x00\nS: \\\\\n")
    for step, count in ((0, 1), (4, 3)):
        echo = Echo()
        play(dialogue, echo, step=step)
        assert len(echo.pieces) == count
        assert b"".join(echo.pieces) == b"ab\r\nc\x00\r\n\\\r\n"
    assert (dialogue.name, dialogue.title) == ("one", "one   RFC 0: a title")


def test_the_client_may_be_the_one_under_test(tmp_path: Path) -> None:
    play(written(tmp_path, "S: hello\nC: h*o\n"), Echo(), role="C")


def test_orders_reach_the_side_under_test_in_their_place(tmp_path: Path) -> None:
    echo = Echo()
    play(written(tmp_path, "@ limit 3\n\n# why\nC: x\nS: x\n@ closed\n"), echo)
    assert echo.orders == [("limit", "3"), ("closed", "")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("C: x\nS: y\n", "one.dialog:3: expected 'y', got 'x'"),
        ("C: x\nS: x\nS: y\n", "expected 'y', got 'nothing'"),
        ("C: x\nC: y\nS: x\n", "and then, unexpectedly: ['y']"),
        ("C: x\n", "and then, unexpectedly: ['x']"),
    ],
)
def test_a_difference_is_named_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(AssertionError) as caught:
        play(written(tmp_path, text), Echo())
    assert words in str(caught.value)


def test_a_line_of_no_known_form_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"one\.dialog:2: neither"):
        written(tmp_path, "X: what\n")


def test_the_lines_of_an_smtp_reply_are_one_unit() -> None:
    assert smtp_replies(b"250-a\r\n250 b\r\n220 c\r\n354 \r\n250\r\n") == [
        "250 a\nb", "220 c", "354 ", "250 ",
    ]  # fmt: skip
    assert smtp_replies(b"") == []
