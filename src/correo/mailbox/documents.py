"""Take the text out of the documents that are attached to a message, one at a time.

Office documents are read in a thread (`message.office`). A PDF is read by a process of its own,
which may use so much time and memory and no more: no library does that within a thread.

Cost: 25 ms for an office document of 100 pages; 0.3 s and more for a PDF, most of it the start of
the process. Only the full-text index and searches for what is near ask for it.
"""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator

from correo.mailbox import pdf_process
from correo.mailbox.sections import read_range
from correo.message.encoding.transfer import decode_body
from correo.message.office import FILE_LIMIT, is_office, text_of_office
from correo.message.structure import Part, Structure
from correo.store.model import Octets

__all__ = ["is_pdf", "text_of_pdf", "texts_of_documents"]

PDF_LIMIT_S = 30.0  # for the process, by the clock; it limits itself by what it uses


async def texts_of_documents(octets: Octets, structure: Structure) -> AsyncIterator[str]:
    """The text of each document whose text can be had; one of them is in memory at a time."""
    for part in structure.walk():
        reader = text_of_office if is_office(part) else text_of_pdf if is_pdf(part) else None
        if reader is not None and part.body_size <= FILE_LIMIT:
            encoded = await read_range(octets, (part.body_offset, part.body_size))
            decoded = await asyncio.to_thread(decode_body, encoded, part.encoding)
            yield await asyncio.to_thread(reader, decoded)


def is_pdf(part: Part) -> bool:
    """Whether a part may be a PDF, by its type or its name."""
    if part.type != "application":
        return False
    return part.subtype in ("pdf", "x-pdf") or part.filename.lower().endswith(".pdf")


def text_of_pdf(octets: bytes) -> str:
    """The text of a PDF, page after page, up to what `pdf_process` may give; "" if it is none.

    Waits for a process: not for the event loop.
    """
    try:
        done = subprocess.run(  # noqa: S603 - our own program; what it reads is no argument
            [sys.executable, "-I", "-m", pdf_process.__name__],
            input=octets,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PDF_LIMIT_S,
            check=False,
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode("utf-8", "replace")
