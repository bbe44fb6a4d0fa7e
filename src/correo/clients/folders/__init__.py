"""Keep fetched messages in folders on this machine: a Maildir, an mbox, or a file each.

`begin` gives a `Draft` that takes a message while it arrives; after `finish` it is on the disk,
whatever happens then. One file per format, the same parts in each.
"""

from correo.clients.folders.eml import EmlFolder
from correo.clients.folders.folder import Draft, Folder
from correo.clients.folders.maildir import Maildir
from correo.clients.folders.mbox import Mbox

__all__ = ["Draft", "EmlFolder", "Folder", "Maildir", "Mbox"]
