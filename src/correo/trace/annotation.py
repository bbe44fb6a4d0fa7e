"""Say what a line of a dialogue means, for people who do not know the RFC by heart.

`testing.conversation` shows it beside the lines of a failing test. It knows the words of SMTP, POP3
and IMAP, the reply codes and the enhanced status codes; of what it does not know it says nothing.

RFC 5321    4.1.1, 4.2.3   SMTP commands and reply codes
RFC 3463    3        enhanced status codes
RFC 1939    5, 6, 7  POP3 commands
RFC 9051    6, 7     IMAP commands and responses

Cost: some dictionary look-ups a line; nothing of it runs in a server.
"""

import re

__all__ = ["annotate"]

SMTP_COMMANDS = {
    "EHLO": "the client names itself and asks what is offered (RFC 5321 4.1.1.1)",
    "HELO": "the client names itself, without extensions (RFC 5321 4.1.1.1)",
    "LHLO": "the client names itself, in LMTP (RFC 2033 4.1)",
    "MAIL": "a message begins: who gets the report if it fails (RFC 5321 4.1.1.2)",
    "RCPT": "one recipient (RFC 5321 4.1.1.3)",
    "DATA": "the message itself is to follow (RFC 5321 4.1.1.4)",
    "BDAT": "so many octets of the message follow (RFC 3030 2)",
    "BURL": "a part of the message lies on the IMAP server (RFC 4468 3)",
    "RSET": "the message begun is forgotten (RFC 5321 4.1.1.5)",
    "QUIT": "the client is done (RFC 5321 4.1.1.10)",
    "NOOP": "nothing, but are you there (RFC 5321 4.1.1.9)",
    "VRFY": "is there such a mailbox (RFC 5321 4.1.1.6)",
    "STARTTLS": "the client wants to go on encrypted (RFC 3207 4)",
    "AUTH": "the client logs in (RFC 4954 4)",
}
SMTP_REPLIES = {
    "220": "ready",
    "221": "goodbye",
    "235": "logged in",
    "250": "yes",
    "251": "yes, and it will be forwarded",
    "252": "cannot say, but will try",
    "334": "the login goes on",
    "354": "send the message",
    "421": "the server ends the connection",
    "450": "not now: mailbox not available, try again later",
    "451": "not now: an error on the server's side, try again later",
    "452": "not now: no room, or too many recipients",
    "454": "not now: TLS or login not available",
    "500": "no such command, or too long",
    "501": "wrong argument",
    "502": "command not offered",
    "503": "not in this order",
    "504": "parameter not offered",
    "521": "no mail is taken here",
    "530": "log in first, or start TLS first",
    "534": "this login mechanism is too weak here",
    "535": "wrong name or password",
    "538": "this login needs TLS",
    "550": "no: no such mailbox, or not allowed",
    "551": "no: not a user of this server",
    "552": "no: too large",
    "553": "no: the address cannot be used",
    "554": "no",
    "555": "parameter not known",
}
STATUS_DETAILS = {
    "1.1": "no such mailbox",
    "1.2": "no such domain",
    "1.3": "the recipient's address is malformed",
    "1.7": "the sender's address is malformed",
    "2.1": "the mailbox is switched off",
    "2.2": "the mailbox is full",
    "2.3": "larger than the mailbox takes",
    "3.1": "the server's disk is full",
    "3.2": "the server takes no mail now",
    "3.4": "larger than the server takes",
    "4.1": "the next host does not answer",
    "4.2": "the connection broke",
    "4.7": "it was tried for too long",
    "5.1": "a command in the wrong order or unknown",
    "5.2": "syntax error",
    "5.3": "too many recipients",
    "5.4": "wrong argument",
    "6.6": "the content cannot be had",
    "6.7": "a non-ASCII address needs SMTPUTF8",
    "7.0": "login needed, or not allowed",
    "7.1": "not allowed, as for relaying without a login",
    "7.8": "wrong name or password",
    "7.11": "this needs TLS",
}
POP3_COMMANDS = {
    "USER": "who (RFC 1939 7)",
    "PASS": "the password (RFC 1939 7)",
    "APOP": "who, with a digest of a secret (RFC 1939 7)",
    "AUTH": "the client logs in (RFC 5034 4)",
    "CAPA": "what is offered (RFC 2449 5)",
    "STLS": "the client wants to go on encrypted (RFC 2595 4)",
    "STAT": "how many messages and octets (RFC 1939 5)",
    "LIST": "sizes (RFC 1939 5)",
    "UIDL": "names that last (RFC 1939 7)",
    "RETR": "one whole message (RFC 1939 5)",
    "TOP": "a message's header and first lines (RFC 1939 7)",
    "DELE": "mark for deletion; it takes effect at QUIT (RFC 1939 5)",
    "RSET": "take the marks away (RFC 1939 5)",
    "QUIT": "delete what is marked, and end (RFC 1939 6)",
}
IMAP_COMMANDS = {
    "CAPABILITY": "what is offered (RFC 9051 6.1.1)",
    "STARTTLS": "the client wants to go on encrypted (RFC 9051 6.2.1)",
    "AUTHENTICATE": "the client logs in (RFC 9051 6.2.2)",
    "LOGIN": "the client logs in with a plain password (RFC 9051 6.2.3)",
    "SELECT": "open a mailbox (RFC 9051 6.3.2)",
    "EXAMINE": "open a mailbox for reading only (RFC 9051 6.3.3)",
    "LIST": "which mailboxes (RFC 9051 6.3.9)",
    "STATUS": "counts of a mailbox (RFC 9051 6.3.11)",
    "APPEND": "file a message (RFC 9051 6.3.12)",
    "GENURLAUTH": "let others read a message by its URL (RFC 4467 7)",
    "RESETKEY": "such URLs are good no more (RFC 4467 7)",
    "URLFETCH": "what such an URL names (RFC 4467 7)",
    "IDLE": "tell me what changes (RFC 9051 6.3.13)",
    "FETCH": "parts of messages (RFC 9051 6.4.5)",
    "STORE": "change flags (RFC 9051 6.4.6)",
    "SEARCH": "which messages are like this (RFC 9051 6.4.4)",
    "COPY": "into another mailbox too (RFC 9051 6.4.7)",
    "MOVE": "into another mailbox (RFC 9051 6.4.8)",
    "EXPUNGE": "remove what is marked \\Deleted (RFC 9051 6.4.3)",
    "LOGOUT": "the client is done (RFC 9051 6.1.3)",
}
IMAP_STATES = {"OK": "yes", "NO": "no", "BAD": "not understood", "BYE": "the server ends"}
STATUS = re.compile(r"[245]\.(\d{1,3}\.\d{1,3})\b")


