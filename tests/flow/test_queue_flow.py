"""Whole journeys through the queue, with DNS, clock, peers and mailboxes in the test's hands."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from correo.delivery.remote import RemoteLimits
from correo.delivery.runner import RunnerLimits
from correo.delivery.verdict import Verdict
from correo.queue.routes import NextHop, Routes, Smarthost
from correo.queue.schedule import DAY, HOUR, Schedule
from correo.store.directory import AddressKey, AliasEntry
from correo.store.queue import QueuedRecipient, RecipientState
from correo.testing.peers import Answer
from correo.testing.queue_world import QueueWorld

Body = Callable[[QueueWorld], Awaitable[None]]
GREYLISTED = Answer("450 4.2.0 come back later")


def run(body: Body, world: Callable[[], QueueWorld] = QueueWorld) -> None:
    async def whole() -> None:
        async with world() as inside:
            await body(inside)

    asyncio.run(whole())


async def left(world: QueueWorld) -> int:
    return (await world.store.counts()).messages


def test_a_message_goes_to_the_mx_and_the_queue_is_empty_again() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        message = await world.send("zoe@b.test")
        await world.clock.advance(0)
        [delivery] = world.peers.host("192.0.2.1").received
        assert delivery.recipients == ("zoe@b.test",)
        assert delivery.content == message.content
        assert await left(world) == 0
        assert world.homes.came == []

    run(body)


def test_a_host_that_is_down_for_a_day_gets_the_message_when_it_is_back() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.refuses = "down"
        await world.send("zoe@b.test")
        await world.clock.advance(1 * DAY)
        assert await left(world) == 1
        assert [text for text in world.homes.texts() if "Delayed" in text]
        peer.refuses = ""
        await world.clock.advance(7 * HOUR)
        assert len(peer.received) == 1
        assert await left(world) == 0

    run(body)


def test_five_days_of_failure_end_in_one_notice_of_delay_and_one_bounce() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.answers = [GREYLISTED]
        await world.send("zoe@b.test")
        await world.clock.advance(5 * HOUR)
        assert len(world.homes.texts()) == 1
        await world.clock.advance(6 * DAY)
        delay, bounce = world.homes.texts()
        assert "Action: delayed" in delay
        assert "Will-Retry-Until: Tue, 6 Jan 2026 00:00:00 +0000" in delay
        assert "Action: failed" in bounce
        assert "Status: 4.4.7" in bounce
        assert "Diagnostic-Code: smtp; 450 4.2.0 come back later" in bounce
        assert 25 <= peer.attempts <= 35
        assert await left(world) == 0

    run(body)


def test_a_refusal_bounces_at_once_with_the_peer_s_words_and_the_message() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        world.peers.host("192.0.2.1").answers = [Answer("550 5.1.1 <zoe@b.test> no such user")]
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        [bounce] = world.homes.texts()
        assert "To: <ana@correo.test>" in bounce
        assert "Final-Recipient: rfc822; zoe@b.test" in bounce
        assert "Remote-MTA: dns; mx.b.test" in bounce
        assert "Diagnostic-Code: smtp; 550 5.1.1 <zoe@b.test> no such user" in bounce
        assert "Subject: hello" in bounce
        [(_, report)] = world.homes.came
        assert report.reverse_path == ""
        assert await left(world) == 0

    run(body)


def test_nobody_is_told_of_a_bounce_that_cannot_be_delivered() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        world.peers.host("192.0.2.1").answers = [Answer("550 5.1.1 no such user")]
        await world.send("zoe@b.test", sender="")
        await world.clock.advance(0)
        assert world.homes.came == []
        assert await left(world) == 0

    run(body)


def test_each_recipient_has_an_end_of_its_own_in_one_report() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        world.host("c.test", "192.0.2.2")
        world.peers.host("192.0.2.1").answers = [
            Answer(recipients={"bad@b.test": "550 5.1.1 no", "slow@b.test": "450 4.2.1 later"}),
            Answer(),
        ]
        await world.send("good@b.test", "bad@b.test", "slow@b.test", "worse@c.test", "x@none.test")
        world.peers.host("192.0.2.2").answers = [Answer("554 5.7.1 go away")]
        await world.clock.advance(0)
        [bounce] = world.homes.texts()
        for failed in ("bad@b.test", "worse@c.test", "x@none.test"):
            assert f"Final-Recipient: rfc822; {failed}" in bounce
        assert "good@b.test" not in bounce
        assert "slow@b.test" not in bounce.split("message/delivery-status")[1].split("--")[0]
        [waiting] = await world.store.messages()
        assert waiting.waiting == [2]
        await world.clock.advance(2 * HOUR)
        first, second = world.peers.host("192.0.2.1").received
        assert (first.recipients, second.recipients) == (("good@b.test",), ("slow@b.test",))
        assert len(world.homes.texts()) == 1
        assert await left(world) == 0

    run(body)


NOTIFY = [
    # id                  notify               reply            reports     news
    ("nothing asked, ok", "", "250 2.0.0 ok", False, []),
    ("success, peer reports", "SUCCESS", "250 2.0.0 ok", True, []),
    ("success, peer does not", "SUCCESS", "250 2.0.0 ok", False, ["relayed"]),
    ("success, but failed", "SUCCESS", "550 5.1.1 no", False, []),
    ("failure", "FAILURE", "550 5.1.1 no", False, ["failed"]),
    ("never, and failed", "NEVER", "550 5.1.1 no", False, []),
    ("delay only, and failed", "DELAY", "550 5.1.1 no", False, []),
    ("delay", "DELAY", "450 4.2.0 later", False, ["delayed"]),
    ("no delay wanted", "FAILURE", "450 4.2.0 later", False, ["failed"]),
    ("both", "DELAY FAILURE", "450 4.2.0 later", False, ["delayed", "failed"]),
]


@pytest.mark.parametrize(
    ("notify", "reply", "reports", "news"),
    [pytest.param(n, r, p, w, id=i) for i, n, r, p, w in NOTIFY],
)
def test_senders_are_told_what_they_asked_for(
    notify: str, reply: str, reports: bool, news: list[str]
) -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.answers, peer.reports = [Answer(reply)], reports
        recipient = QueuedRecipient(
            "zoe@b.test", frozenset(notify.split()), orcpt="rfc822;Zoe@B.test"
        )
        await world.send(recipient, envid="QQ314", ret="HDRS")
        await world.clock.advance(6 * DAY)
        texts = world.homes.texts()
        assert [text.split("Action: ")[1].split()[0] for text in texts] == news
        for text in texts:
            assert "Original-Recipient: rfc822; Zoe@B.test" in text
            assert "Original-Envelope-Id: QQ314" in text
            assert "Hello." not in text
        assert await left(world) == 0

    run(body)


def test_a_local_recipient_that_asked_for_it_hears_delivered() -> None:
    async def body(world: QueueWorld) -> None:
        await world.add_account("bob@correo.test")
        await world.send(QueuedRecipient("bob@correo.test", frozenset({"SUCCESS"})))
        await world.clock.advance(0)
        assert len(world.homes.texts("bob@correo.test")) == 1
        [report] = world.homes.texts()
        assert "Action: delivered" in report

    run(body)


def test_a_full_mailbox_is_tried_again_and_reported_in_the_end() -> None:
    async def body(world: QueueWorld) -> None:
        await world.add_account("bob@correo.test")
        world.host("a.test")
        world.homes.answer = Verdict(RecipientState.WAITING, "4.2.2", "the mailbox is full")
        await world.send("bob@correo.test", sender="eve@a.test")
        await world.clock.advance(6 * DAY)
        delay, bounce = (str(each.content) for each in world.peers.host("192.0.2.1").received)
        assert "the mailbox is full (4.2.2)" in delay
        assert "Status: 4.4.7" in bounce

    run(body)


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
        assert await left(world) == 0

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
        assert await left(world) == 0

    run(body)


def test_an_mx_less_preferred_than_ourselves_is_not_used() -> None:
    async def body(world: QueueWorld) -> None:
        world.dns.mx["b.test"] = [(5, "a.b.test"), (10, "mail.correo.test"), (20, "z.b.test")]
        world.dns.table |= {"a.b.test": ["192.0.2.1"], "z.b.test": ["192.0.2.9"]}
        world.peers.host("192.0.2.9")
        await world.send("zoe@b.test")
        await world.clock.advance(1 * HOUR)
        assert world.peers.host("192.0.2.9").attempts == 0
        assert await left(world) == 1

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
        assert await left(world) == 0

    run(body, lambda: QueueWorld(limits=RemoteLimits(idle_s=5)))


def test_recipients_of_one_destination_share_a_transaction_up_to_the_limit() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        await world.send(*(f"u{n}@b.test" for n in range(250)))
        await world.clock.advance(0)
        sizes = sorted(len(each.recipients) for each in world.peers.host("192.0.2.1").received)
        assert sizes == [50, 100, 100]
        assert await left(world) == 0

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
        assert await left(world) == 0

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
        assert await left(world) == 0

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


def test_an_alias_in_the_queue_is_expanded_with_the_sender_kept() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        await world.accounts.set_alias(
            AddressKey("all@correo.test"),
            "correo.test",
            AliasEntry("all@correo.test", ("ana@correo.test", "zoe@b.test")),
        )
        await world.send(QueuedRecipient("all@correo.test", frozenset({"SUCCESS"})))
        await world.clock.advance(0)
        [delivery] = world.peers.host("192.0.2.1").received
        assert delivery.reverse_path == "ana@correo.test"
        message, report = world.homes.texts()
        assert message.startswith("From: ana@correo.test")
        assert "Action: expanded" in report
        assert await left(world) == 0

    run(body)


def test_a_user_who_is_gone_bounces() -> None:
    async def body(world: QueueWorld) -> None:
        await world.send("nobody@correo.test")
        await world.clock.advance(0)
        assert "Status: 5.1.1" in world.homes.texts()[0]

    run(body)


def test_of_a_large_message_the_header_comes_back() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        world.peers.host("192.0.2.1").answers = [Answer("552 5.3.4 too big")]
        content = b"Subject: large\r\n\r\n" + b"x" * 100_000
        await world.send("zoe@b.test", content=await world.blobs.put(content))
        await world.clock.advance(0)
        [bounce] = world.homes.texts()
        assert "Subject: large" in bounce
        assert "xxx" not in bounce
        assert "text/rfc822-headers" in bounce

    run(body)


def test_utf_8_addresses_get_a_report_of_the_international_kind() -> None:
    async def body(world: QueueWorld) -> None:
        await world.add_account("josé@correo.test")
        world.host("b.test")
        world.peers.host("192.0.2.1").answers = [Answer("553 5.6.7 no SMTPUTF8 here")]
        await world.send("zoë@b.test", sender="josé@correo.test", smtputf8=True)
        await world.clock.advance(0)
        [bounce] = world.homes.texts("josé@correo.test")
        assert "message/global-delivery-status" in bounce
        assert "Final-Recipient: utf-8; zoë@b.test" in bounce
        [(_, report)] = world.homes.came
        assert report.smtputf8

    run(body)


def test_a_crash_sends_again_at_most_what_was_on_its_way() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        world.host("c.test", "192.0.2.2")
        b, c = world.peers.host("192.0.2.1"), world.peers.host("192.0.2.2")
        c.gate = asyncio.Event()
        await world.send("zoe@b.test", "zoe@c.test")
        await world.clock.advance(0)
        assert len(b.received) == 1
        world.kill()
        await asyncio.sleep(0)
        c.gate = None
        world.start()
        await world.clock.advance(0)
        assert len(b.received) == 1
        assert len(c.received) == 1
        assert await left(world) == 0

    run(body)


def test_an_orderly_end_gives_back_what_is_not_finished() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.gate = asyncio.Event()
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        await world.stop()
        assert (await world.store.counts()).active == 0
        peer.gate = None
        world.start()
        await world.clock.advance(0)
        assert len(peer.received) == 1

    run(body)


def test_an_orderly_end_lets_peers_answer_for_what_they_are_being_sent() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.gate = asyncio.Event()
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        world.task.cancel()
        closing = asyncio.create_task(world.runner.close(5))
        await world.clock.advance(0)
        peer.gate.set()
        await closing
        assert len(peer.received) == 1
        assert await left(world) == 0

    run(body)


def test_a_mistake_of_ours_keeps_the_message_for_later() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.answers = [Answer(error=ZeroDivisionError()), Answer()]
        await world.send("zoe@b.test")
        await world.clock.advance(0)
        [waiting] = await world.store.messages()
        assert waiting.recipients[0].status == "4.3.0"
        await world.clock.advance(2 * HOUR)
        assert len(peer.received) == 1
        assert await left(world) == 0

    run(body)


def test_a_held_message_waits_and_goes_when_released() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.refuses = "down"
        message = await world.send("zoe@b.test")
        await world.clock.advance(0)
        await world.store.hold([message.id], held=True)
        peer.refuses = ""
        await world.clock.advance(1 * DAY)
        assert peer.received == []
        await world.store.hold([message.id], held=False)
        world.room.wake()
        await world.clock.advance(0)
        assert len(peer.received) == 1

    run(body)


def test_a_retry_by_hand_goes_out_at_once() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.refuses = "down"
        await world.send("zoe@b.test")
        await world.clock.advance(3 * HOUR)
        peer.refuses = ""
        await world.store.retry(None, world.clock.now())
        world.room.wake()
        await world.clock.advance(0)
        assert len(peer.received) == 1

    run(body)


def test_more_than_there_is_room_for_waits_in_the_store_and_follows() -> None:
    async def body(world: QueueWorld) -> None:
        peer = world.host("b.test")
        peer.gate = asyncio.Event()
        await asyncio.gather(*(world.send(f"u{n}@b.test") for n in range(50)))
        await world.clock.advance(0)
        assert 5 <= world.runner.active <= 50
        peer.gate.set()
        for _ in range(50):
            await world.clock.advance(0)
        assert len(peer.received) == 50
        assert await left(world) == 0
        assert world.runner.active == 0

    run(body, lambda: QueueWorld(runner_limits=RunnerLimits(messages=5, record_delay_s=0)))


def test_an_idle_runner_sleeps_without_a_timer() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        await world.send("zoe@b.test")
        await world.clock.advance(1)
        assert world.clock.next_waking is None
        assert len(asyncio.all_tasks()) == 2  # this test and the runner

    run(body)


def test_a_full_disk_is_waited_for_and_nothing_is_sent_twice() -> None:
    async def body(world: QueueWorld) -> None:
        from correo.base.errors import StorageFull

        world.host("b.test")
        record = world.store.record
        failures = 3

        async def full(steps: object) -> None:
            nonlocal failures
            if failures:
                failures -= 1
                raise StorageFull
            await record(steps)  # type: ignore[arg-type]  # whatever the runner gave

        world.store.record = full  # type: ignore[method-assign]  # the disk of this test
        await world.send("zoe@b.test")
        await world.clock.advance(60)
        assert len(world.peers.host("192.0.2.1").received) == 1
        assert await left(world) == 0

    run(body)


def test_patience_is_settable() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test").refuses = "down"
        await world.send("zoe@b.test")
        await world.clock.advance(61)
        assert "Action: failed" in world.homes.texts()[0]

    run(body, lambda: QueueWorld(schedule=Schedule(first_s=5, lifetime_s=60, delay_notice_s=0)))
