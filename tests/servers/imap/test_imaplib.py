"""Python's own client against the server over loopback: login by SCRAM's plain cousin, mail, IDLE."""

import asyncio
import imaplib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from correo.net.driver import Connection
from correo.testing.imap_world import ImapWorld, message


@contextmanager
def served() -> Iterator[int]:
    """A server in a thread with a loop of its own; its port."""
    ready: list[int] = []
    started, ending = threading.Event(), threading.Event()

    async def serve() -> None:
        world = ImapWorld()
        await world.account()
        await world.account("bob")
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: Connection(world.server.make_session), "127.0.0.1", 0
        )
        ready.append(server.sockets[0].getsockname()[1])
        started.set()
        await loop.run_in_executor(None, ending.wait)
        server.close()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    started.wait()
    try:
        yield ready[0]
    finally:
        ending.set()
        thread.join()


@pytest.fixture
def client() -> Iterator[imaplib.IMAP4]:
    with served() as port:
        connected = imaplib.IMAP4("127.0.0.1", port, timeout=10)
        yield connected
        connected.logout()


def test_imaplib_files_finds_and_removes_a_message(client: imaplib.IMAP4) -> None:
    client.login("ana", "correo")
    assert client.append("INBOX", r"(\Flagged)", "", message("one"))[0] == "OK"
    assert client.append("INBOX", "", "", message("two", "caf\u00e9\r\n"))[0] == "OK"
    assert client.select("INBOX") == ("OK", [b"2"])
    assert client.search(None, "FLAGGED") == ("OK", [b"1"])
    assert client.uid("SEARCH", "SUBJECT", "two") == ("OK", [b"2"])
    status, found = client.fetch("2", "(UID BODY[TEXT])")
    assert status == "OK"
    assert isinstance(found[0], tuple)
    assert found[0][1] == "caf\u00e9\r\n".encode()
    assert client.store("1", "+FLAGS", r"(\Deleted)")[0] == "OK"
    assert client.expunge() == ("OK", [b"1"])
    assert client.status("INBOX", "(MESSAGES)") == ("OK", [b"INBOX (MESSAGES 1)"])


def test_imaplib_authenticates_and_keeps_folders(client: imaplib.IMAP4) -> None:
    client.authenticate("PLAIN", lambda _: b"\0ana\0correo")
    assert client.create("work/2026")[0] == "OK"
    assert client.list("work", "*")[0] == "OK"
    assert client.rename("work/2026", "work/old")[0] == "OK"
    assert client.subscribe("work/old")[0] == "OK"
    assert client.lsub('""', "work/%") == ("OK", [b'() "/" work/old'])
    assert client.namespace() == ("OK", [b'(("" "/")) (("Shared/" "/")) NIL'])
    assert client.enable("UTF8=ACCEPT")[0] == "OK"
    assert client.delete("work/old")[0] == "OK"


def test_imaplib_shares_a_mailbox_and_works_in_that_of_another(client: imaplib.IMAP4) -> None:
    place = "Shared/ana@correo.test/INBOX"
    client.login("ana", "correo")
    assert client.append("INBOX", "", "", message("one"))[0] == "OK"
    assert client.setacl("INBOX", "bob@correo.test", "lrsi")[0] == "OK"
    assert client.getacl("INBOX") == (
        "OK",
        [b"INBOX ana@correo.test lrswipkxteacd bob@correo.test lrsi"],
    )
    with imaplib.IMAP4(client.host, client.port, timeout=10) as guest:
        guest.login("bob", "correo")
        assert guest.myrights(place) == ("OK", [f"{place} lrsi".encode()])
        assert guest.list("Shared/", "*")[1][-1] == f'(\\HasNoChildren) "/" {place}'.encode()
        assert guest.select(place) == ("OK", [b"1"])
        assert guest.store("1", "+FLAGS", r"(\Seen)")[0] == "OK"
        assert guest.store("1", "+FLAGS", r"(\Deleted)")[0] == "NO"
        assert guest.copy("1", "INBOX")[0] == "OK"
        assert guest.append(place, "", "", message("two"))[0] == "OK"
        guest.unselect()
        assert client.deleteacl("INBOX", "bob@correo.test")[0] == "OK"
        assert guest.myrights(place)[0] == "NO"
    assert client.status("INBOX", "(MESSAGES UNSEEN)") == ("OK", [b"INBOX (MESSAGES 2 UNSEEN 1)"])


def test_a_wrong_password_is_an_error_and_not_the_end(client: imaplib.IMAP4) -> None:
    with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
        client.login("ana", "guess")
    client.login("ana", "correo")


def test_a_client_that_vanishes_in_the_middle_of_a_fetch_harms_nobody() -> None:
    with served() as port:
        first = imaplib.IMAP4("127.0.0.1", port, timeout=10)
        first.login("ana", "correo")
        first.append("INBOX", "", "", message("long", "x" * 70 + "\r\n" * 50_000))
        with socket.create_connection(("127.0.0.1", port)) as rude:
            rude.sendall(b"a LOGIN ana correo\r\nb SELECT INBOX\r\n")
            rude.sendall(b"".join(b"c%d FETCH 1 BODY[]\r\n" % n for n in range(50)))
            rude.recv(1000)
        assert first.select("INBOX") == ("OK", [b"1"])
        first.logout()
