"""Be the process that reads one PDF: its octets on standard input, its text on standard output.

A PDF may be made to take any time and memory, so this process sets itself limits before it looks
at it, and is ended by the system if it needs more. What it has written by then counts.

ISO 32000            the format, by pypdf

Cost: 0.2 s to start, then 5 to 50 ms a page.
"""

import io
import logging
import os
import resource
import sys

__all__: list[str] = []

TIME_LIMIT_S = 10  # of the processor
MEMORY_LIMIT = 768 * 1024 * 1024  # octets of address space
TEXT_LIMIT = 1024 * 1024  # characters
PAGES_LIMIT = 2000


def limit() -> None:
    """From here on no more than this; and everybody else first."""
    resource.setrlimit(resource.RLIMIT_CPU, (TIME_LIMIT_S, TIME_LIMIT_S))
    if sys.platform == "linux":  # elsewhere the limit is not kept, or cannot be set
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_LIMIT, MEMORY_LIMIT))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(10)


def write_text(octets: bytes) -> None:
    """Page after page, so that a later one that cannot be read spoils none before it."""
    from pypdf import PdfReader  # here, where the limits hold

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    written = 0
    for page in PdfReader(io.BytesIO(octets)).pages[:PAGES_LIMIT]:
        text = page.extract_text()[: TEXT_LIMIT - written]
        sys.stdout.buffer.write(text.encode("utf-8", "replace") + b"\n")
        sys.stdout.buffer.flush()
        written += len(text)
        if written >= TEXT_LIMIT:
            return


def main() -> None:
    limit()
    try:
        write_text(sys.stdin.buffer.read())
    except Exception:  # whatever a broken file makes the library raise: there is no more text
        sys.exit(1)


if __name__ == "__main__":
    main()
