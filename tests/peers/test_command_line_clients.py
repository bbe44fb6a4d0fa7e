"""The clients people have on their machines, as Debian packages them.

Each test sends or fetches through one program and looks at the result with another.
"""

import imaplib
import os
import smtplib
from pathlib import Path

import pytest

from correo.testing.process import ServerProcess
from correo.testing.programs import need, run
from correo.testing.programs.terminal import Terminal

LETTER = (
    b"From: ana@correo.test\r\nTo: %s\r\nSubject: %s\r\n\r\nFirst line\r\n.a dot\r\n..two dots\r\n"
)
BODY = b"First line\r\n.a dot\r\n..two dots\r\n"


def deliver(correo: ServerProcess, subject: str, to: str = "eva@correo.test") -> None:
    listener = correo.listeners["smtp"]
    with smtplib.SMTP(listener.host, listener.port, timeout=20) as client:
        client.sendmail("zoe@elsewhere.test", [to], LETTER % (to.encode(), subject.encode()))


def stored(correo: ServerProcess, subject: str, user: str, password: str) -> list[bytes]:
    """All messages with this subject in the user's INBOX, as stored."""
    listener = correo.listeners["imap"]
    client = imaplib.IMAP4(listener.host, listener.port, timeout=20)
    client.login(user, password)
    client.select("INBOX", readonly=True)
    _, found = client.search(None, "SUBJECT", f'"{subject}"')
    messages = []
    for number in found[0].split():
        _, answer = client.fetch(number.decode(), "(BODY.PEEK[])")
        part = answer[0]
        assert isinstance(part, tuple)
        messages.append(part[1])
    client.logout()
    return messages


def secret_file(path: Path, text: str) -> str:
    path.write_text(text)
    path.chmod(0o600)
    return str(path)


def test_swaks_submits_with_tls_and_each_login_mechanism(
    correo: ServerProcess, tmp_path: Path
) -> None:
    program = need("swaks")
    listener = correo.listeners["submission"]
    for mechanism in ("PLAIN", "LOGIN"):
        subject = f"swaks {mechanism}"
        run(
            [program, "--server", listener.host, "--port", str(listener.port), "--tls",
             "--auth", mechanism, "--auth-user", "ana@correo.test", "--auth-password", "correo",
             "--from", "ana@correo.test", "--to", "bob@correo.test",
             "--header", f"Subject: {subject}", "--body", "from swaks"]
        )  # fmt: skip
        assert len(stored(correo, subject, "bob@correo.test", "correo")) == 1


def test_swaks_is_refused_relaying_on_the_mx_port(correo: ServerProcess) -> None:
    listener = correo.listeners["smtp"]
    said = run(
        [need("swaks"), "--server", listener.host, "--port", str(listener.port),
         "--from", "a@elsewhere.test", "--to", "b@elsewhere.test"], ok=(24,),
    )  # fmt: skip
    assert "550 5.7.1" in said or "554 5.7.1" in said


def test_curl_sends_and_reads_back_over_imap_and_pop3(
    correo: ServerProcess, tmp_path: Path
) -> None:
    program = need("curl")
    letter = tmp_path / "letter"
    letter.write_bytes(LETTER % (b"eva@correo.test", b"from curl"))
    smtp = correo.listeners["submissions"]
    trust = ["--cacert", correo.ca_certificate, "--silent", "--show-error"]
    run([program, *trust, "--url", f"smtps://localhost:{smtp.port}", "--mail-from", "ana@correo.test",
         "--mail-rcpt", "eva@correo.test", "--user", "ana@correo.test:correo",
         "--upload-file", str(letter)])  # fmt: skip
    imap = correo.listeners["imaps"]
    login = ["--user", "eva@correo.test:secret"]
    listing = run(
        [
            program,
            *trust,
            *login,
            f"imaps://localhost:{imap.port}/INBOX?SUBJECT%20%22from%20curl%22",
        ]
    )
    uid_or_number = listing.split()[-1]
    text = run(
        [program, *trust, *login, f"imaps://localhost:{imap.port}/INBOX;MAILINDEX={uid_or_number}"]
    )
    assert ".a dot" in text
    pop = correo.listeners["pop3s"]
    assert run([program, *trust, *login, f"pop3s://localhost:{pop.port}/"]).split()


