"""The PROXY protocol header, both versions, whole and in pieces."""

import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.base.errors import PeerError
from correo.net.proxy import SIGNATURE, ProxyHeader, parse

V4 = bytes([192, 0, 2, 1, 198, 51, 100, 7]) + struct.pack("!HH", 51000, 25)
V6 = bytes.fromhex("20010db8" + "0" * 23 + "1" + "20010db8" + "0" * 23 + "2") + struct.pack(
    "!HH", 51000, 143
)


def binary(command: int, family: int, payload: bytes) -> bytes:
    return SIGNATURE + struct.pack("!BBH", 0x20 | command, family, len(payload)) + payload


HEADERS = [
    # id           octets                                      source                 destination
    ("v1 IPv4", b"PROXY TCP4 192.0.2.1 198.51.100.7 51000 25\r\n", ("192.0.2.1", 51000), ("198.51.100.7", 25)),
    ("v1 IPv6", b"PROXY TCP6 2001:db8::1 2001:db8::2 51000 143\r\n", ("2001:db8::1", 51000), ("2001:db8::2", 143)),
    ("v1 unknown", b"PROXY UNKNOWN\r\n", None, None),
    ("v1 unknown with more", b"PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None, None),
    ("v2 IPv4", binary(1, 0x11, V4), ("192.0.2.1", 51000), ("198.51.100.7", 25)),
    ("v2 IPv4 with TLV", binary(1, 0x11, V4 + b"\x01\x00\x02h2"), ("192.0.2.1", 51000), ("198.51.100.7", 25)),
    ("v2 IPv6", binary(1, 0x21, V6), ("2001:db8::1", 51000), ("2001:db8::2", 143)),
    ("v2 local", binary(0, 0x00, b""), None, None),
    ("v2 Unix socket", binary(1, 0x31, bytes(216)), None, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("octets", "source", "destination"), [pytest.param(*rest, id=name) for name, *rest in HEADERS]
)
def test_a_header_is_read_and_what_follows_is_left_alone(
    octets: bytes, source: object, destination: object
) -> None:
    assert parse(octets + b"EHLO x\r\n") == ProxyHeader(len(octets), source, destination)  # type: ignore[arg-type]
    for end in range(len(octets)):
        assert parse(octets[:end]) is None


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"EHLO client\r\n", id="no header"),
        pytest.param(b"\x16\x03\x01\x02\x00", id="TLS handshake"),
        pytest.param(b"PROXY TCP4 192.0.2.1 198.51.100.7 51000\r\n", id="a word missing"),
        pytest.param(b"PROXY TCP4 2001:db8::1 2001:db8::2 1 2\r\n", id="wrong family"),
        pytest.param(b"PROXY TCP4 192.0.2.1 198.51.100.7 70000 25\r\n", id="impossible port"),
        pytest.param(b"PROXY TCP9 192.0.2.1 198.51.100.7 7 25\r\n", id="unknown family"),
        pytest.param(b"PROXY " + b"x" * 200, id="endless line"),
        pytest.param(SIGNATURE + b"\x31\x11\x00\x0c" + V4, id="v3"),
        pytest.param(SIGNATURE + b"\x25\x11\x00\x0c" + V4, id="unknown command"),
        pytest.param(SIGNATURE + b"\x21\x11\xff\xff", id="too long"),
        pytest.param(binary(1, 0x21, V4), id="too short for its family"),
    ],
)
def test_what_is_no_header_is_an_error(octets: bytes) -> None:
    with pytest.raises(PeerError):
        parse(octets)


@settings(max_examples=200)
@given(
    st.sampled_from([b"", b"PROXY ", b"PROXY TCP4 ", SIGNATURE, SIGNATURE + b"\x21\x11"]),
    st.binary(max_size=300),
)
def test_any_octets_give_a_header_a_wait_or_a_peer_error(start: bytes, rest: bytes) -> None:
    try:
        header = parse(start + rest)
    except PeerError:
        return
    assert header is None or 0 < header.length <= len(start + rest)
