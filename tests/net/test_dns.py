"""The resolver against a nameserver on loopback, made of a dictionary."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from correo.base.dnstypes import DnsFailure, MailExchanger, NoSuchName
from correo.net.dns import DnsResolver
from correo.testing.nameserver import Nameserver

Run = Callable[[Coroutine[Any, Any, None]], None]

ZONE: dict[tuple[str, str], list[str]] = {
    ("example.org", "MX"): ["10 MX1.example.org.", "20 mx2.example.org."],
    ("null.example", "MX"): ["0 ."],
    ("mx1.example.org", "A"): ["192.0.2.1", "192.0.2.2"],
    ("mx1.example.org", "AAAA"): ["2001:db8::1"],
    ("mx2.example.org", "A"): ["192.0.2.3"],
    ("half.example", "A"): ["192.0.2.4"],
    ("example.org", "TXT"): ['"v=spf1 " "-all"', '"other"'],
    ("1.2.0.192.in-addr.arpa", "PTR"): ["MX1.example.org."],
}
SILENT = "silent.example"
BROKEN = {("broken.example", "MX"), ("half.example", "AAAA"), ("broken.example", "A"), ("broken.example", "AAAA")}  # fmt: skip


def ask(run: Run, question: Callable[[DnsResolver, Nameserver], Coroutine[Any, Any, None]]) -> None:
    async def flow() -> None:
        transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Nameserver(ZONE, failing=BROKEN, silent={SILENT}), local_addr=("127.0.0.1", 0)
        )
        try:
            port = transport.get_extra_info("sockname")[1]
            await question(DnsResolver([("127.0.0.1", port)]), server)
        finally:
            transport.close()

    run(flow())


def test_records_of_each_kind_are_read(run: Run) -> None:
    async def questions(resolver: DnsResolver, server: Nameserver) -> None:
        exchangers = await resolver.mail_exchangers("example.org")
        assert sorted(exchangers, key=lambda each: each.preference) == [
            MailExchanger(10, "mx1.example.org"),
            MailExchanger(20, "mx2.example.org"),
        ]
        assert await resolver.mail_exchangers("null.example") == [MailExchanger(0, "")]
        assert sorted(await resolver.addresses("mx1.example.org")) == [
            "192.0.2.1",
            "192.0.2.2",
            "2001:db8::1",
        ]
        assert sorted(await resolver.texts("example.org")) == [b"other", b"v=spf1 -all"]
        assert await resolver.names("192.0.2.1") == ["mx1.example.org"]

    ask(run, questions)


def test_an_existing_name_without_records_gives_none_and_a_missing_one_an_error(run: Run) -> None:
    async def questions(resolver: DnsResolver, server: Nameserver) -> None:
        assert await resolver.mail_exchangers("mx1.example.org") == []
        with pytest.raises(NoSuchName):
            await resolver.mail_exchangers("missing.example")
        with pytest.raises(NoSuchName):
            await resolver.addresses("missing.example")

    ask(run, questions)


def test_a_silent_nameserver_is_told_in_one_short_sentence(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("correo.net.dns.LIFETIME_S", 0.2)

    async def questions(resolver: DnsResolver, server: Nameserver) -> None:
        with pytest.raises(DnsFailure, match=r"^no nameserver answered in 0\.2 s$"):
            await resolver.mail_exchangers(SILENT)
        assert server.asked

    ask(run, questions)


def test_a_broken_nameserver_is_a_failure_for_now(run: Run) -> None:
    async def questions(resolver: DnsResolver, server: Nameserver) -> None:
        with pytest.raises(DnsFailure, match=r"^no nameserver could tell \(SERVFAIL\)$"):
            await resolver.mail_exchangers("broken.example")
        with pytest.raises(DnsFailure):
            await resolver.addresses("broken.example")
        assert await resolver.addresses("half.example") == ["192.0.2.4"]

    ask(run, questions)


def test_an_answer_is_remembered(run: Run) -> None:
    async def questions(resolver: DnsResolver, server: Nameserver) -> None:
        for _ in range(3):
            await resolver.mail_exchangers("example.org")
        assert server.asked == [("example.org", "MX")]

    ask(run, questions)


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", "a." * 130 + "example"])
def test_what_is_no_name_does_not_exist(run: Run, name: str) -> None:
    async def questions(resolver: DnsResolver, server: Nameserver) -> None:
        with pytest.raises(NoSuchName):
            await resolver.mail_exchangers(name)
        assert server.asked == []

    ask(run, questions)


def test_addresses_and_localhost_are_never_asked_for(run: Run) -> None:
    async def questions(resolver: DnsResolver, server: Nameserver) -> None:
        assert await resolver.addresses("192.0.2.9") == ["192.0.2.9"]
        assert await resolver.addresses("2001:db8::9") == ["2001:db8::9"]
        assert await resolver.addresses("localhost") == ["127.0.0.1", "::1"]
        assert server.asked == []

    ask(run, questions)
