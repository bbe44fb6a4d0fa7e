"""Ask an IMAP server (Dovecot) for ENVELOPE and BODYSTRUCTURE of the corpus; keep its answers.

`python tests/message/ask_dovecot.py HOST PORT USER PASSWORD` writes corpus/dovecot.json. The
server gets a mailbox named "Corpus", made anew. Not a test: run by hand when the corpus grows.
"""

import imaplib
import json
import re
import sys
from pathlib import Path

CORPUS = Path(__file__).parent / "corpus"


def ask(host: str, port: str, user: str, password: str) -> dict[str, str]:
    """The raw answers by file name, octets as Latin-1 characters."""
    answers = {}
    with imaplib.IMAP4(host, int(port)) as server:
        server.login(user, password)
        server.delete("Corpus")
        server.create("Corpus")
        server.select("Corpus")
        for path in sorted(CORPUS.glob("*.eml")):
            octets = re.sub(rb"\r?\n", b"\r\n", path.read_bytes())
            if not octets or b"\0" in octets:
                continue
            server.append("Corpus", "", "", octets)
            server.noop()
            _, data = server.fetch("*", "(ENVELOPE BODYSTRUCTURE)")
            pieces = [p if isinstance(p, bytes) else p[0] + b"\r\n" + p[1] for p in data if p]
            answers[path.name] = b"".join(pieces).decode("latin-1")
    return answers


if __name__ == "__main__":
    text = json.dumps(ask(*sys.argv[1:5]), indent=0, sort_keys=True)
    (CORPUS / "dovecot.json").write_text(text + "\n", encoding="ascii")