def test_msmtp_sends(correo: ServerProcess, tmp_path: Path) -> None:
    listener = correo.listeners["submission"]
    configuration = secret_file(
        tmp_path / "msmtprc",
        "defaults\nauth on\ntls on\n"
        f"tls_trust_file {correo.ca_certificate}\n"
        "account default\n"
        f"host localhost\nport {listener.port}\n"
        "from ana@correo.test\nuser ana@correo.test\npassword correo\n",
    )
    letter = (LETTER % (b"bob@correo.test", b"from msmtp")).replace(b"\r\n", b"\n")
    run([need("msmtp"), "-C", configuration, "bob@correo.test"], given=letter, home=tmp_path)
    [message] = stored(correo, "from msmtp", "bob@correo.test", "correo")
    assert message.endswith(BODY)


def test_mpop_fetches_every_message_into_a_maildir_and_then_nothing_new(
    correo: ServerProcess, tmp_path: Path
) -> None:
    program = need("mpop")
    deliver(correo, "for mpop")
    maildir = tmp_path / "Maildir"
    for part in ("cur", "new", "tmp"):
        (maildir / part).mkdir(parents=True)
    listener = correo.listeners["pop3"]
    configuration = secret_file(
        tmp_path / "mpoprc",
        "defaults\ntls on\ntls_starttls on\nkeep on\n"
        f"tls_trust_file {correo.ca_certificate}\n"
        "account default\n"
        f"host localhost\nport {listener.port}\nuser eva@correo.test\npassword secret\n"
        f"delivery maildir {maildir}\nuidls_file {tmp_path}/uidls\n",
    )
    run([program, "-C", configuration], home=tmp_path)
    fetched = [path.read_bytes() for path in (maildir / "new").iterdir()]
    assert any(b"Subject: for mpop" in message for message in fetched)
    run([program, "-C", configuration], home=tmp_path)
    assert len(list((maildir / "new").iterdir())) == len(fetched)


@pytest.mark.parametrize("protocol", ["pop3", "imap"])
def test_fetchmail_fetches_and_hands_on_to_a_delivery_program(
    correo: ServerProcess, tmp_path: Path, protocol: str
) -> None:
    program = need("fetchmail")
    deliver(correo, f"for fetchmail {protocol}")
    listener = correo.listeners[protocol]
    target = tmp_path / "out"
    configuration = secret_file(
        tmp_path / "fetchmailrc",
        f'poll localhost service {listener.port} protocol {protocol} user "eva@correo.test" '
        f'password "secret" sslproto TLS1.2+ sslcertfile {correo.ca_certificate} '
        f'keep mda "cat >> {target}"\n',
    )
    run([program, "-f", configuration, "--pidfile", str(tmp_path / "pid"), "-i", str(tmp_path / "ids"),
         "--nosyslog", "--all"], home=tmp_path)  # fmt: skip
    assert f"Subject: for fetchmail {protocol}".encode() in target.read_bytes()


@pytest.mark.parametrize("retriever", ["SimplePOP3SSLRetriever", "SimpleIMAPSSLRetriever"])
def test_getmail_fetches_and_hands_on_to_a_delivery_program(
    correo: ServerProcess, tmp_path: Path, retriever: str
) -> None:
    program = need("getmail")
    deliver(correo, f"for getmail {retriever}")
    protocol = "pop3s" if "POP3" in retriever else "imaps"
    target = tmp_path / "out"
    secret_file(
        tmp_path / "getmailrc",
        f"[retriever]\ntype = {retriever}\nserver = localhost\nport = {correo.listeners[protocol].port}\n"
        f"username = eva@correo.test\npassword = secret\nca_certs = {correo.ca_certificate}\n"
        "[destination]\ntype = MDA_external\npath = /usr/bin/tee\n"
        f'arguments = ("-a", "{target}")\nallow_root_commands = true\n'
        "[options]\nread_all = true\ndelete = false\n",
    )
    run([program, f"--getmaildir={tmp_path}"], home=tmp_path)
    assert f"Subject: for getmail {retriever}".encode() in target.read_bytes()


