"""`correo serve`, as processes: founded by init, reloaded, struck, and told to end."""

import imaplib
import os
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from correo.net.tls import development_certificate
from correo.testing.process import ServerProcess, free_port_offset, running

ANA = "ana@example.test"
PASSWORD = "secret"
LETTER = "From: a@b.test\r\nSubject: {}\r\n\r\nhello\r\n"
WAIT_LIMIT_S = 15.0


def correo(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "correo", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def founded(tmp_path: Path) -> Path:
    """A folder with correo.toml, for loopback, and an account."""
    done = correo("init", ANA, "--folder", str(tmp_path), "--password", PASSWORD)
    assert done.returncode == 0, done.stderr
    configure(tmp_path, 'hosts = ["127.0.0.1"]')
    return tmp_path


def configure(folder: Path, top: str = "", bottom: str = "") -> None:
    path = folder / "correo.toml"
    path.write_text(f"{top}\n{path.read_text()}\n{bottom}\n")


def options(folder: Path, *more: str) -> list[str]:
    return ["--config", str(folder / "correo.toml"), "--workers", "2", *more]


def workers(server: ServerProcess) -> set[int]:
    children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text()
    return {int(each) for each in children.split()}


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_LIMIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def trust(server: ServerProcess) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_certificate)


def login(server: ServerProcess, user: str = ANA) -> imaplib.IMAP4_SSL:
    listener = server.listeners["imaps"]
    client = imaplib.IMAP4_SSL(listener.host, listener.port, ssl_context=trust(server), timeout=10)
    client.login(user, PASSWORD)
    return client


def deliver(server: ServerProcess, subject: str, to: str = ANA) -> None:
    listener = server.listeners["smtp"]
    with smtplib.SMTP(listener.host, listener.port, timeout=10) as client:
        client.sendmail("a@b.test", [to], LETTER.format(subject))


def count(client: imaplib.IMAP4, subject: str) -> int:
    client.noop()
    return len(client.search(None, "SUBJECT", f'"{subject}"')[1][0].split())


def test_mail_comes_in_and_is_read_and_memory_is_shared(founded: Path) -> None:
    with running("serve", founded / "data", options(founded)) as server:
        assert len(workers(server)) == 2
        deliver(server, "first")
        with login(server) as client:
            client.select("INBOX")
            assert count(client, "first") == 1
        total = sum(proportional_kib(pid) for pid in (server.pid, *workers(server)))
        assert total < 160_000


