"""correo: electronic mail, whole, in one package.

The tree reads as the route of a message, outside to inside:
servers (sockets to engines) -> intake (may this come in?) -> filters -> queue -> delivery
-> mailbox (what a mailbox means) -> store (the narrow door to disk).
accounts: who. trace: what happened. clients, cli: the user agents.
wire, message: the languages, pure. net: sockets, TLS, DNS. app: puts the rooms together.
testing: the same server inside other people's tests. base: the ground all stand on.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
