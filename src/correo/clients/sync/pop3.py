"""A maildrop for programs without an event loop; what each method does stands in `Pop3Client`."""

from collections.abc import Iterator

from correo.clients.folders import Folder
from correo.clients.pop3.client import Pop3Client
from correo.clients.pop3.collect import Collected, collect, make_plan
from correo.clients.pop3.seen import SeenFile
from correo.clients.sync.bridge import Facade, blocking, iterating, opening

__all__ = ["SyncPop3Client", "open_pop3"]


class SyncPop3Client(Facade[Pop3Client]):
    """A connection; `open_pop3` makes it."""

    ask_capabilities = blocking(Pop3Client.ask_capabilities)
    close = blocking(Pop3Client.close)
    delete = blocking(Pop3Client.delete)
    enable_utf8 = blocking(Pop3Client.enable_utf8)
    login = blocking(Pop3Client.login)
    noop = blocking(Pop3Client.noop)
    quit = blocking(Pop3Client.quit)
    read = blocking(Pop3Client.read)
    reset = blocking(Pop3Client.reset)
    retrieve = blocking(Pop3Client.retrieve)
    retrieve_many = iterating(Pop3Client.retrieve_many)
    sizes = blocking(Pop3Client.sizes)
    stat = blocking(Pop3Client.stat)
    top = blocking(Pop3Client.top)
    unique_ids = blocking(Pop3Client.unique_ids)
    _plan = blocking(make_plan)
    _collect = iterating(collect)

    def collect(self, folder: Folder, seen: SeenFile, *, keep: bool) -> Iterator[Collected]:
        """Bring what is new into the folder, and end the session.

        Args:
            keep: leave the messages there; otherwise those go whose copy is safe on the disk.

        Raises what `clients.pop3.collect` does.
        """
        plan = self._plan(seen, keep=keep)
        return self._collect(plan, folder, seen, keep=keep)


open_pop3 = opening(Pop3Client.connect, SyncPop3Client, SyncPop3Client.close)
"""A connection in a thread of its own; takes what `Pop3Client.connect` takes.

Without `quit` nothing is deleted (RFC 1939 6)."""
