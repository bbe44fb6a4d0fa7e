"""Remember what a session wants to be told, and wake it when there is something.

IDLE, NOTIFY, and searches that are followed; what is told then stands in `telling`.

RFC 9051    6.3.13   IDLE
RFC 5465    3.1, 4   NOTIFY in place of what is told otherwise, IDLE included
RFC 5267    4.3      searches end with the mailbox

Cost: nothing at rest but the object.
"""

from collections.abc import Collection
from typing import TYPE_CHECKING

from correo.mailbox.view import View
from correo.servers.imap import telling
from correo.servers.imap.following import Following
from correo.servers.imap.places import Place

if TYPE_CHECKING:
    from correo.servers.imap.notifying import Notifying
    from correo.servers.imap.session import ImapSession

__all__ = ["Attention"]


class Attention:
    """One session's.

    is_idling: IDLE is under way.
    notifying: what NOTIFY has asked for; None before the first.
    following: searches in the selected mailbox; None if there are none.
    """

    __slots__ = ("_session", "following", "is_idling", "notifying")

    def __init__(self, session: "ImapSession") -> None:
        self._session = session
        self.is_idling = False
        self.notifying: Notifying | None = None
        self.following: Following | None = None

    def follow(self) -> Following:
        """What this session follows in its selected mailbox."""
        if self.following is None:
            self.following = Following()
            self._session.view.touched = set()
        return self.following

    def be_notified(self, notifying: "Notifying | None") -> None:
        """Tell the client this, and nothing else, from now on (RFC 5465 3.1)."""
        before, self.notifying = self.notifying, notifying
        if before is not None:
            before.close()
        self.attend()

    def idle(self, *, is_idling: bool) -> None:
        """IDLE begins or ends."""
        self.is_idling = is_idling
        self.attend()

    def attend(self) -> None:
        """Let the selected mailbox wake the session if the client is to be told at once."""
        view, notifying = self._session.selected, self.notifying
        if view is None:
            return
        if notifying is None:
            view.wants_news = self.is_idling
            return
        view.wants_news = not notifying.is_silent
        items = notifying.selected.items if notifying.selected is not None else ()
        if items or self.following is not None:
            self.follow().items = items

    def leave(self, view: View) -> None:
        """The session leaves its mailbox."""
        self.following = None
        if self.notifying is not None:
            self.notifying.left(view)

    def filed(self, target: Place, uids: Collection[int]) -> None:
        """This client has put messages into a mailbox, perhaps the selected one."""
        if self.notifying is not None:
            self.notifying.filed_itself(target, uids)
        view = self._session.selected
        if view is None or not target.is_same(view.live.account, view.live.mailbox):
            return
        view.live.is_stale = True
        if self.following is not None:
            self.following.own.update(uids)

    def changing(self, name: str) -> None:
        """This client is about to change a mailbox: its name, subscription or annotations."""
        if self.notifying is not None:
            self.notifying.changed_itself(name)

    def tell_soon(self) -> None:
        """Tell what has happened when no command is under way."""
        session = self._session
        session.connection.run(lambda: telling.tell_in_turn(session))
