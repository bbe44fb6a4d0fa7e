"""Open the house to a connection: make what every listener of a process shares, once.

`app.wiring` makes one `MailIntake` per process; `servers/smtp` calls `connect` per connection.
"""

from collections.abc import Callable, Mapping

from correo.accounts.directory import Directory
from correo.base.clock import Clock
from correo.base.errors import Refusal
from correo.intake.accept import Acceptance
from correo.intake.api import IntakeSession, PeerInfo, Role
from correo.intake.policy import Policy
from correo.intake.recipients import Recipients
from correo.intake.settings import DoorSettings
from correo.intake.transaction import Transaction
from correo.queue.ids import new_message_id
from correo.queue.routes import Routes

__all__ = ["MailIntake"]


class MailIntake:
    """An `Intake`.

    Args:
        settings: one per role that has a listener.
        make_id: names a message that arrives at this moment.
    """

    def __init__(
        self,
        settings: Mapping[Role, DoorSettings],
        *,
        directory: Directory,
        acceptance: Acceptance,
        routes: Routes,
        clock: Clock,
        make_id: Callable[[float], str] = new_message_id,
    ) -> None:
        self._policies = {role: Policy(each, directory, clock) for role, each in settings.items()}
        self._directory = directory
        self._acceptance = acceptance
        self._recipients = Recipients(directory, routes)
        self._clock = clock
        self._make_id = make_id

    def connect(self, peer: PeerInfo, role: Role) -> IntakeSession:
        policy = self._policies.get(role)
        if policy is None:
            raise Refusal("4.3.5", f"no door is set up for {role.value}", reply=421)
        return Transaction(
            peer,
            policy=policy,
            recipients=self._recipients,
            acceptance=self._acceptance,
            directory=self._directory,
            clock=self._clock,
            make_id=self._make_id,
        )
