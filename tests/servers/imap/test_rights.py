"""Each command with each set of rights: done, not permitted, or nothing is there (RFC 4314 4, 6)."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.servers.imap.dispatch import HANDLERS
from correo.servers.imap.rights import NEEDED
from correo.testing.imap_world import ImapWorld, WorldClient, message

PLACE = "Shared/ana@correo.test/Work"
RIGHTS = st.sets(st.sampled_from("lrswipkxtea")).map(lambda rights: "".join(sorted(rights)))
NONE = '""'
APPEND = b"APPEND %b {%d+}\r\n%b" % (PLACE.encode(), len(message()), message())

# RFC 4314 4, RFC 9208 6, RFC 5464 3.3; "|": one of these is enough
NAMED: list[tuple[str | bytes, str]] = [
    (f"MYRIGHTS {PLACE}", "l|r|i|k|x|a"),
    (f"SELECT {PLACE}", "r"),
    (f"EXAMINE {PLACE}", "r"),
    (f"STATUS {PLACE} (MESSAGES)", "r"),
    (f"GETQUOTAROOT {PLACE}", "r"),
    (f"GETACL {PLACE}", "a"),
    (f"LISTRIGHTS {PLACE} eva", "a"),
    (f"SETACL {PLACE} eva +l", "a"),
    (f"DELETEACL {PLACE} eva", "a"),
    (f"GETMETADATA {PLACE} /private/comment", "lr|ls|lw|li|lp"),
    (f'SETMETADATA {PLACE} (/private/comment "x")', "lr|ls|lw|li|lp"),
    (APPEND, "i"),
    (f"COPY 1 {PLACE}", "i"),
    (f"RENAME {PLACE} {PLACE}/Below", ""),  # never: below itself
    (f"RENAME {PLACE} Mine", ""),  # never: another account
    (f"DELETE {PLACE}", "x"),
]


def is_enough(needed: str, rights: str) -> bool:
    return any(set(each) <= set(rights) for each in needed.split("|") if each)


async def meet(rights: str) -> tuple[ImapWorld, WorldClient, WorldClient]:
    """Ana, and Bob with these rights in Work; he has a mailbox of his own open."""
    world = ImapWorld()
    ana, bob, _ = await world.login(), await world.login("bob"), await world.account("eva")
    for command in (
        "CREATE Work",
        f"SETACL Work bob {rights or NONE}",
        APPEND.replace(PLACE.encode(), b"Work"),
    ):
        assert b" OK " in (await ana.command(command))[-1]
    await bob.command(APPEND.replace(PLACE.encode(), b"INBOX"))
    await bob.command("SELECT INBOX")
    return world, ana, bob


@settings(max_examples=60, deadline=None)
@given(rights=RIGHTS)
def test_a_command_with_a_mailbox_is_done_refused_or_finds_nothing(rights: str) -> None:
    async def run() -> None:
        _, _, bob = await meet(rights)
        for command, needed in NAMED:
            await bob.command("SELECT INBOX")
            told = (await bob.command(command))[-1]
            if is_enough(needed, rights):
                assert told.split()[1] == b"OK", (rights, command, told)
            elif "l" in rights:
                assert b" NO [NOPERM] " in told or b" NO [CANNOT] " in told, (rights, told)
            elif needed or "x" not in rights:
                assert told.endswith(b" NO [NONEXISTENT] there is no such mailbox"), (rights, told)

    asyncio.run(run())


@settings(max_examples=40, deadline=None)
@given(rights=RIGHTS)
def test_a_mailbox_is_listed_and_children_are_made_as_the_rights_say(rights: str) -> None:
    async def run() -> None:
        _, _, bob = await meet(rights)
        told = await bob.command('LIST "" Shared/*')
        assert any(line.endswith(b"/Work") for line in told) is ("l" in rights)
        told = await bob.command(f"CREATE {PLACE}/Below")
        code = b" OK " if "k" in rights else b" NO [NOPERM] you may not make a mailbox there"
        assert code in told[-1]
        told = await bob.command(f"COPY 1 {PLACE}/Nowhere")
        assert (b"[TRYCREATE]" in told[-1]) is ("k" in rights)

    asyncio.run(run())


FLAGS = {"s": "\\Seen", "t": "\\Deleted", "w": "\\Flagged $Work"}


@settings(max_examples=60, deadline=None)
@given(rights=RIGHTS.map(lambda rights: "".join(sorted({*rights, "r"}))))
def test_in_a_selected_mailbox_the_rights_say_what_can_be_changed(rights: str) -> None:
    async def run() -> None:
        world, _, bob = await meet(rights)
        told = await bob.command(f"SELECT {PLACE}")
        assert (b"[READ-WRITE]" in told[-1]) is not set("swtie").isdisjoint(rights)
        [permanent] = [line for line in told if b"PERMANENTFLAGS" in line]
        mine = {flag for right in FLAGS if right in rights for flag in FLAGS[right].split()}
        for flag in ("\\Seen", "\\Deleted", "\\Flagged", "\\Answered", "\\Draft", "\\*"):
            right = {"\\Seen": "s", "\\Deleted": "t"}.get(flag, "w")
            assert (flag.encode() in permanent) is (right in rights)
        every = {flag for flags in FLAGS.values() for flag in flags.split()}
        told = await bob.command(f"UID STORE 1 +FLAGS ({' '.join(sorted(every))})")
        assert (b" OK " in told[-1]) is bool(mine)
        owner = await world.login(select="Work")
        assert flags_in((await owner.command("FETCH 1 FLAGS"))[0]) == mine
        told = await bob.command("EXPUNGE")
        assert (b" OK " in told[-1]) is ("e" in rights)
        is_gone = {"e", "t"} <= set(rights)
        assert any(b"EXPUNGE" in line and line[:1] == b"*" for line in told) is is_gone
        if not is_gone:
            told = await bob.command("MOVE 1 INBOX")
            assert b" NO [NOPERM] " in told[-1]
        assert b" OK " in (await bob.command("CLOSE"))[-1]

    asyncio.run(run())


def flags_in(line: bytes) -> set[str]:
    return set(line.partition(b"FLAGS (")[2].partition(b")")[0].decode().split())


def test_every_command_has_its_rights() -> None:
    """Whoever adds a command says here what it needs in another user's mailbox."""
    assert set(NEEDED) == set(HANDLERS)


