"""`correo dev`, as a process: what it allows, what --strict takes away, and what it costs."""

import contextlib
import imaplib
import json
import re
import resource
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from correo.testing.process import ServerProcess, free_port_offset, running

LETTER = "From: {}\r\nSubject: {}\r\n\r\nhello\r\n"
WAIT_LIMIT_S = 15.0


@pytest.fixture(scope="module")
def correo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    options = ["--user", "eva@other.test:secret"]
    with running("dev", tmp_path_factory.mktemp("dev"), options) as server:
        yield server


def submit(server: ServerProcess, sender: str, to: str, subject: str) -> None:
    listener = server.listeners["submission"]
    with smtplib.SMTP(listener.host, listener.port, timeout=10) as client:
        client.sendmail(sender, [to], LETTER.format(sender, subject))


def subjects(server: ServerProcess, user: str, password: str = "correo") -> list[str]:
    trust = ssl.create_default_context(cafile=server.ca_certificate)
    listener = server.listeners["imaps"]
    with imaplib.IMAP4_SSL(listener.host, listener.port, ssl_context=trust, timeout=10) as client:
        client.login(user, password)
        client.select("INBOX", readonly=True)
        _, answer = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        texts = [part[1] for part in answer if isinstance(part, tuple)]
        return [text.decode().removeprefix("Subject: ").strip() for text in texts]


def wait_for(server: ServerProcess, subject: str, user: str) -> None:
    deadline = time.monotonic() + WAIT_LIMIT_S
    while subject not in subjects(server, user):
        assert time.monotonic() < deadline, f"{subject!r} did not arrive for {user}"
        time.sleep(0.05)


