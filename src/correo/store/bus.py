"""Wake the sessions that watch an account, in this process and in the others of the node.

After a commit the account store announces which mailbox has changed. Watchers are called from the
event loop, each once per burst. The other processes, which have a Unix socket each in
`<data>/run/bus/`, get a datagram at once, and the next one 5 ms later at the earliest, with
everything announced until then: under load, waking them for each message would cost a tenth of it.

An announcement says that something has happened, never what: whoever is woken asks the store. So
datagrams may come late, double or in any order. One that a busy peer's socket cannot take is not
lost either: the peer is then told, as soon as it reads again, that anything may have changed.

RFC 9051    6.3.13   IDLE, and unsolicited data after other commands

Cost: 1 µs to announce, 10 µs for a datagram; nothing when idle.
"""

import asyncio
import math
import os
import secrets
import socket
import time
from collections.abc import Callable
from pathlib import Path

from correo.store.durable import make_directory
from correo.store.model import AccountId, MailboxId

__all__ = ["Bus", "Woken"]

DATAGRAM_LIMIT = 60_000  # octets; far below the default send buffer of 208 KiB
CLOCK_GRAIN_NS = 100_000_000  # ours; two changes of a directory may carry one time stamp
SPACING_S = 0.005  # ours; half of what a watcher in another process may wait for
RETRY_S = 0.05  # ours; after this a peer whose socket was full is told again
SOCKET_DIRECTORY_LIMIT = 70  # characters; Linux takes 107 for a socket's path, macOS 103
ANYTHING = b"*"  # a datagram: something was missed, look at everything
NUMBER_DIGITS = 10
THE_LIST = 0  # on the wire: the list of mailboxes

Woken = Callable[[MailboxId | None], None]
Changed = dict[str, set[int]]


