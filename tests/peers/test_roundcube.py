"""Roundcube's own IMAP library, as Debian packages it: what it asks for, and what it understands."""

import json
from pathlib import Path

from correo.testing.process import ServerProcess
from correo.testing.programs import need, run

SCRIPT = Path(__file__).with_name("roundcube.php")
LIBRARY = Path("/usr/share/roundcube/program/lib/Roundcube/rcube_imap_generic.php")


def test_roundcube_sorts_threads_searches_and_moves(correo: ServerProcess) -> None:
    assert LIBRARY.is_file(), "roundcube-core is not installed"
    port = str(correo.listeners["imap"].port)
    said = run([need("php"), str(SCRIPT), port, "ana@correo.test", "correo"])
    found = json.loads(said[said.index("{") :])
    assert (found["connected"], found["error"]) == (True, "")
    assert {"INBOX", "Sent", "Trash"} <= set(found["folders"])
    assert found["create"]
    assert found["appended"] == ["1", "2", "3"]
    assert found["sorted"] == ["2", "1", "3"]
    assert found["dates"] == ["2", "1", "3"]
    assert found["threads"] == {"2": [], "1": {"3": []}}
    assert found["refs"] == {"2": [], "1": {"3": []}}
    assert found["search"] == ["2"]
    assert found["headers"] == [[1, "b"], [2, "a"], [3, "Re: b"]]
    assert found["structure"][:2] == ["text", "plain"]
    assert found["body"] == "two mañana\r\n"
    assert found["flag"]
    assert (found["status"]["UNSEEN"], found["status"]["UIDNEXT"]) == ("2", "4")
    assert found["moved"]
    assert found["left"] == 2
    assert found["quota"]
    assert set("lrswipkxtea") <= set(found["rights"])
    assert found["metadata"] == {"Round": {"/private/comment": "tea"}}
    assert found["namespace"]["personal"] == [["", "/"]]
