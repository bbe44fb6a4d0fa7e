"""A nameserver on loopback, made of a dictionary: for what asks DNS over the wire.

    ZONE = {("b.test", "MX"): ["10 mx.b.test."], ("mx.b.test", "A"): ["127.0.0.1"]}
    with running_nameserver(ZONE, failing={("c.test", "MX")}) as server: ...  # HOST:PORT

A name that has no record of any kind does not exist. CNAMEs are followed as a resolver does.
"""

import asyncio
import socketserver
import threading
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import cast

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

__all__ = ["Nameserver", "Zone", "running_nameserver"]

Zone = Mapping[tuple[str, str], Sequence[str]]
Question = tuple[str, str]  # name and kind

TTL_S = 60
LONGEST_CHAIN = 8  # of CNAMEs


class Nameserver(asyncio.DatagramProtocol):
    """Answers from the zone; remembers the questions.

    Args:
        failing: questions that get SERVFAIL. silent: names that get no answer at all.
    """

    def __init__(
        self, zone: Zone, *, failing: Collection[Question] = (), silent: Collection[str] = ()
    ) -> None:
        self.asked: list[Question] = []
        self._zone = zone
        self._failing = failing
        self._silent = silent

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        answer = self.answer(data)
        if answer:
            self._transport.sendto(answer, addr)

    def answer(self, query: bytes) -> bytes:
        """The answer on the wire, b"" for none."""
        asked = dns.message.from_wire(query)
        question = asked.question[0]
        name, kind = plain(question.name), dns.rdatatype.to_text(question.rdtype)
        self.asked.append((name, kind))
        if name in self._silent:
            return b""
        answer = dns.message.make_response(asked)
        answer.flags |= dns.flags.RA
        if (name, kind) in self._failing:
            answer.set_rcode(dns.rcode.SERVFAIL)
            return answer.to_wire()
        for _ in range(LONGEST_CHAIN):
            link = self._zone.get((name, "CNAME"))
            if link is None:
                break
            answer.answer.append(dns.rrset.from_text(f"{name}.", TTL_S, "IN", "CNAME", *link))
            name = plain(link[0])
        if (name, kind) in self._zone:
            records = self._zone[name, kind]
            answer.answer.append(dns.rrset.from_text(f"{name}.", TTL_S, "IN", kind, *records))
        elif not any(known == name for known, _ in self._zone):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        return answer.to_wire()


@contextmanager
def running_nameserver(
    zone: Zone, *, failing: Collection[Question] = (), silent: Collection[str] = ()
) -> Iterator[str]:
    """A nameserver in a thread of its own; gives HOST:PORT."""
    nameserver = Nameserver(zone, failing=failing, silent=silent)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            query, listening = self.request
            answer = nameserver.answer(query)
            if answer:
                listening.sendto(answer, self.client_address)

    with socketserver.UDPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


def plain(name: object) -> str:
    return str(name).lower().removesuffix(".")
