"""Keep the client's picture of the open mailbox current with what the server says.

RFC 9051    5.2, 7.4, 7.5   untagged responses that may come at any time
"""

from collections.abc import Iterable

from correo.clients.imap.model import CopiedMessages, SelectedMailbox
from correo.wire.imap.response_types import (
    Exists,
    Expunged,
    FetchData,
    FlagsKnown,
    Response,
    ResponseCode,
    StatusLine,
    TaggedStatus,
    Vanished,
)
from correo.wire.imap.value_shapes import spans
from correo.wire.imap.values import Value

__all__ = ["Picture", "copied", "spans_of"]

NEWS_LIMIT = 10_000  # responses kept for wait_for_change; older ones are forgotten


class Picture:
    """mailbox: None while none is open."""

    def __init__(self) -> None:
        self.mailbox: SelectedMailbox | None = None
        self._opening: SelectedMailbox | None = None
        self._news: list[Response] = []

    def begin(self, name: str) -> None:
        """A SELECT is on its way; what comes now is about this mailbox."""
        self._opening = SelectedMailbox(name)
        self.mailbox = None

    def selected(self, status: TaggedStatus) -> SelectedMailbox:
        """It is open."""
        opened = self._opening or SelectedMailbox("")
        opened.read_only = status.code is not None and status.code.name == "READ-ONLY"
        self.mailbox, self._opening = opened, None
        self._news.clear()
        return opened

    def take_news(self) -> list[Response]:
        news, self._news = self._news, []
        return news

    @property
    def has_news(self) -> bool:
        return bool(self._news)

    def note(self, response: Response) -> None:
        mailbox = self._opening or self.mailbox
        if mailbox is None:
            return
        if isinstance(response, Exists):
            mailbox.exists = response.count
        elif isinstance(response, Expunged):
            mailbox.exists = max(0, mailbox.exists - 1)
        elif isinstance(response, Vanished):
            if response.earlier:
                mailbox.vanished += response.uids
            else:
                gone = sum(high - low + 1 for low, high in response.uids)
                mailbox.exists = max(0, mailbox.exists - gone)
        elif isinstance(response, FlagsKnown):
            mailbox.flags = response.flags
        elif isinstance(response, StatusLine):
            if response.code is not None:
                note_code(mailbox, response.code)
            return
        elif isinstance(response, FetchData):
            if self._opening is not None:
                mailbox.changed.append(response)
        else:
            return
        if len(self._news) < NEWS_LIMIT:
            self._news.append(response)


def note_code(mailbox: SelectedMailbox, code: ResponseCode) -> None:
    if code.name == "UIDVALIDITY":
        mailbox.uid_validity = code.number()
    elif code.name == "UIDNEXT":
        mailbox.uid_next = code.number()
    elif code.name == "HIGHESTMODSEQ":
        mailbox.highest_modseq = code.number()
    elif code.name == "PERMANENTFLAGS" and code.values and isinstance(code.values[0], list):
        mailbox.permanent_flags = words(code.values[0])
    elif code.name == "MAILBOXID" and code.values and isinstance(code.values[0], list):
        mailbox.mailbox_id = "".join(words(code.values[0]))


def words(values: Iterable[Value]) -> tuple[str, ...]:
    return tuple(value.decode("utf-8", "replace") for value in values if isinstance(value, bytes))


def spans_of(value: Value) -> list[int]:
    """The numbers of a set; [] if it is none."""
    try:
        return [number for low, high in spans(value) for number in range(low, high + 1)]
    except ValueError:
        return []


def copied(responses: Iterable[Response]) -> CopiedMessages:
    """What COPYUID says, wherever the server put it (RFC 6851 4.3: untagged for MOVE)."""
    for response in responses:
        code = response.code if isinstance(response, StatusLine) else None
        if code is not None and code.name == "COPYUID" and len(code.values) == 3:
            uid_validity = code.values[0]
            return CopiedMessages(
                int(uid_validity)
                if isinstance(uid_validity, bytes) and uid_validity.isdigit()
                else None,
                spans_of(code.values[1]),
                spans_of(code.values[2]),
            )
    return CopiedMessages()
