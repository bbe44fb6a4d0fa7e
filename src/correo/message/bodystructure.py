"""Render the MIME tree as ready IMAP BODYSTRUCTURE and BODY.

RFC 9051    7.5.2    BODYSTRUCTURE, BODY, their fields and extension data
            9        body, body-type-mpart, body-fld-*
RFC 2231    3        continuations of parameters are joined; a value with a charset is shown as
                     "name*" with the form charset'language'percent-encoded, which every client
                     that knows RFC 2231 reads

A text part without charset is shown with "us-ascii", its default (RFC 2046 4.1.2).

Departures: types, subtypes and encodings are shown in lower case. A Content-Language of one
language is shown as a list of one.

Cost: the parts of the line that come from Content-Type alone are cached.
"""

from functools import lru_cache

from correo.message.encoding.parameters import merge_continuations, parse_parameterized
from correo.message.envelope import render_envelope
from correo.message.headers import unfold
from correo.message.mime import CACHED_LIMIT, ContentType, Node, is_token
from correo.message.nstring import nstring, string

__all__ = ["render_body"]

_EXTENDING = frozenset({b"content-disposition", b"content-language", b"content-location"})

Parameters = list[tuple[bytes, bytes]]


def render_body(node: Node) -> tuple[bytes, bytes]:
    """(BODYSTRUCTURE, BODY) of a part and all below it, with their parentheses."""
    if node.children:
        return _multipart(node)
    body = _basic_fields(node)
    if node.message is not None:
        return _embedding(node, body)
    if node.part.type == "text":
        body = b"%b %d" % (body, node.part.lines)
    return b"(%b %b)" % (body, _extension(node)), b"(%b)" % body


def _multipart(node: Node) -> tuple[bytes, bytes]:
    rendered = [render_body(child) for child in node.children]
    subtype = string(node.part.subtype.encode("ascii"))
    full = b"".join([full for full, _ in rendered])
    short = b"".join([short for _, short in rendered])
    parameters = render_parameters(node.content_type.parameters)
    extension = b"%b %b" % (parameters, _common_extension(node))
    return b"(%b %b %b)" % (full, subtype, extension), b"(%b %b)" % (short, subtype)


def _embedding(node: Node, basic: bytes) -> tuple[bytes, bytes]:
    assert node.message is not None
    full, short = render_body(node.message)
    envelope = render_envelope(node.message.fields)
    lines = node.part.lines
    return (
        b"(%b %b %b %d %b)" % (basic, envelope, full, lines, _extension(node)),
        b"(%b %b %b %d)" % (basic, envelope, short, lines),
    )


def _basic_fields(node: Node) -> bytes:
    part = node.part
    return b"%b %b %b %b %d" % (
        _type_and_parameters(node.content_type),
        _string(node, b"content-id"),
        _string(node, b"content-description"),
        string(part.encoding.encode("ascii", "replace")),
        part.body_size,
    )


@lru_cache(maxsize=1024)
def _type_and_parameters(content_type: ContentType) -> bytes:
    parameters = content_type.parameters
    if content_type.type == "text" and "charset" not in content_type.decoded:
        parameters = [*parameters, (b"charset", b"us-ascii")]
    return b"%b %b %b" % (
        string(content_type.type.encode("ascii")),
        string(content_type.subtype.encode("ascii")),
        render_parameters(parameters),
    )


def render_parameters(parameters: Parameters) -> bytes:
    """A body parameter parenthesized list, NIL if empty."""
    if not parameters:
        return b"NIL"
    pairs = merge_continuations(parameters)
    return b"(%b)" % b" ".join([b"%b %b" % (string(name), string(value)) for name, value in pairs])


def _extension(node: Node) -> bytes:
    return b"%b %b" % (_string(node, b"content-md5"), _common_extension(node))


def _common_extension(node: Node) -> bytes:
    """Disposition, language, location."""
    if _EXTENDING.isdisjoint(node.fields):
        return b"NIL NIL NIL"
    return b"%b %b %b" % (
        _disposition(node), _language(node), _string(node, b"content-location"),
    )  # fmt: skip


def _string(node: Node, name: bytes) -> bytes:
    values = node.fields.get(name)
    return nstring(unfold(values[0])) if values else b"NIL"


def _disposition(node: Node) -> bytes:
    values = node.fields.get(b"content-disposition")
    if not values:
        return b"NIL"
    value = values[-1]
    return (_cached_disposition if len(value) < CACHED_LIMIT else render_disposition)(value)


def render_disposition(value: bytes) -> bytes:
    """A body disposition, from the folded value of its field; NIL if its kind is no token."""
    kind, parameters = parse_parameterized(unfold(value))
    if not is_token(kind):
        return b"NIL"
    return b"(%b %b)" % (string(kind.lower()), render_parameters(parameters))


_cached_disposition = lru_cache(maxsize=256)(render_disposition)


def _language(node: Node) -> bytes:
    values = node.fields.get(b"content-language")
    languages = parse_parameterized(unfold(values[0]))[0].split(b",") if values else []
    named = [string(language.strip()) for language in languages if language.strip()]
    return b"(%b)" % b" ".join(named) if named else b"NIL"