HOSTILE = [
    "Shared",
    "Shared/",
    "Shared//",
    "Shared/@",
    "Shared/@/INBOX",
    "Shared/ana@/INBOX",
    "Shared/@correo.test/INBOX",
    "Shared/ana@correo.test",
    "Shared/ana@correo.test/",
    "Shared/ana@correo.test//INBOX",
    "Shared/ana@correo.test/../INBOX",
    "Shared/ana%2F..@correo.test/INBOX",
    "Shared/ana@correo.test@correo.test/INBOX",
    "Shared/ana@correo.test/Shared/ana@correo.test/Work",
    "Shared/-ana@correo.test/Work",
    "Shared/anyone@correo.test/Work",
    "Shared/anyone/Work",
    "Shared/ana+detail@correo.test/Work",
    "Shared/bob@correo.test/INBOX",
    "Shared/&2AA-@correo.test/Work",
    "Shared/ana@correo.test/&2AA-",
    "Shared/" + "a" * 3000 + "@correo.test/Work",
    "Shared/ana@correo.test/" + "a/" * 1000 + "a",
    "Shared/*@%/Work",
    "Shared/ana@[127.0.0.1]/Work",
]


@pytest.mark.parametrize("name", HOSTILE, ids=lambda name: name[:40])
def test_a_strange_name_leads_nowhere(name: str) -> None:
    """Neither does it end the session, nor let it into somebody's mail."""

    async def run() -> None:
        world, _, bob = await meet("lrswipkxtea")
        quoted = f'"{name}"'
        for command in (
            "SELECT {}", "STATUS {} (MESSAGES)", "MYRIGHTS {}", "GETACL {}", "DELETE {}",
            "SETACL {} bob lr", "DELETEACL {} bob", "LISTRIGHTS {} bob", "COPY 1 {}",
            "GETMETADATA {} /private/comment", "RENAME {} x",
            "RENAME Sent {}", "APPEND {} {{2+}}\r\nhi",
        ):  # fmt: skip
            await bob.command("SELECT INBOX")
            told = await bob.command(command.format(quoted))
            assert told[-1].split()[1] in (b"NO", b"BAD"), told
        for command in (
            "LIST {} *",
            'LIST "" {}',
            'LSUB "" {}',
            "GETQUOTA {}",
            "GETQUOTAROOT {}",
            "CREATE {}",
        ):
            told = await bob.command(command.format(quoted))
            assert told[-1].split()[1] in (b"OK", b"NO", b"BAD"), told
        owner = await world.login()
        assert b"* STATUS Work (MESSAGES 1)" in await owner.command("STATUS Work (MESSAGES)")

    asyncio.run(run())


PIECES = st.lists(
    st.one_of(
        st.sampled_from(["Shared/", "ana@correo.test", "/", "Work", "INBOX", "@", "%", "*", "-"]),
        st.text(alphabet="ab/@%*&-+. ", max_size=5),
    ),
    max_size=6,
).map("".join)
IDENTIFIERS = st.one_of(
    st.sampled_from(["anyone", "-anyone", "--anyone", "bob", "ana", "-", "", "$group", "é@x"]),
    st.text(max_size=8),
)
CHANGES = st.one_of(st.text(alphabet="+-lrswipkxteacdq0A", max_size=6), st.text(max_size=3))


@settings(max_examples=100, deadline=None)
@given(names=st.lists(PIECES, max_size=4), identifier=IDENTIFIERS, change=CHANGES)
def test_any_names_and_rights_are_answered(names: list[str], identifier: str, change: str) -> None:
    async def run() -> None:
        _, ana, bob = await meet("lra")
        for client in (ana, bob):
            for name in (*names, PLACE, "Work"):
                arguments = [literal(text) for text in (name, identifier, change)]
                for command, count in (
                    (b"SETACL", 3), (b"DELETEACL", 2), (b"LISTRIGHTS", 2), (b"GETACL", 1),
                    (b"MYRIGHTS", 1), (b"LIST \"\"", 1),
                ):  # fmt: skip
                    told = await client.command(b" ".join([command, *arguments[:count]]))
                    assert told[-1].split()[1] in (b"OK", b"NO", b"BAD"), told
        told = await ana.command("MYRIGHTS Work")
        assert told[0] == b"* MYRIGHTS Work lrswipkxteacd"

    asyncio.run(run())


def literal(text: str) -> bytes:
    octets = text.encode("utf-8", "replace")
    return b"{%d+}\r\n%b" % (len(octets), octets)
