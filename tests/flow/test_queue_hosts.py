"""Which hosts a message goes to, over how many connections, and what is tried when one fails."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from correo.delivery.job import RemoteLimits
from correo.queue.routes import NextHop, Routes, Smarthost
from correo.queue.schedule import HOUR
from correo.testing.peers import Answer, PeerTls
from correo.testing.queue_world import QueueWorld, run

Body = Callable[[QueueWorld], Awaitable[None]]

GREYLISTED = Answer("450 4.2.0 come back later")


def test_the_best_mx_is_tried_first_and_the_next_one_when_it_fails() -> None:
    async def body(world: QueueWorld) -> None:
        world.dns.mx["b.test"] = [(20, "second.b.test"), (10, "first.b.test"), (30, "third.b.test")]
        for number, name in enumerate(("first", "second", "third")):
            world.dns.table[f"{name}.b.test"] = [f"192.0.2.{number}", f"2001:db8::{number}"]
        first, second = world.peers.host("192.0.2.0"), world.peers.host("192.0.2.1")
        world.peers.host("2001:db8::0").refuses = "421 4.3.2 busy"
        first.refuses = "down"
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        assert len(second.received) == 1
        assert ("A", "third.b.test") not in world.dns.asked
        first.refuses, first.answers = "", [GREYLISTED]
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        assert first.attempts == 1
        assert world.peers.host("2001:db8::0").received == []
        assert await world.left() == 0

    run(body)


DNS_CASES = [
    # id                     mx                    addresses              status
    ("no such domain", None, {}, "5.1.2"),
    ("null MX", [(0, "")], {}, "5.1.10"),
    ("MX host without address", [(10, "mx.b.test")], {"mx.b.test": []}, "5.4.4"),
    ("MX host that is not there", [(10, "mx.b.test")], {}, "5.4.4"),
    ("only ourselves", [(10, "mail.correo.test"), (20, "x.b.test")], {"x.b.test": ["1.1.1.1"]},
     "5.4.6"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("mx", "addresses", "status"), [pytest.param(m, a, s, id=i) for i, m, a, s in DNS_CASES]
)
def test_a_domain_that_takes_no_mail_bounces_at_once(
    mx: list[tuple[int, str]] | None, addresses: dict[str, list[str]], status: str
) -> None:
    async def body(world: QueueWorld) -> None:
        if mx is not None:
            world.dns.mx["b.test"] = mx
        world.dns.table |= addresses
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        [bounce] = world.homes.texts()
        assert f"Status: {status}\r\n" in bounce

    run(body)


def test_a_domain_without_mx_is_served_at_its_own_address() -> None:
    async def body(world: QueueWorld) -> None:
        world.dns.table["b.test"] = ["192.0.2.1"]
        world.peers.host("192.0.2.1")
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        assert len(world.peers.host("192.0.2.1").received) == 1

    run(body)


def test_an_address_literal_needs_no_dns() -> None:
    async def body(world: QueueWorld) -> None:
        world.peers.host("192.0.2.1")
        world.peers.host("2001:db8::1")
        await world.send("zoe@[192.0.2.1]", "zoe@[IPv6:2001:db8::1]")
        await world.clock.advance(0)
        assert len(world.peers.host("192.0.2.1").received) == 1
        assert len(world.peers.host("2001:db8::1").received) == 1
        assert world.dns.asked == []

    run(body)


def test_dns_that_fails_for_now_is_asked_again_later() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        world.dns.fail("b.test")
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        [waiting] = await world.store.messages()
        assert waiting.recipients[0].status == "4.4.3"
        world.dns.fail("b.test", failing=False)
        world.peers.host("192.0.2.1")
        await world.clock.advance(2 * HOUR)
        assert await world.left() == 0

    run(body)


def test_an_mx_less_preferred_than_ourselves_is_not_used() -> None:
    async def body(world: QueueWorld) -> None:
        world.dns.mx["b.test"] = [(5, "a.b.test"), (10, "mail.correo.test"), (20, "z.b.test")]
        world.dns.table |= {"a.b.test": ["192.0.2.1"], "z.b.test": ["192.0.2.9"]}
        world.peers.host("192.0.2.9")
        await world.send("zoe@b.test")
        await world.clock.advance(1 * HOUR)
        assert world.peers.host("192.0.2.9").attempts == 0
        assert await world.left() == 1

    run(body)


def test_many_messages_share_a_few_connections() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        await asyncio.gather(*(world.send(f"u{n}@b.test") for n in range(200)))
        await world.clock.advance(0)
        for _ in range(20):
            await world.clock.advance(0)
        assert len(peer.received) == 200
        assert peer.connections <= 10
        assert await world.left() == 0

    run(body, lambda: QueueWorld(limits=RemoteLimits(idle_s=5)))


def test_recipients_of_one_destination_share_a_transaction_up_to_the_limit() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        await world.send(*(f"u{n}@b.test" for n in range(250)))
        await world.clock.advance(0)
        sizes = sorted(len(each.recipients) for each in world.peers.host("192.0.2.1").received)
        assert sizes == [50, 100, 100]
        assert await world.left() == 0

    run(body)


def test_a_peer_that_takes_few_connections_gets_all_messages_over_those() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.most_connections = 2
        await asyncio.gather(*(world.send(f"u{n}@b.test") for n in range(30)))
        for _ in range(20):
            await world.clock.advance(0)
        assert len(peer.received) == 30
        assert peer.connections == 2

    run(body, lambda: QueueWorld(limits=RemoteLimits(idle_s=5)))


def test_all_lanes_together_keep_to_the_limit_of_connections() -> None:
    async def body(world: QueueWorld) -> None:
        gate = asyncio.Event()
        for number in range(20):
            world.host(f"d{number}.test", f"192.0.2.{number}")
            world.peers.host(f"192.0.2.{number}").gate = gate
        await world.send(*(f"u@d{number}.test" for number in range(20)))
        await world.clock.advance(0)
        hosts = [world.peers.host(f"192.0.2.{number}") for number in range(20)]
        assert sum(host.open_connections for host in hosts) == 3
        gate.set()
        for _ in range(20):
            await world.clock.advance(0)
        assert sum(len(host.received) for host in hosts) == 20
        assert await world.left() == 0

    run(body, lambda: QueueWorld(limits=RemoteLimits(connections=3, idle_s=0)))


def test_a_connection_that_breaks_is_replaced_and_the_message_sent_again() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.answers = [Answer(), Answer(loses=True), Answer()]
        await world.send("a@b.test")
        await world.clock.advance(0)
        await world.send("b@b.test")
        await world.clock.advance(0)
        assert [each.recipients[0] for each in peer.received] == ["a@b.test", "b@b.test"]
        assert peer.connections == 2
        assert await world.left() == 0

    run(body, lambda: QueueWorld(limits=RemoteLimits(idle_s=5)))


def test_a_host_that_always_breaks_is_left_for_later() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.answers = [Answer(loses=True)]
        await world.send("a@b.test")
        await world.clock.advance(0)
        [waiting] = await world.store.messages()
        assert waiting.recipients[0].status == "4.4.2"
        assert peer.attempts == 1

    run(body)


def test_a_static_route_needs_no_dns_and_a_smarthost_takes_the_rest() -> None:
    smarthost = Smarthost(NextHop("192.0.2.8", 587), "me", "secret")
    routes = Routes({"b.test": NextHop("192.0.2.7", 2525)}, smarthost)

    async def body(world: QueueWorld) -> None:
        seven, eight = world.peers.host("192.0.2.7"), world.peers.host("192.0.2.8")
        eight.tls = PeerTls.GOOD  # or there would be no login
        await world.send("zoe@b.test", "zoe@c.test", "zoe@d.test")
        await world.clock.advance(0)
        assert [each.recipients for each in seven.received] == [("zoe@b.test",)]
        assert [each.recipients for each in eight.received] == [("zoe@c.test", "zoe@d.test")]
        assert world.peers.smarthosts == [smarthost]
        assert world.dns.asked == []

    run(body, lambda: QueueWorld(routes=routes))


def test_with_a_catcher_nothing_leaves_the_machine() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        assert world.peers.host("192.0.2.1").attempts == 0
        assert len(world.homes.texts()) == 1

    run(body, lambda: QueueWorld(routes=Routes(catcher="ana@correo.test")))
