"""Make text of octets in whatever charset they claim, and never fail over it.

Octets that do not fit become U+FFFD. Charsets mean what mailers mean by them: US-ASCII and
unknown names are read as UTF-8 if they are UTF-8 and as windows-1252 if not, ISO-8859-1 is
read as its superset windows-1252, GB2312 as GB18030, as web browsers and mail programs do.

RFC 2046    4.1.2    charset parameter
RFC 6657             US-ASCII and UTF-8 as defaults of text types
RFC 3629             UTF-8

Departures: the names above. Codecs of Python that are no charsets of mail (idna, punycode,
unicode_escape ...) count as unknown names: they are slow or dangerous on hostile octets.
"""

import codecs
import re
from encodings.aliases import aliases
from functools import lru_cache

__all__ = ["decode_charset", "decode_unlabelled", "known_codec"]

_MEANT = {
    "iso8859-1": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "iso8859-9": "cp1254",
    "tis-620": "cp874",
}
_ALIASES = {
    "unicode-1-1-utf-7": "utf-7",
    "x-sjis": "cp932",
    "x-gbk": "gb18030",
    "x-euc-jp": "euc_jp",
    "x-big5": "big5",
    "windows-874": "cp874",
    "ks_c_5601-1987": "cp949",
    "iso-8859-8-i": "iso8859-8",
    "iso-8859-8-e": "iso8859-8",
    "macintosh": "mac_roman",
    "x-mac-roman": "mac_roman",
    "x-unknown": "us-ascii",
    "unknown-8bit": "us-ascii",
    "default": "us-ascii",
}
# Only these are looked up: Python remembers every name it is asked for, for ever.
_NAMES = frozenset(aliases) | frozenset(aliases.values()) | {
    "cp720", "cp737", "cp856", "cp874", "cp875", "cp1006", "koi8_t", "koi8_u", "mac_arabic",
    "mac_croatian", "mac_farsi", "mac_romanian", "utf_8_sig",
}  # fmt: skip
_NO_CHARSETS = frozenset(
    {"idna", "mbcs", "oem", "punycode", "raw_unicode_escape", "unicode_escape"}
)
_SEPARATORS = re.compile(r"[^a-z0-9]+")


def decode_charset(octets: bytes, charset: str) -> str:
    """Text of octets that claim this charset (any case; "" if none is claimed)."""
    codec = known_codec(charset)
    if codec is None:
        return decode_unlabelled(octets)
    text = octets.decode(codec, "replace")
    if codec == "utf-7":  # the one that lets half characters through
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text


def decode_unlabelled(octets: bytes) -> str:
    """Text of octets whose charset nobody told: UTF-8, or else windows-1252."""
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        return octets.decode("cp1252", "replace")


@lru_cache(maxsize=256)
def known_codec(charset: str) -> str | None:
    """Python's codec for a charset of mail; None for US-ASCII, "" and unknown names."""
    name = charset.strip("\"' \t").lower()
    name = _SEPARATORS.sub("_", _ALIASES.get(name, name))
    if name not in _NAMES or name in _NO_CHARSETS:
        return None
    try:
        info = codecs.lookup(name)
    except LookupError:  # some exist on other systems only
        return None
    if info.name == "ascii" or not info._is_text_encoding:
        return None
    return _MEANT.get(info.name, info.name)