class Bus:
    """The announcements of one process.

    Args:
        directory: where the processes of this node meet; None for a process on its own.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._watches: dict[str, dict[BusWatch, None]] = {}
        self._changed: Changed = {}
        self._is_flush_due = False
        self._socket: socket.socket | None = None
        self._path: Path | None = None
        self._descriptor = -1  # of the directory, if its own path is too long for a socket
        self._peers: dict[str, bool] = {}  # path -> whether it has missed something
        self._peers_as_of = -1
        self._retry: asyncio.TimerHandle | None = None
        self._untold: Changed = {}  # to the other processes
        self._told_at = -math.inf
        self._telling: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Listen for the other processes, in the running event loop."""
        if self._directory is None or self._socket is not None:
            return
        make_directory(self._directory)
        if len(str(self._directory)) > SOCKET_DIRECTORY_LIMIT:
            self._descriptor = os.open(self._directory, os.O_RDONLY | os.O_CLOEXEC)
            self._directory = Path(f"/proc/self/fd/{self._descriptor}")
        self._path = self._directory / f"{os.getpid()}-{secrets.token_hex(4)}"
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(str(self._path))
        asyncio.get_running_loop().add_reader(self._socket, self._receive)

    def close(self) -> None:
        """Stop listening; watches stay silent from now on."""
        if self._telling is not None:
            self._telling.cancel()
            self._tell_untold()
        if self._retry is not None:
            self._retry.cancel()
        if self._socket is not None and self._path is not None:
            asyncio.get_running_loop().remove_reader(self._socket)
            self._socket.close()
            self._socket = None
            self._path.unlink(missing_ok=True)
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
        self._watches.clear()

    def watch(self, account: AccountId, woken: Woken) -> "BusWatch":
        """Call `woken` after each burst of changes of this account; never at once."""
        watch = BusWatch(self, account, woken)
        self._watches.setdefault(account, {})[watch] = None
        return watch

    def announce(self, account: AccountId, mailbox: MailboxId | None) -> None:
        """Something has changed, durably: in a mailbox, or (None) in the list of them."""
        self._changed.setdefault(account, set()).add(mailbox or THE_LIST)
        if not self._is_flush_due:
            self._is_flush_due = True
            asyncio.get_running_loop().call_soon(self._flush)

    def forget(self, watch: "BusWatch") -> None:
        """Stop calling a watch."""
        watches = self._watches.get(watch.account)
        if watches is not None:
            watches.pop(watch, None)
            if not watches:
                del self._watches[watch.account]

    # inside

    def _flush(self) -> None:
        self._is_flush_due = False
        changed, self._changed = self._changed, {}
        self._wake(changed)
        if self._socket is not None:
            self._tell_soon(changed)

    def _wake(self, changed: Changed) -> None:
        for account, mailboxes in changed.items():
            for watch in list(self._watches.get(account, ())):
                for mailbox in mailboxes:
                    watch.woken(MailboxId(mailbox) if mailbox else None)

    def _wake_everybody(self) -> None:
        for watches in list(self._watches.values()):
            for watch in list(watches):
                watch.woken(None)

    def _tell_soon(self, changed: Changed) -> None:
        for account, mailboxes in changed.items():
            self._untold.setdefault(account, set()).update(mailboxes)
        if self._telling is not None:
            return
        loop = asyncio.get_running_loop()
        wait_s = self._told_at + SPACING_S - loop.time()
        if wait_s <= 0:
            self._tell_untold()
        else:
            self._telling = loop.call_later(wait_s, self._tell_untold)

    def _tell_untold(self) -> None:
        self._telling = None
        self._told_at = asyncio.get_running_loop().time()
        untold, self._untold = self._untold, {}
        self._tell(encode(untold))

    def _tell(self, datagrams: list[bytes]) -> None:
        self._find_peers()
        for peer, has_missed in list(self._peers.items()):
            if not has_missed:  # otherwise ANYTHING is still to be sent, which says this, too
                self._send(peer, datagrams)

    def _send(self, peer: str, datagrams: list[bytes]) -> None:
        sender = self._socket
        assert sender is not None
        try:
            for datagram in datagrams:
                sender.sendto(datagram, peer)
        except BlockingIOError:
            self._peers[peer] = True
            self._retry_later()
        except OSError:  # its process was killed and has left the socket
            del self._peers[peer]
            Path(peer).unlink(missing_ok=True)
        else:
            self._peers[peer] = False

    def _retry_later(self) -> None:
        if self._retry is None:
            loop = asyncio.get_running_loop()
            self._retry = loop.call_later(RETRY_S, self._tell_what_was_missed)

    def _tell_what_was_missed(self) -> None:
        self._retry = None
        for peer, has_missed in list(self._peers.items()):
            if has_missed:
                self._send(peer, [ANYTHING])

    def _find_peers(self) -> None:
        """List the sockets again if the directory has changed since, or may have unseen."""
        directory = self._directory
        assert directory is not None
        changed_at = directory.stat().st_mtime_ns
        if changed_at == self._peers_as_of:
            return
        own = str(self._path)
        found = [str(path) for path in directory.iterdir() if str(path) != own]
        self._peers = {peer: self._peers.get(peer, False) for peer in found}
        is_settled = time.time_ns() - changed_at > CLOCK_GRAIN_NS
        self._peers_as_of = changed_at if is_settled else -1

    def _receive(self) -> None:
        """Take everything that is there, then wake each watcher once."""
        changed: Changed = {}
        try:
            while True:
                datagram = self._socket.recv(DATAGRAM_LIMIT) if self._socket else b""
                if datagram == ANYTHING:
                    self._wake_everybody()
                else:
                    decode(datagram, changed)
        except BlockingIOError:
            self._wake(changed)


class BusWatch:
    """One subscription."""

    __slots__ = ("_bus", "account", "woken")

    def __init__(self, bus: Bus, account: AccountId, woken: Woken) -> None:
        self._bus = bus
        self.account = account
        self.woken = woken

    def close(self) -> None:
        """No more calls, not even for what is announced already."""
        self._bus.forget(self)


def encode(changed: Changed) -> list[bytes]:
    """A line for each account: its id and its mailboxes; as few datagrams as possible."""
    datagrams: list[bytes] = []
    filled = DATAGRAM_LIMIT
    for account, mailboxes in changed.items():
        line = f"{account} {' '.join(map(str, mailboxes))}\n".encode()
        if len(line) > DATAGRAM_LIMIT:
            return [ANYTHING]
        if filled + len(line) > DATAGRAM_LIMIT:
            datagrams.append(b"")
            filled = 0
        datagrams[-1] += line
        filled += len(line)
    return datagrams


def decode(datagram: bytes, changed: Changed) -> None:
    """Add what a datagram says; lines that say nothing are passed over."""
    for line in datagram.decode("utf-8", "replace").splitlines():
        account, *mailboxes = line.split(" ")
        changed.setdefault(account, set()).update(
            int(each) for each in mailboxes if each.isdecimal() and len(each) <= NUMBER_DIGITS
        )