def count_of(correo: ServerProcess, *criteria: str) -> int:
    """How many messages in Eva's INBOX meet the criteria."""
    client = imaplib.IMAP4(correo.listeners["imap"].host, correo.listeners["imap"].port, timeout=20)
    client.login("eva@correo.test", "secret")
    client.select("INBOX", readonly=True)
    _, found = client.search(None, *criteria)
    client.logout()
    return len(found[0].split())


def test_mbsync_mirrors_both_ways_and_keeps_flags(correo: ServerProcess, tmp_path: Path) -> None:
    program = need("mbsync")
    deliver(correo, "for mbsync")
    listener = correo.listeners["imaps"]
    local = tmp_path / "mail"
    local.mkdir()
    configuration = secret_file(
        tmp_path / "mbsyncrc",
        "IMAPAccount correo\n"
        f"Host localhost\nPort {listener.port}\nUser eva@correo.test\nPass secret\nSSLType IMAPS\n"
        f"CertificateFile {correo.ca_certificate}\nAuthMechs LOGIN\n"
        "\nIMAPStore far\nAccount correo\n"
        f"\nMaildirStore near\nPath {local}/\nInbox {local}/INBOX\nSubFolders Verbatim\n"
        "\nChannel all\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\nSyncState *\n",
    )
    run([program, "-c", configuration, "-a"], home=tmp_path)
    inbox = local / "INBOX"
    [mine] = [
        path for part in ("new", "cur") for path in (inbox / part).iterdir()
        if b"Subject: for mbsync" in path.read_bytes()
    ]  # fmt: skip
    base = mine.name.split(":")[0]
    mine.rename(inbox / "cur" / f"{base}:2,FS")
    run([program, "-c", configuration, "-a"], home=tmp_path)
    assert count_of(correo, "FLAGGED", "SEEN", "SUBJECT", '"for mbsync"') == 1


def test_offlineimap_mirrors_both_ways(correo: ServerProcess, tmp_path: Path) -> None:
    program = need("offlineimap")
    deliver(correo, "for offlineimap")
    local = tmp_path / "mail"
    configuration = secret_file(
        tmp_path / "offlineimaprc",
        "[general]\naccounts = correo\nui = quiet\n"
        f"metadata = {tmp_path}/state\nsocktimeout = 30\n"
        "[Account correo]\nlocalrepository = near\nremoterepository = far\n"
        f"[Repository near]\ntype = Maildir\nlocalfolders = {local}\n"
        "[Repository far]\ntype = IMAP\nremotehost = localhost\n"
        f"remoteport = {correo.listeners['imaps'].port}\nremoteuser = eva@correo.test\n"
        f"remotepass = secret\nssl = yes\nsslcacertfile = {correo.ca_certificate}\n",
    )
    run([program, "-c", configuration, "-o"], home=tmp_path)
    [mine] = [
        path for part in ("new", "cur") for path in (local / "INBOX" / part).iterdir()
        if b"Subject: for offlineimap" in path.read_bytes()
    ]  # fmt: skip
    mine.rename(local / "INBOX" / "cur" / (mine.name.split(":")[0] + ":2,FS"))
    (local / "INBOX" / "new" / "1.fresh").write_bytes(b"Subject: put there\n\nlocally\n")
    run([program, "-c", configuration, "-o"], home=tmp_path)
    assert count_of(correo, "FLAGGED", "SEEN", "SUBJECT", '"for offlineimap"') == 1
    assert count_of(correo, "SUBJECT", '"put there"') == 1


