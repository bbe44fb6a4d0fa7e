"""Names of one's own mailboxes and of others', and no name is both."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.mailbox.names import canonical
from correo.mailbox.namespaces import is_others, prefix_of, split_name

CASES = [
    # id, name, whose and what
    ("an inbox", "Shared/ana@correo.test/INBOX", ("ana@correo.test", "INBOX")),
    ("an inbox in any case", "Shared/ana@correo.test/inBox", ("ana@correo.test", "INBOX")),
    ("a deep one", "Shared/ana@correo.test/a/b", ("ana@correo.test", "a/b")),
    ("a slash in the address", "Shared/a%2Fb@correo.test/x", ("a/b@correo.test", "x")),
    ("a percent in the address", "Shared/a%252Fb@correo.test/x", ("a%2Fb@correo.test", "x")),
    ("the level of an owner", "Shared/ana@correo.test", ("ana@correo.test", "")),
    ("nothing below it", "Shared/ana@correo.test/", ("ana@correo.test", "")),
    ("an own one", "INBOX", None),
    ("an own one below Shared", "Shared/Recipes/ana@correo.test", None),
    ("the namespace", "Shared/", None),
    ("another case", "shared/ana@correo.test/INBOX", None),
    ("in its depths", "x/Shared/ana@correo.test/INBOX", None),
]


@pytest.mark.parametrize(("name", "parts"), [pytest.param(n, p, id=i) for i, n, p in CASES])
def test_a_name_says_whose_mailbox_it_is(name: str, parts: tuple[str, str] | None) -> None:
    assert split_name(name) == parts
    assert is_others(name) is (parts is not None)


@given(st.text(), st.text(), st.text())
def test_what_is_made_of_an_address_leads_back_to_it(local: str, domain: str, name: str) -> None:
    address = f"{local}@{domain}"
    whole = prefix_of(address) + name
    assert whole.count("/") == 2 + name.count("/")
    assert split_name(whole) == (unicodedata.normalize("NFC", address), canonical(name))


@given(st.text())
def test_any_name_is_somebodys(name: str) -> None:
    parts = split_name(name)
    assert parts is None or "@" in parts[0]
