"""A bare IMAP and POP3 client that costs little: whole answers read at once, nothing parsed."""

import selectors
import socket
import ssl
from collections.abc import Sequence

CONTEXT = ssl.create_default_context()
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE  # the server under test has made its own certificate


class Imap:
    """One IMAP connection; commands are answered in order."""

    def __init__(self, port: int, user: str, password: str, *, starttls: bool = False) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.number = 0
        self.rest = b""
        self.until(b"\r\n")
        if starttls:
            self.command("STARTTLS")
            self.socket = CONTEXT.wrap_socket(self.socket)
        self.command(f'LOGIN "{user}" "{password}"')

    def until(self, mark: bytes) -> bytes:
        """Read up to and including a mark."""
        parts = [self.rest]
        tail = self.rest
        while mark not in tail:
            octets = self.socket.recv(1 << 20)
            if not octets:
                raise ConnectionError("the server closed the connection")
            parts.append(octets)
            tail = tail[-len(mark) :] + octets
        everything = b"".join(parts)
        end = everything.rindex(mark) + len(mark)
        self.rest = everything[end:]
        return everything[:end]

    def command(self, text: str, literal: bytes = b"") -> bytes:
        """Send a command (a literal follows with `+`) and return everything up to its answer."""
        self.number += 1
        tag = b"x%06d" % self.number
        octets = tag + b" " + text.encode()
        if literal:
            octets += b" {%d+}\r\n" % len(literal) + literal
        self.socket.sendall(octets + b"\r\n")
        answer = self.until_tagged(tag)
        last = answer[answer.rfind(b"\r\n" + tag) + 2 :] if b"\r\n" + tag in answer else answer
        if not last.startswith(tag + b" OK"):
            raise RuntimeError(f"{text[:60]}: {last[:200]!r}")
        return answer

    def until_tagged(self, tag: bytes) -> bytes:
        parts = [self.rest]
        tail = b"\r\n" + self.rest
        mark = b"\r\n" + tag + b" "
        while True:
            found = tail.find(mark)
            if found >= 0 and tail.find(b"\r\n", found + 2) >= 0:
                break
            octets = self.socket.recv(1 << 20)
            if not octets:
                raise ConnectionError("the server closed the connection")
            parts.append(octets)
            tail = tail[-4096:] + octets if found < 0 else tail[found:] + octets
        self.rest = b""
        return b"".join(parts)

    def messages(self, mailbox: str = "INBOX") -> int:
        answer = self.command(f'STATUS "{mailbox}" (MESSAGES)')
        return int(answer.split(b"MESSAGES ", 1)[1].split(b")", 1)[0])

    def close(self) -> None:
        self.socket.close()


class Pop3:
    """One POP3 connection, logged in."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=300)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.line()
        self.socket.sendall(f"USER {user}\r\n".encode())
        self.line()
        self.socket.sendall(f"PASS {password}\r\n".encode())
        self.line()

    def line(self) -> bytes:
        octets = b""
        while not octets.endswith(b"\r\n"):
            part = self.socket.recv(4096)
            if not part:
                raise ConnectionError("the server closed the connection")
            octets += part
        if not octets.startswith(b"+OK"):
            raise RuntimeError(repr(octets[:200]))
        return octets

    def short(self, command: bytes) -> bytes:
        self.socket.sendall(command + b"\r\n")
        return self.line()

    def long(self, command: bytes, answers: int = 1) -> int:
        """Send commands with multi-line answers; returns the octets read."""
        self.socket.sendall(command)
        seen = total = 0
        tail = b""
        while seen < answers:
            part = self.socket.recv(1 << 20)
            if not part:
                raise ConnectionError("the server closed the connection")
            total += len(part)
            seen += (tail + part).count(b"\r\n.\r\n")
            tail = part[-4:]
        return total


def in_turn(sockets: Sequence[socket.socket], request: bytes, count: int) -> None:
    """Send a request over each connection as often as said, the next as soon as one is answered.

    The answer is one line, with an OK in it.
    """
    left = dict.fromkeys(sockets, count)
    with selectors.DefaultSelector() as selector:
        for each in sockets:
            selector.register(each, selectors.EVENT_READ)
            each.sendall(request)
        while left:
            for key, _ in selector.select(60):
                peer = key.fileobj
                assert isinstance(peer, socket.socket)
                answer = peer.recv(4096)
                if b" OK" not in answer:
                    raise RuntimeError(repr(answer))
                left[peer] -= answer.endswith(b"\r\n")
                if left[peer]:
                    peer.sendall(request)
                else:
                    del left[peer]
                    selector.unregister(peer)