def proportional_kib(pid: int) -> int:
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return next(int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Pss:"))


def test_a_password_without_tls_is_refused_even_from_this_machine(founded: Path) -> None:
    with running("serve", founded / "data", options(founded)) as server:
        listener = server.listeners["imap"]
        with imaplib.IMAP4(listener.host, listener.port, timeout=10) as client:
            with pytest.raises(imaplib.IMAP4.error, match="PRIVACYREQUIRED"):
                client.login(ANA, PASSWORD)
            client.starttls(ssl_context=trust(server))
            client.login(ANA, PASSWORD)


def test_sessions_in_different_workers_see_each_others_changes(founded: Path) -> None:
    with running("serve", founded / "data", options(founded)) as server:
        clients = [login(server) for _ in range(8)]
        for client in clients:
            client.select("INBOX")
        deliver(server, "for all")
        for client in clients:
            until(lambda client=client: count(client, "for all") == 1)  # type: ignore[misc]
        for client in clients:
            client.logout()


def test_hangup_takes_a_new_certificate_and_configuration_and_drops_nobody(founded: Path) -> None:
    with running("serve", founded / "data", options(founded)) as server:
        before = workers(server)
        client = login(server)
        client.select("INBOX")
        files = development_certificate(founded / "new", ["127.0.0.1", "mail.example.test"])
        text = (founded / "correo.toml").read_text()
        changed = text.replace(
            "[tls]", f'[tls]\ncertificate = "{files.certificate}"\nkey = "{files.key}"'
        )
        changed = changed.replace("# message_size = 52428800", "message_size = 12345")
        (founded / "correo.toml").write_text(changed)
        os.kill(server.pid, signal.SIGHUP)
        until(lambda: size_announced(server) == "12345")
        assert files.authority is not None
        listener = server.listeners["imaps"]
        context = ssl.create_default_context(cafile=str(files.authority))
        with imaplib.IMAP4_SSL(listener.host, listener.port, ssl_context=context) as other:
            other.login(ANA, PASSWORD)
        deliver(server, "after the reload")
        until(lambda: count(client, "after the reload") == 1)  # the old session lives on
        assert workers(server) & before
        client.logout()
        until(lambda: not workers(server) & before)
        assert len(workers(server)) == 2


def size_announced(server: ServerProcess) -> str | None:
    listener = server.listeners["smtp"]
    with smtplib.SMTP(listener.host, listener.port, timeout=10) as client:
        client.ehlo("x")
        return client.esmtp_features.get("size")


def test_a_mistake_in_the_configuration_at_hangup_changes_nothing(founded: Path) -> None:
    with running("serve", founded / "data", options(founded)) as server:
        before = workers(server)
        configure(founded, 'nonsense = "x"')
        os.kill(server.pid, signal.SIGHUP)
        until(lambda: "no setting nonsense" in server.output())
        assert workers(server) == before
        deliver(server, "still here")


def test_a_worker_that_dies_is_replaced(founded: Path) -> None:
    with running("serve", founded / "data", options(founded)) as server:
        victim = min(workers(server))
        os.kill(victim, signal.SIGKILL)
        until(lambda: victim not in workers(server) and len(workers(server)) == 2)
        deliver(server, "after the strike")


def test_workers_end_when_the_supervisor_is_killed(founded: Path) -> None:
    with running("serve", founded / "data", options(founded)) as server:
        orphans = workers(server)
        server.process.kill()
        until(lambda: not any(is_running(pid) for pid in orphans))


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_sigterm_ends_it_in_time_though_clients_idle_and_others_send(founded: Path) -> None:
    with running("serve", founded / "data", options(founded)) as server:
        clients = [login(server) for _ in range(4)]
        half = socket.create_connection(("127.0.0.1", server.listeners["smtp"].port), timeout=10)
        half.sendall(
            b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<ana@example.test>\r\nDATA\r\nhalf a mess"
        )
        begun = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - begun < 5
        assert not (server.data / "run" / "endpoints.json").exists()
        half.close()
        for client in clients:
            client.shutdown()


def test_a_proxy_in_front_is_believed_and_xclient_too(founded: Path) -> None:
    offset = free_port_offset()
    configure(
        founded,
        bottom='[listeners.smtp]\ntrusted_proxies = ["127.0.0.1"]\n'
        '[listeners.submission]\ntrusted_clients = ["127.0.0.0/8"]\n',
    )
    with running("serve", founded / "data", options(founded), port_offset=offset) as server:
        listener = server.listeners["smtp"]
        with socket.create_connection((listener.host, listener.port), timeout=10) as peer:
            lines = peer.makefile("rwb")
            lines.write(b"PROXY TCP4 192.0.2.77 192.0.2.1 4242 25\r\n")
            for said in (
                b"EHLO far\r\n",
                b"MAIL FROM:<a@b.test>\r\n",
                b"RCPT TO:<ana@example.test>\r\n",
                b"DATA\r\n",
            ):
                lines.write(said)
                lines.flush()
                while lines.readline()[3:4] == b"-":
                    pass
            lines.readline()
            lines.write(b"Subject: proxied\r\n\r\n.\r\nQUIT\r\n")
            lines.flush()
            assert b"221" in lines.read()
            lines.close()
        with login(server) as client:
            client.select("INBOX")
            _, answer = client.fetch("1", "(BODY.PEEK[HEADER])")
            assert isinstance(answer[0], tuple)
            assert b"[192.0.2.77]" in answer[0][1]
        submission = server.listeners["submission"]
        with smtplib.SMTP(submission.host, submission.port, timeout=10) as mail:
            mail.ehlo("x")
            assert "xclient" in mail.esmtp_features


def test_lmtp_is_served_on_a_unix_socket(founded: Path) -> None:
    configure(founded, bottom='[listeners.lmtp]\npath = "data/run/lmtp"\n')
    with running("serve", founded / "data", options(founded)) as server:
        path = founded / "data" / "run" / "lmtp"
        assert server.listeners["lmtp"].host == str(path)
        with smtplib.LMTP(str(path)) as client:
            refused = client.sendmail("a@b.test", [ANA], LETTER.format("over LMTP"))
            assert refused == {}
        with login(server) as reader:
            reader.select("INBOX")
            assert count(reader, "over LMTP") == 1
    assert not path.exists()


def test_connections_over_the_limit_are_told_so(founded: Path) -> None:
    text = (founded / "correo.toml").read_text()
    (founded / "correo.toml").write_text(text.replace("# connections = 10000", "connections = 2"))
    with running("serve", founded / "data", options(founded)) as server:
        listener = server.listeners["smtp"]
        peers: list[socket.socket] = []
        greetings = []
        for _ in range(3):  # one after the other: two workers may each let one in at once
            peers.append(socket.create_connection((listener.host, listener.port), timeout=10))
            greetings.append(peers[-1].recv(1000)[:3])
        for peer in peers:
            peer.close()
        assert greetings == [b"220", b"220", b"421"]


def test_a_certificate_that_cannot_be_used_is_named(founded: Path) -> None:
    text = (founded / "correo.toml").read_text()
    (founded / "correo.toml").write_text(
        text.replace("[tls]", '[tls]\ncertificate = "none.pem"\nkey = "none.key"')
    )
    done = correo("serve", *options(founded, "--port-offset", str(free_port_offset())))
    assert done.returncode == 1
    assert "none.pem cannot be read" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_damaged_database_is_named_once_and_ends_it(founded: Path) -> None:
    (founded / "data" / "node.db").write_bytes(b"damaged" * 1000)
    done = correo("serve", *options(founded, "--port-offset", str(free_port_offset())))
    assert done.returncode == 1
    assert "node.db" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_gives_up_its_privileges_in_the_workers(founded: Path) -> None:
    configure(founded, 'user = "nobody"')
    reachable = founded
    while reachable != Path("/tmp") and reachable != reachable.parent:
        reachable.chmod(0o755)
        reachable = reachable.parent
    for path in (founded / "data").rglob("*"):
        os.chown(path, 65534, 65534)
    with running("serve", founded / "data", options(founded)) as server:
        for pid in workers(server):
            assert Path(f"/proc/{pid}").stat().st_uid == 65534
        deliver(server, "for nobody's server")
        done = correo(
            "account",
            "add",
            "eva@example.test",
            "--password",
            PASSWORD,
            "--config",
            str(founded / "correo.toml"),
        )
        assert done.returncode == 0, done.stderr
        deliver(server, "for eva", "eva@example.test")
        with login(server, "eva@example.test") as client:
            client.select("INBOX")
            assert count(client, "for eva") == 1


@pytest.mark.parametrize("binds", [True, False])
def test_channel_binding_is_offered_as_the_configuration_says(founded: Path, binds: bool) -> None:
    text = (founded / "correo.toml").read_text()
    changed = text.replace("# channel_binding = true", f"channel_binding = {str(binds).lower()}")
    (founded / "correo.toml").write_text(changed)
    with running("serve", founded / "data", options(founded)) as server:
        listener = server.listeners["imaps"]
        context = ssl.create_default_context(cafile=str(server.ca_certificate))
        with imaplib.IMAP4_SSL(
            listener.host, listener.port, ssl_context=context, timeout=20
        ) as client:
            assert "AUTH=SCRAM-SHA-256" in client.capabilities
            assert ("AUTH=SCRAM-SHA-256-PLUS" in client.capabilities) is binds