def annotate(protocol: str, side: str, text: str) -> str:
    """What this line means, "" where there is nothing to say.

    Args:
        protocol: the name of the listener: smtp, submission, imaps...
        side: "C" or "S".
        text: the line as the trace has it.
    """
    if protocol.startswith("imap"):
        return of_imap(side, text)
    if protocol.startswith("pop3"):
        return POP3_COMMANDS.get(first_word(text), "") if side == "C" else ""
    if side == "C":
        return SMTP_COMMANDS.get(first_word(text), "")
    return of_smtp_reply(text)


def of_smtp_reply(text: str) -> str:
    if text[3:4] == "-":
        return ""  # the last line of a reply says it
    meaning = SMTP_REPLIES.get(text[:3], "")
    status = STATUS.match(text[4:])
    detail = STATUS_DETAILS.get(status[1], "") if status and text[:1] in "45" else ""
    return f"{meaning.partition(':')[0]}: {detail}" if detail else meaning


def of_imap(side: str, text: str) -> str:
    _, _, rest = text.partition(" ")
    word = first_word(rest)
    if side == "S":
        return IMAP_STATES.get(word, "") if word != "OK" else ""
    if word == "UID":
        return IMAP_COMMANDS.get(first_word(rest[4:]), "") + ", by UID"
    return IMAP_COMMANDS.get(word, "")


def first_word(text: str) -> str:
    return text.split(" ", 1)[0].upper()