def test_mutt_reads_a_folder_sends_an_answer_and_saves_a_copy(
    correo: ServerProcess, tmp_path: Path
) -> None:
    program = need("mutt")
    imap, submission = correo.listeners["imap"], correo.listeners["submission"]
    configuration = secret_file(
        tmp_path / "muttrc",
        f"set certificate_file={correo.ca_certificate}\nset ssl_starttls=yes\nset ssl_force_tls=yes\n"
        f"set ssl_verify_host=no\n"
        f'set folder="imap://ana%40correo.test@localhost:{imap.port}/"\n'
        "set imap_pass=correo\nset smtp_pass=correo\n"
        # Left to itself, Debian's mutt (with libgsasl) chooses SCRAM-SHA-256-PLUS and then gives
        # up, because it cannot tell the library about the TLS channel; a server with such clients
        # has tls.channel_binding = false.
        "set imap_authenticators=scram-sha-256\nset smtp_authenticators=scram-sha-256\n"
        f'set smtp_url="smtp://ana%40correo.test@localhost:{submission.port}/"\n'
        "set from=ana@correo.test\nset realname=Ana\nset copy=yes\nset record=+Sent\n",
    )
    letter = tmp_path / "attachment.bin"
    letter.write_bytes(bytes(range(256)))
    run([program, "-F", configuration, "-s", "from mutt", "-a", str(letter), "--", "bob@correo.test"],
        given=b"With an attachment.\n", home=tmp_path)  # fmt: skip
    [message] = stored(correo, "from mutt", "bob@correo.test", "correo")
    assert b"attachment.bin" in message
    client = imaplib.IMAP4(imap.host, imap.port, timeout=20)
    client.login("ana@correo.test", "correo")
    client.select("Sent", readonly=True)
    _, found = client.search(None, "SUBJECT", '"from mutt"')
    assert len(found[0].split()) == 1
    client.logout()


def test_alpine_shows_sorts_and_deletes(correo: ServerProcess, tmp_path: Path) -> None:
    program = need("alpine")
    deliver(correo, "for alpine")
    port = correo.listeners["imap"].port
    configuration = secret_file(
        tmp_path / "pinerc",
        f"inbox-path={{localhost:{port}/imap/tls/novalidate-cert/user=eva@correo.test}}INBOX\n"
        "personal-name=Eva\nuser-domain=correo.test\nlast-version-used=9.99\n"
        "feature-list=quit-without-confirm,expunge-without-confirm,quell-content-id\n"
        "sort-key=subject\n",
    )
    environment = {**os.environ, "HOME": str(tmp_path)}
    with Terminal([program, "-p", configuration, "-i"], environment) as screen:
        screen.wait_for("PASSWORD")
        screen.type("secret\r")
        screen.wait_for("Preserve password")
        screen.type("n")
        screen.wait_for("for alpine")
        screen.type("w")
        screen.wait_for("Word to search for")
        screen.type("for alpine\r")
        screen.wait_for("Word found")
        screen.type("\r")
        screen.wait_for("Subject: for alpine")
        screen.type("d")
        screen.wait_for("marked for deletion")
        screen.type("q")
        screen.wait_for("Alpine finished")
    assert count_of(correo, "SUBJECT", '"for alpine"') == 0


def test_aerc_reads_sorts_moves_and_is_told_of_new_mail(
    correo: ServerProcess, tmp_path: Path
) -> None:
    program = need("aerc")
    deliver(correo, "for aerc")
    port = correo.listeners["imap"].port
    folder = tmp_path / "config" / "aerc"
    folder.mkdir(parents=True)
    secret_file(
        folder / "accounts.conf",
        f"[eva]\nsource = imap+insecure://eva%40correo.test:secret@localhost:{port}\n"
        "default = INBOX\nfrom = Eva <eva@correo.test>\n",
    )
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "XDG_RUNTIME_DIR": str(tmp_path),
        "TERM": "xterm",
    }
    with Terminal([program], environment) as screen:
        screen.wait_for("for aerc")
        screen.type(":select 0\r")
        screen.type("\r")
        screen.wait_for("(END)")  # of the message, shown by less
        screen.type(":close\r")
        screen.type(":sort subject\r")
        screen.wait_for("for aerc")
        screen.type(":mv Archive\r")
        screen.wait_for("Archive")  # "moved to", word by word
        deliver(correo, "later for aerc")
        screen.wait_for("later for aerc")
        screen.type(":quit\r")
    assert count_of(correo, "SUBJECT", '"for aerc"') == 1
