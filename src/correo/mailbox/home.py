"""Find an account's mail; whoever asks first, a letter or a login, has it made."""

from correo.base.errors import NotFound
from correo.store.api import AccountStore, Store
from correo.store.model import AccountId

__all__ = ["mail_of"]


async def mail_of(store: Store, account: AccountId) -> AccountStore:
    """The account's store, open; made if this is its first visit. Raises DamagedStore, StorageFull."""
    try:
        return await store.open(account)
    except NotFound:
        return await store.create(account)
