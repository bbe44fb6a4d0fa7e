"""RSET, NOOP, QUIT: what keeps a dialogue in order.

RFC 5321    4.1.1.5 RSET, 4.1.1.9 NOOP (an argument is ignored), 4.1.1.10 QUIT
"""

from correo.wire.smtp.server.dialogue import Dialogue

__all__ = ["take_noop", "take_quit", "take_rset"]


def take_rset(dialogue: Dialogue, argument: bytes) -> None:
    if argument.strip():
        dialogue.reply(501, "5.5.4", "RSET stands alone")
        return
    dialogue.reset()
    dialogue.reply(250, "2.0.0", "forgotten")


def take_noop(dialogue: Dialogue, argument: bytes) -> None:  # noqa: ARG001 (ignored, says 4.1.1.9)
    dialogue.reply(250, "2.0.0", "here")


def take_quit(dialogue: Dialogue, argument: bytes) -> None:
    if argument.strip():
        dialogue.reply(501, "5.5.4", "QUIT stands alone")
        return
    dialogue.reset()
    dialogue.reply(221, "2.0.0", f"{dialogue.options.hostname} bye")
    dialogue.close()