def correo_command(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "correo", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_everybody_has_a_welcome_and_the_screen_says_how_to_try_it(correo: ServerProcess) -> None:
    for user, password in [("ana@correo.test", "correo"), ("eva@other.test", "secret")]:
        assert "Welcome to correo" in subjects(correo, user, password)
    screen = correo.output()
    for what in ("ana@correo.test", "eva@other.test", "curl", correo.ca_certificate, "Ctrl-C"):
        assert what in screen


def test_endpoints_say_where_everything_is(correo: ServerProcess) -> None:
    endpoints = json.loads((correo.data / "run" / "endpoints.json").read_text())
    assert endpoints["pid"] == correo.pid
    uses = {name: each["tls"] for name, each in endpoints["listeners"].items()}
    assert uses == {
        "smtp": "starttls", "submission": "starttls", "submissions": "implicit", "pop3": "starttls",
        "pop3s": "implicit", "imap": "starttls", "imaps": "implicit",
    }  # fmt: skip
    smtp = endpoints["listeners"]["smtp"]["port"]
    assert endpoints["listeners"]["imap"]["port"] - smtp == 143 - 25


def test_a_stranger_domain_is_caught_and_nothing_leaves(correo: ServerProcess) -> None:
    submit(correo, "ana@correo.test", "somebody@far.example", "caught")
    wait_for(correo, "caught", "catcher@correo.test")


def test_the_mx_port_relays_for_nobody(correo: ServerProcess) -> None:
    listener = correo.listeners["smtp"]
    with smtplib.SMTP(listener.host, listener.port, timeout=10) as client:
        client.helo("x")
        client.mail("a@far.example")
        code, text = client.rcpt("b@far.example")
        assert code in (550, 554)
        assert b"5.7.1" in text


def test_resting_memory_is_under_80_megabytes(correo: ServerProcess) -> None:
    rollup = Path(f"/proc/{correo.pid}/smaps_rollup").read_text()
    resident_kib = next(
        int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Rss:")
    )
    assert resident_kib < 80_000


def test_accounts_added_from_outside_work_at_once(correo: ServerProcess) -> None:
    data = ["--data", str(correo.data)]
    done = correo_command("account", "add", "zoe@correo.test", "--password", "new", *data)
    assert done.returncode == 0, done.stderr
    assert subjects(correo, "zoe@correo.test", "new") == []
    done = correo_command(
        "alias", "add", "all@correo.test", "zoe@correo.test", "ana@correo.test", *data
    )
    assert done.returncode == 0, done.stderr
    submit(correo, "ana@correo.test", "all@correo.test", "to all")
    assert "to all" in subjects(correo, "zoe@correo.test", "new")
    assert "to all" in subjects(correo, "ana@correo.test")


def test_a_second_start_keeps_mail_and_passwords_and_greets_nobody_again(tmp_path: Path) -> None:
    with running("dev", tmp_path, ["--user", "eva@correo.test:one"]) as server:
        submit(server, "ana@correo.test", "bob@correo.test", "kept")
    assert not (tmp_path / "run" / "endpoints.json").exists()
    assert server.process.returncode == 0
    with running("dev", tmp_path, ["--user", "eva@correo.test:two"]) as server:
        assert subjects(server, "bob@correo.test") == ["Welcome to correo", "kept"]
        assert subjects(server, "eva@correo.test", "two") == ["Welcome to correo"]


def test_strict_wants_a_login_and_lets_mail_go_only_where_it_belongs(tmp_path: Path) -> None:
    with running("dev", tmp_path, ["--strict"]) as server:
        listener = server.listeners["submission"]
        with smtplib.SMTP(listener.host, listener.port, timeout=10) as client:
            client.ehlo("x")
            assert "auth" not in client.esmtp_features
            assert client.mail("ana@correo.test")[0] == 530
            client.starttls(context=ssl.create_default_context(cafile=server.ca_certificate))
            client.login("ana@correo.test", "correo")
            assert client.mail("bob@correo.test")[0] >= 500
            client.sendmail(
                "ana@correo.test", ["bob@correo.test"], LETTER.format("ana@correo.test", "strictly")
            )
        with pytest.raises(imaplib.IMAP4.error, match="AUTHENTICATIONFAILED"):
            subjects(server, "catcher@correo.test")
        assert "strictly" in subjects(server, "bob@correo.test")
        [submit] = re.findall(r"^ +(curl .*smtp://.*)$", server.output(), re.MULTILINE)
        assert f"--ssl-reqd --cacert {server.ca_certificate} --crlf --user " in submit
        plain = imaplib.IMAP4(listener.host, server.listeners["imap"].port, timeout=10)
        with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
            plain.login("bob@correo.test", "correo")
        plain.logout()


def test_a_route_lets_mail_out_to_another_server_and_bounces_come_back(tmp_path: Path) -> None:
    with running("dev", tmp_path / "far", ["--user", "eva@far.test:x"]) as far:
        route = f"far.test=127.0.0.1:{far.listeners['smtp'].port}"
        with running("dev", tmp_path / "near", ["--route", route]) as near:
            submit(near, "ana@correo.test", "eva@far.test", "over there")
            deadline = time.monotonic() + WAIT_LIMIT_S
            while "over there" not in subjects(far, "eva@far.test", "x"):
                assert time.monotonic() < deadline
                time.sleep(0.05)
            submit(near, "ana@correo.test", "nobody@far.test", "to nobody")
            while not any("ndeliver" in each for each in subjects(near, "ana@correo.test")):
                assert time.monotonic() < deadline
                time.sleep(0.05)


def test_a_client_that_idles_is_told_goodbye_and_the_server_ends_in_time(tmp_path: Path) -> None:
    with running("dev", tmp_path) as server:
        peers = []
        for name in ("imap", "pop3", "smtp"):
            listener = server.listeners[name]
            peer = socket.create_connection((listener.host, listener.port), timeout=10)
            peer.recv(1000)
            peers.append(peer)
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 5
        farewells = [peer.recv(1000)[:5] for peer in peers]
        for peer in peers:
            peer.close()
        assert farewells[0] == b"* BYE"
        assert farewells[2].startswith(b"421")


def test_a_taken_port_is_named_with_the_way_out(tmp_path: Path) -> None:
    offset = free_port_offset()
    with socket.create_server(("127.0.0.1", 143 + offset)):
        done = correo_command("dev", "--data", str(tmp_path), "--port-offset", str(offset))
    assert done.returncode == 1
    assert done.stderr.startswith(f"correo: port {143 + offset} on 127.0.0.1 is taken")
    assert "--port-offset" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_second_server_on_the_same_data_is_refused(correo: ServerProcess) -> None:
    offset = free_port_offset(start=40000)
    done = correo_command("dev", "--data", str(correo.data), "--port-offset", str(offset))
    assert done.returncode == 1
    assert f"another server (process {correo.pid}) uses {correo.data}" in done.stderr


@pytest.mark.parametrize("name", ["node.db", "queue.db"])
def test_a_damaged_file_of_the_node_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / name).write_bytes(b"this is no database, and never was one\n" * 200)
    offset = free_port_offset()
    done = correo_command("dev", "--data", str(tmp_path / "data"), "--port-offset", str(offset))
    assert done.returncode != 0
    assert done.stderr.startswith("correo: ")
    assert name in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_damaged_account_file_leaves_the_others_alone(tmp_path: Path) -> None:
    with running("dev", tmp_path) as server:
        submit(server, "ana@correo.test", "bob@correo.test", "before")
        accounts = {path: path.stat().st_size for path in (tmp_path / "accounts").glob("*/*.db")}
    done = correo_command("account", "list", "--json", "--data", str(tmp_path))
    bob = next(
        json.loads(line)["id"] for line in done.stdout.splitlines() if "bob@correo.test" in line
    )
    [file] = [path for path in accounts if path.stem == bob]
    file.write_bytes(b"damaged" * 1000)
    with running("dev", tmp_path) as server:
        assert "Welcome to correo" in subjects(server, "ana@correo.test")
        with pytest.raises(imaplib.IMAP4.error):
            subjects(server, "bob@correo.test")
        listener = server.listeners["smtp"]
        with smtplib.SMTP(listener.host, listener.port, timeout=10) as client:
            with contextlib.suppress(smtplib.SMTPException):
                client.sendmail("a@b.test", ["bob@correo.test"], LETTER.format("a@b.test", "later"))
            client.rset()
            client.sendmail("a@b.test", ["ana@correo.test"], LETTER.format("a@b.test", "fine"))
        assert "fine" in subjects(server, "ana@correo.test")
        assert "Traceback" not in server.output()


