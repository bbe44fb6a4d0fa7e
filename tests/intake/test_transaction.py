"""What comes in at the door: who may send, to whom, and what the message then looks like."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from ipaddress import ip_network
from typing import Any

import pytest

from correo.base.errors import OverQuota, Refusal, StorageFull
from correo.intake.api import MailParameters, PeerInfo, RecipientParameters, Role
from correo.intake.rates import Rate
from correo.mailbox.append import Prepared
from correo.queue.routes import NextHop, Routes
from correo.store.directory import Account, Domain
from correo.store.model import AccountId, Quota, StoredBlob
from correo.store.queue import QueuedRecipient, RecipientState
from correo.testing.mail_house import STRANGER, MailHouse
from correo.trace.journey import Journal
from correo.trace.record import Record

CONTENT = b"From: Zoe <zoe@remote.test>\r\nSubject: hello\r\n\r\nHello.\r\n"
Body = Callable[[MailHouse], Awaitable[None]]
ANA = "ana@correo.test"


def run(body: Body, house: Callable[[], MailHouse] = MailHouse) -> None:
    async def whole() -> None:
        async with house() as inside:
            await body(inside)

    asyncio.run(whole())


async def refusal(work: Awaitable[object]) -> str:
    with pytest.raises(Refusal) as caught:
        await work
    return f"{caught.value.reply or ''} {caught.value.status}".strip()


# what is stored


@pytest.mark.parametrize("step", [1, 3, 7, 1000])
def test_a_delivered_message_has_return_path_and_received_in_front_and_is_else_unchanged(
    step: int,
) -> None:
    async def body(house: MailHouse) -> None:
        assert await house.bring(house.connect(), CONTENT, step=step) == "M1"
        assert await house.inbox() == [
            b"Return-Path: <zoe@remote.test>\r\n"
            b"Received: from client.test ([192.0.2.55])\r\n"
            b"\tby mail.correo.test with ESMTP id M1\r\n"
            b"\tfor <ana@correo.test>; Thu, 1 Jan 2026 00:00:00 +0000\r\n" + CONTENT
        ]
        assert await house.queued() == []

    run(body)


def test_several_recipients_are_not_named_in_received() -> None:
    async def body(house: MailHouse) -> None:
        await house.bring(house.connect(), CONTENT, ANA, "bob@correo.test", sender="")
        [at_ana], [at_bob] = await house.inbox(), await house.inbox("bob@correo.test")
        assert at_ana == at_bob
        assert at_ana.startswith(b"Return-Path: <>\r\nReceived: ")
        assert b"for <" not in at_ana
        assert b"id M1; Thu, 1 Jan 2026" in at_ana

    run(body)


def test_a_large_message_is_stored_whole() -> None:
    async def body(house: MailHouse) -> None:
        content = CONTENT + b"x" * 78 + b"\r\n" + b"0123456789abcde\r\n" * 20_000
        await house.bring(house.connect(), content, step=10_000)
        [octets] = await house.inbox()
        assert octets.endswith(content)

    run(body)


@pytest.mark.parametrize(
    "content", [b"", b"\r\n", b"no header\r\n", b"\r\nbody only\r\n", b"A: b\r\n", b"x" * 300_000]
)
def test_any_content_is_kept_byte_for_byte(content: bytes) -> None:
    async def body(house: MailHouse) -> None:
        await house.bring(house.connect(), content, step=50_000)
        [octets] = await house.inbox()
        assert octets.endswith(b"+0000\r\n" + content)

    run(body)


@pytest.mark.parametrize("large", [False, True])
def test_a_relayed_message_has_received_but_no_return_path(large: bool) -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect(Role.SUBMISSION, login=ANA)
        content = b"From: ana@correo.test\r\nDate: x\r\nMessage-ID: <a@b>\r\n\r\n"
        content += b"x\r\n" * (100_000 if large else 1)
        await house.bring(session, content, "zoe@b.test", ANA, sender=ANA)
        [message] = await house.queued()
        octets = message.content
        if isinstance(octets, StoredBlob):
            octets = await house.store.blobs.read_all(octets)
        assert octets.startswith(b"Received: from client.test")
        assert [each.address for each in message.recipients] == ["zoe@b.test"]
        [home] = await house.inbox()
        assert home == b"Return-Path: <ana@correo.test>\r\n" + octets

    run(body)


# who is here


RECIPIENTS = [
    # id            forward-path               gets it
    ("plain", "ana@correo.test", [ANA]),
    ("other case", "ANA@Correo.TEST", [ANA]),
    ("quoted", '"ana"@correo.test', [ANA]),
    ("subaddress", "ana+lists@correo.test", [ANA]),
    ("alias", "team@correo.test", [ANA, "bob@correo.test"]),
    ("postmaster", "postmaster", [ANA]),
]


@pytest.mark.parametrize(("path", "accounts"), [pytest.param(p, a, id=i) for i, p, a in RECIPIENTS])
def test_a_recipient_is_found(path: str, accounts: list[str]) -> None:
    async def body(house: MailHouse) -> None:
        await house.add_alias("team@correo.test", ANA, "bob@correo.test")
        await house.bring(house.connect(), CONTENT, path)
        for address in (ANA, "bob@correo.test"):
            assert len(await house.inbox(address)) == int(address in accounts)

    run(body)


def test_a_mailbox_named_twice_gets_one_message() -> None:
    async def body(house: MailHouse) -> None:
        await house.add_alias("team@correo.test", ANA)
        await house.bring(house.connect(), CONTENT, ANA, "ana+x@correo.test", "team@correo.test")
        assert len(await house.inbox()) == 1

    run(body)


def test_unknown_users_and_strange_domains_are_refused_and_the_rest_goes_on() -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect()
        await session.mail("zoe@remote.test", MailParameters())
        nothing = RecipientParameters()
        assert await refusal(session.recipient("nobody@correo.test", nothing)) == "550 5.1.1"
        assert (await refusal(session.recipient("x@elsewhere.test", nothing))).endswith("5.7.1")
        assert await refusal(session.recipient("x", nothing)) == "5.1.3"
        await session.recipient(ANA, nothing)
        receiver = await session.receive()
        receiver.write(CONTENT)
        await session.finish(receiver)
        assert len(await house.inbox()) == 1

    run(body)


def test_a_catch_all_takes_what_nobody_is() -> None:
    async def body(house: MailHouse) -> None:
        await house.directory_store.change_domain(Domain("correo.test", catch_all=ANA))
        await house.bring(house.connect(), CONTENT, "whoever@correo.test")
        assert len(await house.inbox()) == 1

    run(body)


def test_an_alias_may_lead_out_for_anybody() -> None:
    async def body(house: MailHouse) -> None:
        await house.add_alias("both@correo.test", ANA, "zoe@b.test")
        await house.bring(house.connect(), CONTENT, "both@correo.test")
        [message] = await house.queued()
        assert [each.address for each in message.recipients] == [ANA, "zoe@b.test"]
        assert message.recipients[1].orcpt == "rfc822;both@correo.test"
        assert message.reverse_path == "zoe@remote.test"

    run(body)


def test_an_alias_of_several_that_asks_for_success_is_reported_as_expanded() -> None:
    async def body(house: MailHouse) -> None:
        await house.add_alias("team@correo.test", ANA, "bob@correo.test")
        asked = RecipientParameters(frozenset({"SUCCESS", "FAILURE"}), "rfc822;Team@x")
        await house.bring(house.connect(), CONTENT, "team@correo.test", recipient_parameters=asked)
        [message] = await house.queued()
        failure, orcpt = frozenset({"FAILURE"}), "rfc822;Team@x"
        assert message.recipients == [
            QueuedRecipient(ANA, failure, orcpt),
            QueuedRecipient("bob@correo.test", failure, orcpt),
            QueuedRecipient(
                "team@correo.test", asked.notify, orcpt, RecipientState.EXPANDED, "2.0.0"
            ),
        ]

    run(body)


def test_a_local_recipient_that_asks_for_success_goes_by_the_queue() -> None:
    async def body(house: MailHouse) -> None:
        asked = RecipientParameters(frozenset({"SUCCESS"}))
        await house.bring(house.connect(), CONTENT, ANA, recipient_parameters=asked)
        assert await house.inbox() == []
        [message] = await house.queued()
        assert message.recipients[0].notify == {"SUCCESS"}
        assert isinstance(message.content, bytes)
        assert message.content.startswith(b"Received: ")

    run(body)


def test_envelope_parameters_travel_with_the_message() -> None:
    async def body(house: MailHouse) -> None:
        parameters = MailParameters(
            body="8BITMIME", smtputf8=True, ret="HDRS", envid="QQ", size=100
        )
        session = house.connect(Role.SUBMISSION, login=ANA)
        content = b"From: ana@correo.test\r\n\r\n\xc3\xb1\r\n"
        await house.bring(session, content, "zoë@b.test", sender=ANA, parameters=parameters)
        [message] = await house.queued()
        assert (message.body, message.smtputf8) == ("8BITMIME", True)
        assert (message.ret, message.envid) == ("HDRS", "QQ")

    run(body)


# who may send


MAY_RELAY = [
    # id                         role              login  address       settings  allowed
    ("a stranger", Role.MX, None, "192.0.2.55", {}, False),
    ("a stranger from here", Role.MX, None, "127.0.0.1", {"lets_loopback_submit": True}, False),
    ("logged in on 25", Role.MX, ANA, "192.0.2.55", {}, True),
    ("logged in", Role.SUBMISSION, ANA, "192.0.2.55", {}, True),
    ("loopback, dev", Role.SUBMISSION, None, "127.0.0.1", {"lets_loopback_submit": True}, True),
    ("loopback v6, dev", Role.SUBMISSION, None, "::1", {"lets_loopback_submit": True}, True),
    ("LMTP", Role.LMTP, None, "/run/lmtp", {"lets_loopback_submit": True}, False),
    ("trusted network", Role.MX, None, "192.0.2.55",
     {"relay_networks": (ip_network("192.0.2.0/24"), ip_network("::/0"))}, True),
    ("other network", Role.MX, None, "198.51.100.1",
     {"relay_networks": (ip_network("192.0.2.0/24"),)}, False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("role", "login", "address", "settings", "allowed"),
    [pytest.param(*case[1:], id=case[0]) for case in MAY_RELAY],
)
def test_nobody_relays_without_a_reason(
    role: Role, login: str | None, address: str, settings: dict[str, Any], allowed: bool
) -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect(role, login=login, address=address)
        await session.mail(ANA if login else "x@y.test", MailParameters())
        work = session.recipient("zoe@b.test", RecipientParameters())
        if allowed:
            await work
        else:
            assert await refusal(work) == "5.7.1"

    run(body, lambda: MailHouse(**settings))


@pytest.mark.parametrize("address", ["192.0.2.55", "127.0.0.1"])
def test_submission_demands_a_login(address: str) -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect(Role.SUBMISSION, address=address)
        assert await refusal(session.mail(ANA, MailParameters())) == "530 5.7.0"

    run(body)


SENDERS = [
    # id                 MAIL FROM            From                           refused
    ("own", ANA, b"Ana <ana@correo.test>", None),
    ("own subaddress", "ana+x@correo.test", b"<ANA+y@correo.test>", None),
    ("own alias", "team@correo.test", b"team@correo.test", None),
    ("null path", "", b"ana@correo.test", None),
    ("somebody else's path", "bob@correo.test", b"ana@correo.test", "553 5.7.1"),
    ("elsewhere's path", "zoe@b.test", b"ana@correo.test", "553 5.7.1"),
    ("somebody else's From", ANA, b"bob@correo.test", "550 5.7.1"),
    ("one of two", ANA, b"ana@correo.test, bob@correo.test", "550 5.7.1"),
    ("encoded name", ANA, b"=?utf-8?q?bob=40correo=2Etest?= <ana@correo.test>", None),
    ("no address", ANA, b"Ana", "550 5.6.0"),
]


@pytest.mark.parametrize(
    ("sender", "author", "refused"), [pytest.param(s, a, r, id=i) for i, s, a, r in SENDERS]
)
def test_senders_use_their_own_addresses(sender: str, author: bytes, refused: str | None) -> None:
    async def body(house: MailHouse) -> None:
        await house.add_alias("team@correo.test", ANA, "bob@correo.test")
        session = house.connect(Role.SUBMISSION, login=ANA)
        work = house.bring(session, b"From: " + author + b"\r\n\r\nx\r\n", sender=sender)
        if refused:
            assert await refusal(work) == refused
            assert await house.inbox() == []
        else:
            await work

    run(body)


def test_a_second_from_field_is_looked_at_too() -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect(Role.SUBMISSION, login=ANA)
        content = b"From: ana@correo.test\r\nfrom : bob@correo.test\r\n\r\nx\r\n"
        assert await refusal(house.bring(session, content, sender=ANA)) == "550 5.7.1"

    run(body)


# what submission adds and removes


SUBMITTED = [
    # id                   as sent                         as stored
    ("complete", b"From: ana@correo.test\r\nDate: d\r\nMessage-ID: <m@x>\r\n\r\nb\r\n",
     b"From: ana@correo.test\r\nDate: d\r\nMessage-ID: <m@x>\r\n\r\nb\r\n"),
    ("nothing there", b"\r\nb\r\n",
     b"From: <ana@correo.test>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
     b"Message-ID: <M1@mail.correo.test>\r\n\r\nb\r\n"),
    ("no header", b"just text\r\n",
     b"From: <ana@correo.test>\r\nDate: Thu, 1 Jan 2026 00:00:00 +0000\r\n"
     b"Message-ID: <M1@mail.correo.test>\r\n\r\njust text\r\n"),
    ("blind copies",
     b"From: ana@correo.test\r\nBCC : x@y.test,\r\n z@y.test\r\nDate: d\r\nbcc:\r\n"
     b"Message-ID: <m@x>\r\nResent-Bcc: q@y.test\r\n\r\nBcc: in the body\r\n",
     b"From: ana@correo.test\r\nDate: d\r\nMessage-ID: <m@x>\r\n\r\nBcc: in the body\r\n"),
    ("no date", b"From: ana@correo.test\r\nMessage-ID: <m@x>\r\n\r\nb\r\n",
     b"Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nFrom: ana@correo.test\r\n"
     b"Message-ID: <m@x>\r\n\r\nb\r\n"),
]  # fmt: skip


@pytest.mark.parametrize("step", [1, 5, 1000])
@pytest.mark.parametrize(("sent", "stored"), [pytest.param(a, b, id=i) for i, a, b in SUBMITTED])
def test_submission_completes_a_message(sent: bytes, stored: bytes, step: int) -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect(Role.SUBMISSION, login=ANA)
        await house.bring(session, sent, sender=ANA, step=step)
        [octets] = await house.inbox()
        assert octets.endswith(b"+0000\r\n" + stored)

    run(body)


def test_the_world_s_mail_is_not_completed() -> None:
    async def body(house: MailHouse) -> None:
        await house.bring(house.connect(), b"Bcc: x@y\r\n\r\nb\r\n")
        [octets] = await house.inbox()
        assert octets.endswith(b"+0000\r\nBcc: x@y\r\n\r\nb\r\n")

    run(body)


def test_a_submitted_header_without_end_is_refused() -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect(Role.SUBMISSION, login=ANA)
        content = b"X: " + b"y" * 300_000
        assert await refusal(house.bring(session, content, sender=ANA)) == "550 5.6.0"

    run(body)


# the catcher of a development server


def test_the_catcher_gets_mail_for_elsewhere_and_routes_let_it_out() -> None:
    routes = Routes({"b.test": NextHop("127.0.0.1", 2525)}, catcher=ANA)

    async def body(house: MailHouse) -> None:
        session = house.connect(Role.SUBMISSION, address="127.0.0.1")
        await house.bring(session, CONTENT, "x@anywhere.test", "zoe@b.test")
        [message] = await house.queued()
        assert [each.address for each in message.recipients] == ["zoe@b.test"]
        assert len(await house.inbox()) == 1

    run(body, lambda: MailHouse(routes=routes, lets_loopback_submit=True))


# limits


def test_a_message_too_large_is_refused_when_declared_and_when_it_turns_out_so() -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect()
        work = session.mail("x@y.test", MailParameters(size=2000))
        assert await refusal(work) == "552 5.3.4"
        bringing = house.bring(session, CONTENT + b"x" * 2000, step=100)
        assert await refusal(bringing) == "552 5.3.4"
        await house.bring(session, CONTENT)
        assert len(await house.inbox()) == 1

    run(body, lambda: MailHouse(max_size=1000))


def test_too_many_recipients_are_refused_for_now() -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect()
        await session.mail("x@y.test", MailParameters())
        await session.recipient(ANA, RecipientParameters())
        await session.recipient("bob@correo.test", RecipientParameters())
        work = session.recipient(ANA, RecipientParameters())
        assert await refusal(work) == "452 4.5.3"

    run(body, lambda: MailHouse(max_recipients=2))


def test_a_full_mailbox_is_told_at_rcpt() -> None:
    async def body(house: MailHouse) -> None:
        await house.add_account("full@correo.test", quota=500)
        session = house.connect()
        await house.bring(session, CONTENT, "full@correo.test")
        await session.mail("x@y.test", MailParameters(size=400))
        work = session.recipient("full@correo.test", RecipientParameters())
        assert await refusal(work) == "452 4.2.2"

    run(body)


def test_a_mailbox_with_as_many_messages_as_it_may_have_is_told_at_the_end() -> None:
    async def body(house: MailHouse) -> None:
        account = await house.store.open(AccountId("ana.correo.test"))
        await account.set_quota(Quota(messages=1))
        session = house.connect()
        await house.bring(session, CONTENT)
        assert await refusal(house.bring(session, CONTENT)) == "452 4.2.2"
        await house.bring(session, CONTENT, "bob@correo.test")
        assert len(await house.inbox()) == 1

    run(body)


def test_a_message_in_circles_is_refused() -> None:
    async def body(house: MailHouse) -> None:
        content = b"received : from a by b; x\r\n" * 31 + CONTENT
        assert await refusal(house.bring(house.connect(), content)) == "554 5.4.6"
        await house.bring(house.connect(), content[27:])
        assert len(await house.inbox()) == 1

    run(body)


def test_a_stranger_who_sends_too_much_is_slowed() -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect()
        for _ in range(3):
            await house.bring(session, CONTENT)
        assert await refusal(session.mail("x@y.test", MailParameters())) == "450 4.7.1"
        await house.connect(address="192.0.2.56").mail("x@y.test", MailParameters())
        await house.clock.advance(21)
        await house.bring(session, CONTENT)

    run(body, lambda: MailHouse(messages_per_peer=Rate(3, 60)))


def test_an_account_that_names_too_many_recipients_is_slowed() -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect(Role.SUBMISSION, login=ANA)
        await session.mail(ANA, MailParameters())
        for number in range(2):
            await session.recipient(f"u{number}@b.test", RecipientParameters())
        work = session.recipient("u3@b.test", RecipientParameters())
        assert await refusal(work) == "450 4.7.1"

    run(body, lambda: MailHouse(recipients_per_account=Rate(2)))


# when a mailbox cannot have it now


class Failing:
    """A handoff that fails for some."""

    def __init__(self, *failing: str, error: Refusal | None = None) -> None:
        self.failing = failing
        self.error = error or StorageFull()
        self.filed: list[str] = []

    async def deliver(self, message: Prepared, accounts: Sequence[Account]) -> list[Refusal | None]:
        self.filed += [each.address for each in accounts if each.address not in self.failing]
        return [self.error if each.address in self.failing else None for each in accounts]

    async def check_room(self, account: Account, octets: int) -> None:
        """There is always room."""


@pytest.mark.parametrize("large", [False, True])
def test_what_cannot_be_delivered_now_waits_in_the_queue_under_the_same_id(large: bool) -> None:
    handoff = Failing(ANA)
    content = CONTENT + b"x\r\n" * (50_000 if large else 0)

    async def body(house: MailHouse) -> None:
        name = await house.bring(house.connect(), content, ANA, "bob@correo.test")
        assert handoff.filed == ["bob@correo.test"]
        [message] = await house.queued()
        assert message.id == name
        assert [each.address for each in message.recipients] == [ANA]
        octets = message.content
        if isinstance(octets, StoredBlob):
            octets = await house.store.blobs.read_all(octets)
        assert octets.startswith(b"Received: ")
        assert octets.endswith(content)

    run(body, lambda: MailHouse(handoff=handoff))


@pytest.mark.parametrize("error", [StorageFull(), OverQuota("full")])
def test_what_nobody_can_have_stays_with_the_client(error: Refusal) -> None:
    async def body(house: MailHouse) -> None:
        work = house.bring(house.connect(), CONTENT, ANA, "bob@correo.test")
        assert await refusal(work) == f"452 {error.status}"
        assert await house.queued() == []

    handoff = Failing(ANA, "bob@correo.test", error=error)
    run(body, lambda: MailHouse(handoff=handoff))


def test_lmtp_answers_for_each_recipient(caplog: pytest.LogCaptureFixture) -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect(Role.LMTP)
        await session.mail("zoe@remote.test", MailParameters())
        for address in ("bob@correo.test", ANA):
            await session.recipient(address, RecipientParameters())
        receiver = await session.receive()
        receiver.write(CONTENT)
        outcomes = await session.finish_each(receiver)
        assert [(o.recipient, o.reply, o.status) for o in outcomes] == [
            ("bob@correo.test", 250, "2.1.5"),
            (ANA, 452, "4.3.1"),
        ]
        assert "/ana.db" not in outcomes[1].text
        assert await house.queued() == []

    run(body, lambda: MailHouse(handoff=Failing(ANA, error=StorageFull("/ana.db: no room"))))
    assert caplog.messages == ["/ana.db: no room"]


# order and ends


def test_a_reset_forgets_the_envelope_and_the_content() -> None:
    async def body(house: MailHouse) -> None:
        session = house.connect()
        await session.mail("zoe@remote.test", MailParameters())
        await session.recipient(ANA, RecipientParameters())
        receiver = await session.receive()
        receiver.write(CONTENT + b"x" * 100_000)
        session.reset()
        session.closed()
        await house.bring(session, CONTENT)
        assert len(await house.inbox()) == 1

    run(body)


def test_vrfy_tells_nothing_and_expn_shows_a_list_to_its_members_only() -> None:
    async def body(house: MailHouse) -> None:
        await house.add_alias("team@correo.test", ANA, "zoe@b.test")
        stranger = house.connect()
        assert await refusal(stranger.verify("ana")) == "252 2.5.2"
        assert await refusal(stranger.expand("team@correo.test")) == "550 5.7.1"
        bob = house.connect(Role.SUBMISSION, login="bob@correo.test")
        assert await refusal(bob.expand("team@correo.test")) == "550 5.7.1"
        ana = house.connect(Role.SUBMISSION, login=ANA)
        assert await ana.expand("team@correo.test") == [ANA, "zoe@b.test"]

    run(body)


# the next transaction begins while a message is on its way to the disk


class Slow:
    """A hand-off that waits until it may."""

    def __init__(self) -> None:
        self.may = asyncio.Event()
        self.filed: list[str] = []

    async def deliver(self, message: Prepared, accounts: Sequence[Account]) -> list[Refusal | None]:
        await self.may.wait()
        self.filed += [each.address for each in accounts]
        return [None] * len(accounts)

    async def check_room(self, account: Account, octets: int) -> None:
        pass


def test_the_next_envelope_leaves_the_one_that_waits_as_it_was() -> None:
    notes: list[Record] = []
    slow = Slow()

    async def body(house: MailHouse) -> None:
        peer = PeerInfo(STRANGER, 40000, 25, helo="client.test", protocol="ESMTP")
        session = house.intake.connect(peer, Role.MX)
        first = asyncio.create_task(house.bring(session, CONTENT, "ana@correo.test"))
        await asyncio.sleep(0)
        peer.protocol = "UTF8SMTP"
        second = asyncio.create_task(house.bring(session, CONTENT, "bob@correo.test"))
        await asyncio.sleep(0)
        await session.mail("left@remote.test", MailParameters())
        session.reset()
        slow.may.set()
        assert await first != await second
        accepted = [each.details for each in notes if each.text == "accepted"]
        assert [(each["recipients"], each["protocol"]) for each in accepted] == [
            ("ana@correo.test", "ESMTP"),
            ("bob@correo.test", "UTF8SMTP"),
        ]
        assert slow.filed == ["ana@correo.test", "bob@correo.test"]

    def house() -> MailHouse:
        clock = MailHouse().clock
        return MailHouse(handoff=slow, journal=Journal(notes, clock))

    run(body, house)
