"""Read and write sets of rights as access control lists have them.

Inside correo a set of rights is a str of letters, each once, in the order of STANDARD.

RFC 4314    2.1      the standard rights; 2.1.1 "c" and "d", which older clients know
            3.1      uppercase letters and unknown rights are BAD
            7        rights, mod-rights
"""

import re

__all__ = ["STANDARD", "VIRTUAL", "read_rights", "shown"]

STANDARD = "lrswipkxtea"
VIRTUAL = {"c": "kx", "d": "et"}  # what each stands for (RFC 4314 2.1.1)
LETTERS = re.compile(r"[a-z0-9]*")


def read_rights(text: str) -> str:
    """The rights that a client names.

    Raises:
        ValueError: it is no set of rights; the text says what is wrong.
    """
    if not LETTERS.fullmatch(text):
        raise ValueError("rights are lowercase letters")
    named = set(text)
    for letter, members in VIRTUAL.items():
        if letter in named:
            named.remove(letter)
            named.update(members)
    unknown = named.difference(STANDARD)
    if unknown:
        raise ValueError(f"the right {min(unknown)} is not supported")
    return "".join(right for right in STANDARD if right in named)


def shown(rights: str) -> str:
    """With the virtual rights of which a member is there, as MYRIGHTS and ACL have them."""
    virtual = [each for each, members in VIRTUAL.items() if not set(rights).isdisjoint(members)]
    return rights + "".join(virtual)