def deliver_until_refused(
    client: smtplib.SMTP, letter: str
) -> tuple[int, smtplib.SMTPResponseException]:
    for taken in range(500):
        try:
            client.sendmail("a@b.test", ["bob@correo.test"], letter)
        except smtplib.SMTPResponseException as refusal:
            return taken, refusal
    raise AssertionError("nothing was refused")


def test_a_full_disk_is_452_to_the_sender_and_loses_nothing(tmp_path: Path) -> None:
    with running("dev", tmp_path) as server:
        submit(server, "ana@correo.test", "bob@correo.test", "before")
        letter = LETTER.format("a@b.test", "large") + "x" * 70 + "\r\n" * 20_000
        limit = 3_000_000  # no file may grow beyond; to SQLite that is a full disk
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        listener = server.listeners["smtp"]
        with smtplib.SMTP(listener.host, listener.port, timeout=10) as client:
            taken, refusal = deliver_until_refused(client, letter)
            assert refusal.smtp_code == 452
            assert "4.3.1" in str(refusal.smtp_error)
            resource.prlimit(
                server.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
            )
            client.sendmail("a@b.test", ["bob@correo.test"], LETTER.format("a@b.test", "after"))
        found = subjects(server, "bob@correo.test")
        assert found == ["Welcome to correo", "before", *["large"] * taken, "after"]
        assert "Traceback" not in server.output()


def test_the_nameserver_given_is_the_one_asked(tmp_path: Path) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nameserver:
        nameserver.bind(("127.0.0.1", 0))
        nameserver.settimeout(WAIT_LIMIT_S)
        port = nameserver.getsockname()[1]
        options = ["--strict", "--nameserver", f"127.0.0.1:{port}"]
        with running("dev", tmp_path, options) as server:
            listener = server.listeners["submissions"]
            trust = ssl.create_default_context(cafile=server.ca_certificate)
            with smtplib.SMTP_SSL(
                listener.host, listener.port, timeout=10, context=trust
            ) as client:
                client.login("ana@correo.test", "correo")
                client.sendmail(
                    "ana@correo.test", ["x@far.example"], LETTER.format("ana@correo.test", "far")
                )
            question = nameserver.recv(512)
            assert b"\x03far\x07example\x00" in question.lower()
