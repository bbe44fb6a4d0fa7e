"""`correo send --direct` finds each recipient's own server by DNS, over the wire."""

from collections.abc import Iterator, Sequence

import pytest
from typer.testing import CliRunner

from correo.base.errors import Refusal
from correo.cli.send import app
from correo.testing.nameserver import running_nameserver
from correo.testing.sink import ThreadedSink

GONE = "127.0.0.99"  # nobody listens there
LATER = Refusal("4.2.0", "come back")
ZONE = {
    ("up.test", "A"): ["127.0.0.1"],
    ("down.test", "A"): [GONE],
    ("first.test", "MX"): ["20 down.test.", "10 up.test."],
    ("second.test", "MX"): ["20 up.test.", "10 down.test."],
    ("third.test", "MX"): ["30 up.test.", "20 down.test.", "10 missing.test."],
    ("bare.test", "A"): ["127.0.0.1"],
    ("alias.test", "CNAME"): ["first.test."],
    ("also-up.test", "CNAME"): ["up.test."],
    ("aliased.test", "MX"): ["10 also-up.test."],
    ("two.test", "MX"): ["10 two-addresses.test."],
    ("two-addresses.test", "A"): [GONE, "127.0.0.1"],
    ("null.test", "MX"): ["0 ."],
    ("text.test", "TXT"): ['"no host"'],
    ("twice.test", "MX"): ["10 up.test.", "20 up-too.test.", "30 up-as-well.test."],
    ("up-too.test", "A"): ["127.0.0.1"],
    ("up-as-well.test", "A"): ["127.0.0.1"],
    ("dead.test", "MX"): ["10 missing.test."],
    ("all-down.test", "MX"): ["10 down.test."],
    ("half.test", "MX"): ["10 missing.test.", "20 broken.test."],
}
BROKEN = {("broken.test", "MX"), ("broken.test", "A"), ("broken.test", "AAAA")}


@pytest.fixture(scope="module")
def nameserver() -> Iterator[str]:
    with running_nameserver(ZONE, failing=BROKEN, silent={"silent.test"}) as server:
        yield server


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadedSink]:
    made = ThreadedSink()
    monkeypatch.setattr("correo.delivery.exchangers.SMTP_PORT", made.sink.port)
    yield made
    made.close()


def sent(nameserver: str, *domains: str, to: Sequence[str] = ("bob",)) -> tuple[int, str]:
    result = CliRunner().invoke(
        app,
        [
            *(f"{name}@{domain}" for domain in domains for name in to),
            *("-f", "ana@a.test", "--text", "x", "--direct", "--nameserver", nameserver),
        ],
    )
    return result.exit_code, result.output


@pytest.mark.parametrize(
    "domain",
    [
        "first.test", "second.test", "third.test", "bare.test", "alias.test", "aliased.test",
        "two.test",
    ],
)  # fmt: skip
def test_the_message_reaches_a_host_that_is_up(
    nameserver: str, sink: ThreadedSink, domain: str
) -> None:
    code, output = sent(nameserver, domain)
    assert code == 0, output
    assert [each.recipients[0][0] for each in sink.received] == [f"bob@{domain}"]


NOWHERE = [
    # domain           exit code, words
    ("null.test", 1, "takes no mail (null MX)"),
    ("missing.test", 1, "does not exist"),
    ("text.test", 1, "has no address"),
    ("dead.test", 1, "the mail host missing.test does not exist"),
    ("all-down.test", 75, "down.test [127.0.0.99]"),
    ("broken.test", 75, "no MX answer for broken.test: no nameserver could tell (SERVFAIL)"),
    ("half.test", 75, "no address for broken.test: no nameserver could tell (SERVFAIL)"),
    ("silent.test", 75, "no MX answer for silent.test: no nameserver answered in 0.2 s"),
]


@pytest.mark.parametrize(("domain", "code", "words"), NOWHERE, ids=[each[0] for each in NOWHERE])
def test_where_there_is_no_way_the_exit_code_says_whether_to_try_again(
    nameserver: str,
    sink: ThreadedSink,
    monkeypatch: pytest.MonkeyPatch,
    domain: str,
    code: int,
    words: str,
) -> None:
    monkeypatch.setattr("correo.net.dns.LIFETIME_S", 0.2)
    assert sent(nameserver, domain)[0] == code
    assert words in sent(nameserver, domain)[1]
    assert not sink.received


def test_each_domain_is_asked_and_one_that_fails_keeps_no_other(
    nameserver: str, sink: ThreadedSink
) -> None:
    code, output = sent(nameserver, "null.test", "first.test", "bare.test")
    assert code == 1
    assert "null MX" in output
    assert len(sink.received) == 2


class OnlyOnce(dict[str, Refusal]):
    """What is refused the first time, and taken the second."""

    def __getitem__(self, what: str) -> Refusal:
        return self.pop(what)


def test_a_host_that_says_later_is_followed_by_the_next(
    nameserver: str, sink: ThreadedSink
) -> None:
    sink.sink.refusals = OnlyOnce({"eve@twice.test": LATER})
    code, output = sent(nameserver, "twice.test", to=("bob", "eve"))
    assert code == 0, output
    assert [[address for address, _ in each.recipients] for each in sink.received] == [
        ["bob@twice.test"],
        ["eve@twice.test"],
    ]
    assert sink.sink.connections == 2


def test_two_hosts_are_asked_and_no_more(nameserver: str, sink: ThreadedSink) -> None:
    sink.sink.refusals = {"CONTENT": LATER}
    code, output = sent(nameserver, "twice.test")
    assert code == 75
    assert output.count("come back") == 1
    assert sink.sink.connections == 2
