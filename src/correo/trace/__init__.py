"""What happened: recorded dialogues and the journeys of messages, in a ring of limited size.

record     one line of the trace
ring       the files, shared by all processes of a node
dialogue   octets to lines, secrets and bodies left out; smtp, pop3, imap say which those are
recorder   one connection
journey    one message
annotation what a line means
"""

from correo.trace.journey import Journal
from correo.trace.recorder import Tracer
from correo.trace.ring import Ring

__all__ = ["Journal", "Ring", "Tracer"]
