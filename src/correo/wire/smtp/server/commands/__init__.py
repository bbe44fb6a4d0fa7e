"""One file per command: `take(dialogue, argument)` does what the engine can do by itself, and
asks the session the rest. `COMMANDS` is the vocabulary.
"""

from collections.abc import Callable

from correo.wire.smtp.server.commands import (
    auth,
    bdat,
    burl,
    data,
    hello,
    information,
    mail,
    rcpt,
    session,
    starttls,
    xclient,
)
from correo.wire.smtp.server.dialogue import Dialogue

__all__ = ["COMMANDS"]

Command = Callable[[Dialogue, bytes], None]

COMMANDS: dict[bytes, Command] = {
    b"EHLO": hello.take_ehlo,
    b"HELO": hello.take_helo,
    b"LHLO": hello.take_lhlo,
    b"MAIL": mail.take,
    b"RCPT": rcpt.take,
    b"DATA": data.take,
    b"BDAT": bdat.take,
    b"BURL": burl.take,
    b"RSET": session.take_rset,
    b"NOOP": session.take_noop,
    b"QUIT": session.take_quit,
    b"VRFY": information.take_vrfy,
    b"EXPN": information.take_expn,
    b"HELP": information.take_help,
    b"STARTTLS": starttls.take,
    b"AUTH": auth.take,
    b"XCLIENT": xclient.take,
}
