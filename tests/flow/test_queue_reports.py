"""What senders are told: failure, delay and success, with DNS, clock and peers in the test's hands."""

from collections.abc import Awaitable, Callable

import pytest

from correo.delivery.verdict import Verdict
from correo.queue.schedule import DAY, HOUR
from correo.store.queue import QueuedRecipient, RecipientState
from correo.testing.peers import Answer
from correo.testing.queue_world import QueueWorld, run

Body = Callable[[QueueWorld], Awaitable[None]]

GREYLISTED = Answer("450 4.2.0 come back later")


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
        assert await world.left() == 0

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
        assert await world.left() == 0

    run(body)


def test_nobody_is_told_of_a_bounce_that_cannot_be_delivered() -> None:
    async def body(world: QueueWorld) -> None:
        world.host("b.test")
        world.peers.host("192.0.2.1").answers = [Answer("550 5.1.1 no such user")]
        await world.send("zoe@b.test", sender="")
        await world.clock.advance(0)
        assert world.homes.came == []
        assert await world.left() == 0

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
        assert await world.left() == 0

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
        assert await world.left() == 0

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
