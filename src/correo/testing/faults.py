"""Let the server of a test fail on demand: refuse, defer, greylist, dawdle, hang up, fill up.

    mail.faults.refuse("RCPT", to="zoe", reply="550 5.1.1 no such user")
    mail.faults.defer("DATA", times=2)
    mail.faults.cut("FETCH", listener="imaps")

A rule says at which command it holds, and for what; the newest that fits is applied. It ends with
the test, or after `times`. CAPABILITY and LOGOUT of IMAP have no rules.

RFC 5321    4.2      replies;  RFC 3463 enhanced status codes
RFC 6647    2        greylisting
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from correo.base.clock import Clock
from correo.base.errors import DamagedStore, Refusal, StorageFull

__all__ = ["CONNECT", "END", "POP3_ANSWERED", "SMTP_ANSWERED", "Faults", "Met", "Rule"]

CONNECT, END = "CONNECT", "END"
WRITING = (END, "APPEND", "COPY", "MOVE", "STORE", "CREATE", "RENAME", "DELETE", "EXPUNGE")
REPLY = re.compile(r"([45]\d\d) (?:([45]\.\d{1,3}\.\d{1,3}) )?(.+)")
READING = ("PASS", "RETR", "SELECT", "STATUS", "FETCH", "SEARCH", "ESEARCH", "SORT", "THREAD")
SMTP_ANSWERED = ("EHLO", "HELO", "LHLO", "NOOP", "RSET", "HELP", "QUIT")  # by the engine itself
POP3_ANSWERED = ("CAPA", "USER", "STAT", "LIST", "UIDL", "DELE", "NOOP", "RSET", "UTF8", "LANG")
SMTP = "CONNECT MAIL RCPT DATA END AUTH STARTTLS VRFY EXPN"
POP3 = "CONNECT STLS PASS AUTH RETR QUIT"
IMAP = (
    "CONNECT STARTTLS LOGIN AUTHENTICATE UNAUTHENTICATE COMPRESS ENABLE ID NAMESPACE NOOP CHECK"
    " SELECT UNSELECT CLOSE LIST STATUS CREATE DELETE RENAME SUBSCRIBE APPEND IDLE NOTIFY"
    " FETCH STORE SEARCH ESEARCH SORT THREAD CANCELUPDATE UIDBATCHES COPY MOVE EXPUNGE COMPARATOR"
    " GETQUOTA GETQUOTAROOT GETMETADATA SETMETADATA"
    " GETACL SETACL DELETEACL LISTRIGHTS MYRIGHTS GENURLAUTH RESETKEY URLFETCH"
)
COMMANDS = frozenset([*f"{SMTP} {POP3} {IMAP}".split(), *SMTP_ANSWERED, *POP3_ANSWERED])


@dataclass(frozen=True, slots=True)
class Met:
    """A command that has come. sender, recipients: of the envelope so far."""

    listener: str
    command: str
    sender: str = ""
    recipients: Collection[str] = ()


@dataclass
class Rule:
    """What happens at a command.

    met: how often it was applied. Call `end` to have it no longer.
    """

    command: str
    to: str = ""
    sender: str = ""
    listener: str = ""
    times: int | None = None
    refusal: Refusal | None = None
    pause_s: float = 0.0
    cuts: bool = False
    greylist_s: float = 0.0
    met: int = 0
    _first_seen: dict[tuple[str, str], float] = field(default_factory=dict)

    def end(self) -> None:
        """The rule holds no longer."""
        self.times = self.met

    def fits(self, met: Met) -> bool:
        """Whether the rule is for what is happening now."""
        return (
            met.command == self.command
            and (self.times is None or self.met < self.times)
            and (not self.listener or met.listener == self.listener)
            and (not self.sender or met.sender.casefold() == self.sender.casefold())
            and (not self.to or self.to.casefold() in (each.casefold() for each in met.recipients))
        )

    def is_over_for(self, met: Met, now: float) -> bool:
        """Of greylisting: whether this sender has waited long enough with this recipient."""
        key = met.sender.casefold(), "".join(met.recipients).casefold()
        return now >= self._first_seen.setdefault(key, now) + self.greylist_s


class Faults:
    """The rules of one test; any thread may add some.

    Every method gives the `Rule` it made, whose `met` counts.
    """

    def __init__(self, domain: str, clock: Clock) -> None:
        self._domain = domain
        self._clock = clock
        self._rules: list[Rule] = []

    def refuse(
        self,
        command: str = "RCPT",
        *,
        to: str = "",
        sender: str = "",
        listener: str = "",
        times: int | None = None,
        reply: str = "550 5.7.1 refused by a rule of this test",
    ) -> Rule:
        """Say no for good.

        Args:
            command: CONNECT, EHLO, MAIL, RCPT, DATA, END (of the message), RSET, NOOP, AUTH...; of
                POP3 STLS, USER, PASS, STAT, LIST, RETR, DELE, QUIT...; of IMAP LOGIN, SELECT, FETCH, APPEND...
            to, sender: a name or an address of the envelope (SMTP).
            listener: only there: smtp, submission, imaps...
            reply: as SMTP says it; IMAP and POP3 say it in their own way.
        """
        return self._add(command, to, sender, listener, times, refusal=refusal_of(reply))

    def defer(
        self,
        command: str = "RCPT",
        *,
        to: str = "",
        sender: str = "",
        listener: str = "",
        times: int | None = None,
        reply: str = "451 4.3.0 deferred by a rule of this test, try again later",
    ) -> Rule:
        """As `refuse`, for now."""
        return self._add(command, to, sender, listener, times, refusal=refusal_of(reply))

    def greylist(self, seconds: float = 300.0, *, to: str = "", listener: str = "") -> Rule:
        """Defer each pair of sender and recipient until it comes again after so many seconds, of
        the virtual clock if the test has one."""
        reply = refusal_of("450 4.2.0 greylisted, try again later")
        return self._add("RCPT", to, "", listener, None, refusal=reply, greylist_s=seconds)

    def slow_down(
        self, seconds: float, command: str = END, *, listener: str = "", times: int | None = None
    ) -> Rule:
        """Answer only after so many real seconds."""
        return self._add(command, "", "", listener, times, pause_s=seconds)

    def cut(
        self,
        command: str = "DATA",
        *,
        to: str = "",
        sender: str = "",
        listener: str = "",
        times: int | None = None,
    ) -> Rule:
        """Cut the connection instead of an answer. At END the message is not taken."""
        return self._add(command, to, sender, listener, times, cuts=True)

    def fill_disk(self) -> list[Rule]:
        """Refuse whatever would have to be written, as the server does when its disk is full."""
        return self._without_disk(WRITING, StorageFull())

    def lose_disk(self) -> list[Rule]:
        """Refuse whatever needs the store, to read or to write, as the server does when its disk
        is gone: mail is told to come later, nobody gets into a maildrop or a mailbox."""
        gone = DamagedStore("the disk is gone, says this test")
        return self._without_disk((*WRITING, *READING), gone)

    def _without_disk(self, commands: Iterable[str], refusal: Refusal) -> list[Rule]:
        places = [(command, "") for command in commands]
        places += [("QUIT", "pop3"), ("QUIT", "pop3s")]  # where it removes messages
        return [self._add(each, "", "", at, None, refusal=refusal) for each, at in places]

    def end(self) -> None:
        """All is well again."""
        self._rules.clear()

    # the server's side

    def find(self, met: Met) -> Rule | None:
        """The rule to apply now, which is counted; None if all goes its way."""
        for rule in reversed(self._rules):
            if not rule.fits(met):
                continue
            if rule.greylist_s and rule.is_over_for(met, self._clock.now()):
                continue
            rule.met += 1
            return rule
        return None

    def _add(
        self,
        command: str,
        to: str,
        sender: str,
        listener: str,
        times: int | None,
        *,
        refusal: Refusal | None = None,
        pause_s: float = 0.0,
        cuts: bool = False,
        greylist_s: float = 0.0,
    ) -> Rule:
        word = command.upper()
        if word not in COMMANDS:
            raise ValueError(f"no rule can hold at {command!r}: there are {sorted(COMMANDS)}")
        rule = Rule(
            word, self._named(to), self._named(sender), listener, times,
            refusal, pause_s, cuts, greylist_s,
        )  # fmt: skip
        self._rules.append(rule)
        return rule

    def _named(self, name: str) -> str:
        return f"{name}@{self._domain}" if name and "@" not in name else name


def refusal_of(reply: str) -> Refusal:
    """Raises ValueError: it is no reply that says no."""
    match = REPLY.fullmatch(reply)
    if match is None:
        raise ValueError(f"a reply is like '550 5.1.1 no such user', not {reply!r}")
    status = match[2] or f"{reply[0]}.0.0"
    return Refusal(status, match[3], reply=int(match[1]))
