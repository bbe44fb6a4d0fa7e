"""`correo imap fetch`: whole messages as they are, or one decoded part of each."""

import re
from pathlib import Path

from correo.base.errors import CorreoError
from correo.cli.imap_files import MessageFiles, StandardOutput, write_file
from correo.cli.progress import progress
from correo.clients.imap import ImapClient
from correo.message.encoding import decode_body, decode_charset, decode_words
from correo.wire.imap.body_structure import BodyPart
from correo.wire.imap.response_types import FetchData

__all__ = ["fetch_parts", "fetch_whole"]


async def fetch_whole(client: ImapClient, uids: str, section: str, output: Path | None) -> int:
    """Messages or headers as they are; how many there were."""
    label = b"BODY[%b]" % section.encode("ascii")
    count = 0
    total = await total_size(client, uids, section)
    with progress("fetching", total, octets=True) as advance:
        target: MessageFiles | StandardOutput = (
            StandardOutput() if output is None else MessageFiles(output, advance)
        )
        try:
            async for data in client.fetch(uids, f"(UID BODY.PEEK[{section}])", sink=target.sink):
                if label in data.sections:
                    target.keep(data.number, f"{data.uid}.eml", data.octets(label))
                    count += 1
        finally:
            target.close()
    return count


async def total_size(client: ImapClient, uids: str, section: str) -> int | None:
    if section:
        return None
    return sum([data.size or 0 async for data in client.fetch(uids, "(RFC822.SIZE)")])


async def fetch_parts(client: ImapClient, uids: str, part: str | None, output: Path | None) -> int:
    """One part of each message, decoded: the one named, or the text."""
    structures = [
        data async for data in client.fetch(uids, "(UID BODYSTRUCTURE)") if data.structure
    ]
    for data in structures:
        assert data.structure is not None
        chosen = choose_part(data.structure, part)
        if chosen is None:
            raise CorreoError(f"message {data.uid} has no part {part or 'with text'}")
        await fetch_part(client, data, chosen, output, as_text=part is None)
    return len(structures)


def choose_part(structure: BodyPart, part: str | None) -> BodyPart | None:
    parts = [one for one in structure.walk() if one.type != "multipart"]
    if part is not None:
        return next((one for one in parts if one.section == part), None)
    readable = [one for one in parts if one.type == "text" and one.disposition != "attachment"]
    plain = [one for one in readable if one.subtype == "plain"]
    return next(iter(plain or readable), None)


async def fetch_part(
    client: ImapClient,
    data: FetchData,
    part: BodyPart,
    output: Path | None,
    *,
    as_text: bool,
) -> None:
    assert data.uid is not None
    label = b"BODY[%b]" % part.section.encode("ascii")
    octets = b""
    async for answer in client.fetch(data.uid, f"(BODY.PEEK[{part.section}])"):
        octets = octets or answer.octets(label)
    octets = decode_body(octets, part.encoding)
    if as_text:
        charset = part.parameters.get("charset", b"us-ascii").decode("ascii", "replace")
        octets = decode_charset(octets, charset).encode("utf-8")
    if output is None:
        StandardOutput().keep(data.number, "", octets)
        return
    write_file(output / file_name(data.uid, part, as_text=as_text), octets)


def file_name(uid: int, part: BodyPart, *, as_text: bool) -> str:
    """The UID, and the name the sender gave, without what could lead elsewhere."""
    given = "" if as_text else decode_words(part.file_name)
    harmless = re.sub(r"[^\w.() -]+", "_", given).lstrip(".")[:100]
    ending = "txt" if part.type == "text" else "bin"
    return f"{uid}-{harmless}" if harmless else f"{uid}-{part.section}.{ending}"
