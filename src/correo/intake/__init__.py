"""May this come in? One envelope: MAIL, RCPT, content in order; then it is ours.

api            what the SMTP server asks
door           one per process; makes a transaction per connection
transaction    MAIL, RCPT, content
policy         who may send, as whom, how much (settings, rates)
recipients     where a recipient is
content        the octets while they arrive (trace_fields in front, submission's changes)
accept         the commit point (handoff: straight into mailboxes)
"""

from correo.intake.accept import Acceptance
from correo.intake.api import Role
from correo.intake.door import MailIntake
from correo.intake.handoff import Handoff
from correo.intake.rates import Rate
from correo.intake.settings import DoorSettings

__all__ = ["Acceptance", "DoorSettings", "Handoff", "MailIntake", "Rate", "Role"]
