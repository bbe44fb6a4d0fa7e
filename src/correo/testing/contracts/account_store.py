"""What every account store must do: the whole contract, for a backend's tests to subclass."""

from correo.testing.contracts.acl import AclContract
from correo.testing.contracts.changes import ChangesContract
from correo.testing.contracts.entries import EntriesContract
from correo.testing.contracts.mailboxes import MailboxesContract

__all__ = ["AccountStoreContract"]


class AccountStoreContract(MailboxesContract, EntriesContract, ChangesContract, AclContract):
    """Subclass it, with `run` that makes an empty store with an account "ana" and plays the
    scenario, and `collected` that collects blobs."""
