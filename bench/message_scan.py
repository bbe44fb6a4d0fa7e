"""Time the message scanner: `python bench/message_scan.py [--profile CASE]`.

Prints microseconds per scan for each case, best of several rounds, beside the goal, and what
Python's `email` needs for the same octets. No network, no disk.
"""

import argparse
import base64
import cProfile
import email
import pstats
import time
from collections.abc import Callable

from correo.message.scan import scan

HEADER = b"""\
Return-Path: <ana@sender.example>\r
Received: from mx.sender.example (mx.sender.example [192.0.2.1])\r
\tby mail.correo.test (correo) with ESMTPS id 4711ABCDEF\r
\tfor <bob@correo.test>; Mon, 23 Nov 2026 13:52:00 +0000\r
Date: Mon, 23 Nov 2026 13:51:58 +0000\r
From: "Ana Example" <ana@sender.example>\r
To: Bob <bob@correo.test>, carla@correo.test\r
Cc: Dora Example <dora@correo.test>\r
Subject: Re: [list] the plan for tomorrow\r
Message-ID: <20261123135158.4711@sender.example>\r
In-Reply-To: <20261122101010.1234@correo.test>\r
References: <20261120@correo.test> <20261122101010.1234@correo.test>\r
MIME-Version: 1.0\r
"""
LINE = b"All work and no play makes a plain line of text, as it is written every day.\r\n"
PLAIN = HEADER + b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + LINE * 16


def multipart(attachment: bytes, number: int) -> bytes:
    """Text, HTML and an attachment, its boundary unlike any other's."""
    boundary = b"=_correo_%08d_4711" % number
    return b"".join((
        HEADER, b'Content-Type: multipart/mixed; boundary="', boundary, b'"\r\n\r\n--', boundary,
        b"\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n", LINE * 8, b"\r\n--", boundary,
        b"\r\nContent-Type: application/pdf; name=plan.pdf\r\nContent-Transfer-Encoding: base64\r\n"
        b"Content-Disposition: attachment; filename=plan.pdf\r\n\r\n", attachment, b"--", boundary,
        b"--\r\n",
    ))  # fmt: skip


SMALL = base64.encodebytes(bytes(range(256)) * 3).replace(b"\n", b"\r\n")
LARGE = base64.encodebytes(bytes(range(256)) * 3000).replace(b"\n", b"\r\n")
CASES: dict[str, tuple[list[bytes], float]] = {
    "plain 2 KB, 12 fields": ([PLAIN], 100),
    "small multipart": ([multipart(SMALL, n) for n in range(100)], 150),
    "1 MB attachment": ([multipart(LARGE, n) for n in range(4)], 3000),
}


def best_of(work: Callable[[bytes], object], messages: list[bytes], *, rounds: int) -> float:
    """Microseconds for one message in the best round; a round takes about 40 ms or more."""
    start = time.perf_counter()
    work(messages[0])
    loops = max(1, int(0.04 / (time.perf_counter() - start) / len(messages)))
    best = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        for _ in range(loops):
            for message in messages:
                work(message)
        best = min(best, (time.perf_counter() - start) / loops / len(messages) * 1e6)
    return best


def profile(messages: list[bytes]) -> None:
    profiler = cProfile.Profile()
    profiler.enable()
    for _ in range(3000 // len(messages)):
        for message in messages:
            scan(message)
    profiler.disable()
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(40)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--profile", metavar="CASE", help="profile a case, by a beginning of its name"
    )
    options = parser.parse_args()
    for name, (messages, goal) in CASES.items():
        if options.profile is None:
            ours = best_of(scan, messages, rounds=9)
            theirs = best_of(email.message_from_bytes, messages, rounds=3)
            print(
                f"{name:24} {ours:8.1f} µs (goal {goal:.0f})   email.message_from_bytes {theirs:8.1f} µs"
            )
        elif name.startswith(options.profile):
            profile(messages)


if __name__ == "__main__":
    main()
