"""The durable waiting room: what waits, when it is tried next, by which way it leaves. No sockets.

schedule       when to try again, when to say that it is late, when to give up
lease          which process works on a message
batches        many writes, one commit
routes         fixed ways out of here
waiting_room   in, durably; fresh messages go straight to the runner
"""

from correo.queue.routes import NextHop, Routes, Smarthost, read_route
from correo.queue.schedule import Schedule
from correo.queue.waiting_room import Inlet, WaitingRoom

__all__ = [
    "Inlet",
    "NextHop",
    "Routes",
    "Schedule",
    "Smarthost",
    "WaitingRoom",
    "read_route",
]
