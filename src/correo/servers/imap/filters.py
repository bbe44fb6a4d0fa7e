"""FILTER within a search: put the search that was kept under a name in its place.

RFC 5466    2        filters are annotations of the account; private ones come before shared ones
            3.1      FILTER may stand in filters too, three levels at least; UNDEFINED-FILTER

Departures: filters that name each other in a circle end as if they were not defined.

Cost: one look at the account's annotations, if there is a FILTER at all.
"""

from collections.abc import Mapping

from correo.servers.imap.criteria import every, mapped
from correo.servers.imap.refusals import Misused, UndefinedFilter
from correo.servers.imap.session import ImapSession
from correo.wire.imap import search_keys as keys
from correo.wire.imap.arguments import BadCommand
from correo.wire.imap.parsers.search import read_program
from correo.wire.imap.search_keys import SearchKey

__all__ = ["without_filters"]

DEPTH_LIMIT = 10  # filters within filters; ours
PLACES = ("/private/filters/values/", "/shared/filters/values/")


async def without_filters(session: ImapSession, key: SearchKey) -> SearchKey:
    """The same search with what the filters stand for. Raises UndefinedFilter."""
    if not any(isinstance(each, keys.FilterKey) for each in every(key)):
        return key
    return replaced(key, await session.account.annotations(None), DEPTH_LIMIT)


def replaced(key: SearchKey, notes: Mapping[str, bytes], depth: int) -> SearchKey:
    def meant(each: SearchKey) -> SearchKey:
        if not isinstance(each, keys.FilterKey):
            return each
        return replaced(named(each.name, notes, depth), notes, depth - 1)

    return mapped(key, meant)


def named(name: str, notes: Mapping[str, bytes], depth: int) -> SearchKey:
    """The search kept under a name."""
    kept = [notes[place + name.lower()] for place in PLACES if place + name.lower() in notes]
    if not kept or not depth:
        raise UndefinedFilter(name)
    try:
        key, mentions_modseq = read_program(kept[0])
    except BadCommand:
        raise UndefinedFilter(name) from None
    if mentions_modseq:
        raise Misused("a filter cannot ask for MODSEQ")
    return key
