"""Speak the server's side of IMAP: commands in as events, answers out as octets.

`ImapServerEngine(settings)`; `receive(octets) -> list[event]`, the events of
`wire.imap.commands`. One command is open at a time: until it is finished, what the client
pipelined waits in the buffer. The engine answers by itself CAPABILITY, LOGOUT, syntax errors,
commands in the wrong state and literals that are too large.

What the session calls:

    set_capabilities(b"IMAP4rev2 IMAP4rev1 ...")   what CAPABILITY shows from now on
    greet(text) / greet_preauthenticated(text)      the greeting, with the capabilities
    bye(text, code=b"")                             farewell; is_closed from then on

    finish(tag, Condition.OK | NO | BAD, text, code=b"")
        the tagged answer; ends the open command and moves the state along: OK to LOGIN and
        AUTHENTICATE -> AUTHENTICATED, OK to SELECT -> SELECTED, NO to SELECT, OK to CLOSE and
        UNSELECT -> AUTHENTICATED
    send_untagged(octets)           "* " octets CRLF, at any time the session sees fit
    send_lines(list[Chunk])         ready lines (each begins "* " and ends CRLF); may hold blob slices
    deselect()                      the mailbox is gone: -> AUTHENTICATED

    begin_tls(tag)                  answer to StartTls: OK, what the client sent after it is dropped
    challenge(octets)               answer to Authenticate and AuthenticateResponse: "+ base64"
    enable(tag, names)              answer to Enable: "* ENABLED names"; the engine switches itself to
                                    UTF-8 names for IMAP4REV2 and UTF8=ACCEPT. Then finish
    accept_idle()                   answer to Idle: "+ idling"
    accept_message(receiver)        answer to AppendMessage: octets stream into
                                    receiver.write(bytes); receiver.abort() if it ends badly
    refuse_append(text, code)       answer to AppendMessage: a tagged NO; what still comes of the
                                    command is swallowed; finishes the command

What the session may read: `state`, `enabled` (set of capitals: "IMAP4REV2", "UTF8=ACCEPT",
"CONDSTORE", "QRESYNC"), `is_utf8` (names and strings as UTF-8), `open_tag`.
"""

from enum import Enum

__all__ = ["Condition"]


class Condition(Enum):
    """The condition of a tagged answer (RFC 9051 7.1)."""

    OK = b"OK"
    NO = b"NO"
    BAD = b"BAD"
