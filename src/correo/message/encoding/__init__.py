"""Turn what mail is made of on the wire into what it means, and back: transfer encodings,
charsets, encoded words, parameters."""

from correo.message.encoding.charsets import decode_charset
from correo.message.encoding.parameters import (
    decode_parameters,
    encode_parameter,
    parse_parameterized,
)
from correo.message.encoding.transfer import (
    decode_base64,
    decode_body,
    decode_quoted_printable,
    encode_base64,
    encode_quoted_printable,
    is_known_encoding,
)
from correo.message.encoding.words import decode_words, encode_phrase, encode_unstructured

__all__ = [
    "decode_base64",
    "decode_body",
    "decode_charset",
    "decode_parameters",
    "decode_quoted_printable",
    "decode_words",
    "encode_base64",
    "encode_parameter",
    "encode_phrase",
    "encode_quoted_printable",
    "encode_unstructured",
    "is_known_encoding",
    "parse_parameterized",
]
