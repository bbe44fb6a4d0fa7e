"""Render the header of a message as a ready IMAP ENVELOPE.

RFC 9051    7.5.2    the ten members, what stands for absent and for empty fields
            9        envelope, address
RFC 3501    7.4.2    the same for rev1

How it is made of odd headers:
- Strings are unfolded, encoded words left to the client; see `nstring` for 8-bit octets.
- Of a string field that comes twice the last counts: DKIM signs from the end (RFC 6376 5.4.2),
  so one put in front later is not shown as if signed. Address fields that come twice are joined,
  so that no address is hidden from who looks only at the envelope. Dovecot does both.
- An address without a domain has "" as its host, for NIL would make a group of it.

Cost: one regex match for each usual address, a few for each string. On the hot path.
"""

from correo.message.address_list import FlatAddress, read_flat
from correo.message.headers import unfold
from correo.message.nstring import is_plain, nstring

__all__ = ["Fields", "render_envelope"]

Fields = dict[bytes, list[bytes]]


def render_envelope(fields: Fields) -> bytes:
    """The ENVELOPE with its parentheses, from folded values by lower-case name."""
    sender = _addresses(fields, b"from")
    return b"(%b %b %b %b %b %b %b %b %b %b)" % (
        _string(fields, b"date"),
        _string(fields, b"subject"),
        sender,
        _addresses(fields, b"sender", sender),
        _addresses(fields, b"reply-to", sender),
        _addresses(fields, b"to"),
        _addresses(fields, b"cc"),
        _addresses(fields, b"bcc"),
        _string(fields, b"in-reply-to"),
        _string(fields, b"message-id"),
    )


def _string(fields: Fields, name: bytes) -> bytes:
    values = fields.get(name)
    return nstring(unfold(values[-1])) if values else b"NIL"


def _addresses(fields: Fields, name: bytes, default: bytes = b"NIL") -> bytes:
    values = fields.get(name)
    if not values:
        return default
    value = unfold(values[0]) if len(values) == 1 else b",".join(map(unfold, values))
    flat = read_flat(value)
    return b"(%b)" % b"".join(map(_address, flat)) if flat else default


def _address(address: FlatAddress) -> bytes:
    name, route, local, domain = address
    if route is None and local is not None and domain is not None:
        if name is None:
            if is_plain(local + domain):
                return b'(NIL NIL "%b" "%b")' % (local, domain)
        elif is_plain(name + local + domain):
            return b'("%b" NIL "%b" "%b")' % (name, local, domain)
    return b"(%b %b %b %b)" % (nstring(name), nstring(route), nstring(local), nstring(domain))
