"""AUTH: log in by a SASL mechanism.

RFC 4954    4: base64 both ways, "=" is an empty initial response, "*" cancels (501), once per
            connection, not within a transaction; an unknown mechanism is 504 5.5.4; 6 a mechanism
            that needs encryption is 538 5.7.11
"""

import base64
import binascii

from correo.wire.smtp.lines import TOO_LONG
from correo.wire.smtp.server.dialogue import Dialogue
from correo.wire.smtp.server.events import AuthenticationAnswered, AuthenticationBegun
from correo.wire.smtp.server.states import Mode

__all__ = ["take", "take_response"]


def take(dialogue: Dialogue, argument: bytes) -> None:
    mechanism, _, initial = argument.strip().partition(b" ")
    if dialogue.is_authenticated:
        dialogue.reply(503, "5.5.1", "you are logged in already")
    elif not dialogue.mechanisms:
        say_why_not(dialogue)
    elif not mechanism:
        dialogue.reply(501, "5.5.4", "say AUTH mechanism")
    elif mechanism.upper().decode("latin-1") not in dialogue.mechanisms:
        dialogue.reply(504, "5.5.4", "no such mechanism here")
    else:
        begin(dialogue, mechanism.upper().decode(), initial.strip())


def say_why_not(dialogue: Dialogue) -> None:
    if dialogue.offers_tls and not dialogue.is_tls:
        dialogue.reply(538, "5.7.11", "a login needs encryption: say STARTTLS first")
    else:
        dialogue.reply(502, "5.5.1", "nobody logs in here")


def begin(dialogue: Dialogue, mechanism: str, initial: bytes) -> None:
    if not initial:
        dialogue.ask(AuthenticationBegun(mechanism, None))
        return
    try:
        response = b"" if initial == b"=" else base64.b64decode(initial, validate=True)
    except binascii.Error:
        dialogue.reply(501, "5.5.2", "the initial response is not base64")
        return
    dialogue.ask(AuthenticationBegun(mechanism, response))


def take_response(dialogue: Dialogue, line: bytes) -> None:
    """One line of the exchange after a challenge; TOO_LONG ends it too (RFC 4954 4: 500 5.5.6)."""
    has_proved_itself, dialogue.sasl_final = dialogue.sasl_final, False
    dialogue.mode = Mode.COMMANDS
    if line is TOO_LONG:
        dialogue.reply(500, "5.5.6", "the line is too long")
        return
    if line == b"*":
        dialogue.reply(501, "5.7.0", "login cancelled")
        return
    try:
        response = base64.b64decode(line, validate=True)
    except binascii.Error:
        dialogue.reply(501, "5.5.2", "not base64")
        return
    if has_proved_itself:  # RFC 4422 3.6: it has seen our proof and has nothing to add
        succeed(dialogue)
    else:
        dialogue.ask(AuthenticationAnswered(response))


def succeed(dialogue: Dialogue) -> None:
    dialogue.is_authenticated = True
    dialogue.reply(235, "2.7.0", "welcome")
