"""One reading of peers' addresses serves every port."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.net.addresses import is_in, is_loopback, is_this_machine, read_address, read_host_port

# id, text, as it is read, loopback?, this machine?
ADDRESSES = [
    ("loopback", "127.0.0.1", "127.0.0.1", True, True),
    ("all of 127", "127.8.9.10", "127.8.9.10", True, True),
    ("IPv6 loopback", "::1", "::1", True, True),
    ("mapped loopback", "::ffff:127.0.0.1", "127.0.0.1", True, True),
    ("mapped", "::ffff:192.0.2.1", "192.0.2.1", False, False),
    ("mapped, in hexadecimal", "::FFFF:c000:201", "192.0.2.1", False, False),
    ("zone", "fe80::1%eth0", "fe80::1", False, False),
    ("elsewhere", "2001:db8::1", "2001:db8::1", False, False),
    ("unspecified", "0.0.0.0", "0.0.0.0", False, False),
    ("Unix socket", "/run/lmtp", None, False, False),
    ("nothing", "", None, False, False),
    ("name", "localhost", None, False, True),
    ("name in capitals", "LocalHost", None, False, True),
    ("other name", "localhost.example", None, False, False),
    ("in brackets", "[::1]", None, False, True),
]


@pytest.mark.parametrize(
    ("text", "read", "is_ours", "is_here"),
    [pytest.param(*case[1:], id=case[0]) for case in ADDRESSES],
)
def test_an_address_is_read_and_known_for_this_machine(
    text: str, read: str | None, is_ours: bool, is_here: bool
) -> None:
    address = read_address(text)
    assert (None if address is None else str(address)) == read
    assert is_loopback(text) is is_ours
    assert is_this_machine(text) is is_here


NETWORKS = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]


@pytest.mark.parametrize(
    ("text", "lies_in"),
    [
        ("192.0.2.7", True), ("::ffff:192.0.2.7", True), ("2001:db8:1::", True),
        ("192.0.3.7", False), ("2001:db9::", False), ("/run/lmtp", False), ("", False),
    ],
)  # fmt: skip
def test_a_network_holds_its_addresses_however_they_are_written(text: str, lies_in: bool) -> None:
    assert is_in(text, NETWORKS) is lies_in


HOSTS = [
    ("mail.example", ("mail.example", 25)),
    ("mail.example:995", ("mail.example", 995)),
    ("[::1]:2110", ("::1", 2110)),
    ("[::1]", ("::1", 25)),
    ("::1", ("::1", 25)),
    ("192.0.2.1:65535", ("192.0.2.1", 65535)),
]


@pytest.mark.parametrize(("text", "read"), HOSTS)
def test_a_host_may_have_a_port(text: str, read: tuple[str, int]) -> None:
    assert read_host_port(text, 25) == read


@pytest.mark.parametrize(
    "text", ["", ":25", "h:", "h:0", "h:x", "h:70000", "h:²", "h:-1", "[::1", "[::1]25", "[]:25"]
)
def test_what_is_no_host_and_port_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="HOST:PORT"):
        read_host_port(text, 25)


@given(st.text())
def test_any_text_is_an_address_or_none(text: str) -> None:
    is_in(text, NETWORKS)
    is_this_machine(text)
    try:
        read_host_port(text, 25)
    except ValueError:
        pass
