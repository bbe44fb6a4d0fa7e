"""ENVELOPE and BODYSTRUCTURE agree with Dovecot's, or the difference is named with its reason.

Not counted as differences: case of types, encodings and parameter names; Dovecot's invented
MISSING_MAILBOX and MISSING_DOMAIN, which are empty strings here, and the addresses it makes of
nothing at all (", ,"); white space at the ends of strings and of folds.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from correo.message.scan import scan

ReadList = Callable[[bytes], list[object]]
ANSWERS: dict[str, str] = json.loads(
    (Path(__file__).parent / "corpus" / "dovecot.json").read_text(encoding="ascii")
)

WHOLE_BODY = "a multipart in which its boundary never comes: Dovecot shows an empty part, here the whole body is the part, so that it can be read"
BAD_TYPE = (
    "a Content-Type that cannot be read: Dovecot shows empty strings, RFC 2045 5.2 says text/plain"
)
TRAILING_SLASH = (
    "a type with something behind it: Dovecot shows empty strings, here type and subtype count"
)
LAST_CRLF = "the CRLF before a delimiter belongs to the delimiter (RFC 2046 5.1.1); Dovecot counts it to an embedded message without body"
UNQUOTED = "an unquoted value with spaces or tspecials: Dovecot ends it there"
MISSING_COMMA = "two addresses without a comma between: Dovecot drops what follows the first"
NO_DISPOSITION = "an empty or unreadable Content-Disposition: Dovecot shows an empty string"
EMPTY_TAIL = "Dovecot takes any line that begins with the boundary for a delimiter, or ends an unquoted boundary at '=', and shows empty parts"
SEMICOLON = "a semicolon too many: Dovecot stops reading there, or drops the value"
BOUNDARY_2231 = "a boundary by RFC 2231: Dovecot does not find it"
ADDRESS_NAME = "a display name with an unquoted @: Dovecot takes the name for the address"
RUN_ON = "an unclosed quote: Dovecot drops the parameter"
UNREADABLE_ADDRESS = "words before an address without angle brackets: Dovecot drops the address, here they are its name"
BOUNDARY_SPACE = "a boundary that ends in spaces (RFC 2046 5.1.1 forbids it): Dovecot demands them, here they count as none"
PARAMETER_FORM = "charset*, too, gives the charset: Dovecot adds us-ascii"

DIFFERENT = {
    "cpython__msg_17.txt.eml": WHOLE_BODY,
    "cpython__msg_25.txt.eml": WHOLE_BODY,
    "cpython__msg_31.txt.eml": WHOLE_BODY,
    "cpython__msg_41.txt.eml": WHOLE_BODY,
    "enmime__testdata_mail_multipart-wo-boundary.raw.eml": WHOLE_BODY,
    "james-mime4j__core_src_test_resources_mimetools-testmsgs_badbound.msg.eml": WHOLE_BODY,
    "james-mime4j__core_src_test_resources_testmsgs_missing-boundary.msg.eml": WHOLE_BODY,
    "james-mime4j__core_src_test_resources_testmsgs_missing-inner-boundary.msg.eml": WHOLE_BODY,
    "mail__spec_fixtures_emails_error_emails_bad_date_header2.eml.eml": WHOLE_BODY,
    "mail__spec_fixtures_emails_error_emails_missing_body.eml.eml": WHOLE_BODY,
    "cpython__msg_14.txt.eml": BAD_TYPE,
    "enmime__testdata_parts_barren-content-type.raw.eml": BAD_TYPE,
    "enmime__testdata_parts_ctype-invalid-characters.raw.eml": BAD_TYPE,
    "enmime__testdata_parts_empty-ctype-bad-content.raw.eml": BAD_TYPE,
    "james-mime4j__core_src_test_resources_mimetools-testmsgs_multi-digest.msg.eml": BAD_TYPE,
    "enmime__testdata_mail_mime-bad-content-type.raw.eml": TRAILING_SLASH,
    "enmime__testdata_mail_mime-blank-media-name.raw.eml": TRAILING_SLASH,
    "enmime__dsn_testdata_dsn_with_multipart_alternative.raw.eml": LAST_CRLF,
    "enmime__dsn_testdata_multi_recipient_dsn.raw.eml": LAST_CRLF,
    "enmime__dsn_testdata_simple_dsn.raw.eml": LAST_CRLF,
    "enmime__dsn_testdata_simple_dsn_with_html.raw.eml": LAST_CRLF,
    "mail__spec_fixtures_emails_attachment_emails_attachment_message_rfc822_inline_image.eml.eml": LAST_CRLF,
    "enmime__testdata_mail_mime-unquoted-tspecials-param.raw.eml": UNQUOTED,
    "enmime__testdata_parts_unquoted-ctype-param-special.raw.eml": UNQUOTED,
    "mail__spec_fixtures_emails_attachment_emails_attachment_with_unquoted_name.eml.eml": UNQUOTED,
    "enmime__testdata_mail_malformed-multiple-address-header-values.raw.eml": MISSING_COMMA,
    "mail__spec_fixtures_emails_plain_emails_raw_email_multiple_from.eml.eml": MISSING_COMMA,
    "mail__spec_fixtures_emails_error_emails_missing_content_disposition.eml.eml": NO_DISPOSITION,
    "mail__spec_fixtures_emails_error_emails_multiple_invalid_content_dispositions.eml.eml": NO_DISPOSITION,
    "mail__spec_fixtures_emails_mime_emails_raw_email4.eml.eml": EMPTY_TAIL,
    "mail__spec_fixtures_emails_mime_emails_raw_email_with_binary_encoded.eml.eml": EMPTY_TAIL,
    "mail__spec_fixtures_emails_mime_emails_raw_email_with_illegal_boundary.eml.eml": EMPTY_TAIL,
    "mail__spec_fixtures_emails_plain_emails_raw_email_bad_time.eml.eml": EMPTY_TAIL,
    "james-mime4j__core_src_test_resources_mimetools-testmsgs_double-semicolon.msg.eml": SEMICOLON,
    "mail__spec_fixtures_emails_error_emails_content_transfer_encoding_with_semi_colon.eml.eml": SEMICOLON,
    "cpython__msg_33.txt.eml": BOUNDARY_2231,
    "mail__spec_fixtures_emails_plain_emails_raw_email_with_at_display_name.eml.eml": ADDRESS_NAME,
    "enmime__testdata_parts_missing-closing-param-quote.raw.eml": RUN_ON,
    "mail__spec_fixtures_emails_plain_emails_mix_caps_content_type.eml.eml": UNREADABLE_ADDRESS,
    "james-mime4j__core_src_test_resources_testmsgs_weird-boundary.msg.eml": BOUNDARY_SPACE,
    "cpython__msg_32.txt.eml": PARAMETER_FORM,
}


@pytest.mark.parametrize("name", sorted(set(ANSWERS) - set(DIFFERENT)))
def test_the_lists_agree_with_dovecot(
    name: str, corpus: dict[str, bytes], read_list: ReadList
) -> None:
    ours, theirs = lists_of(name, corpus, read_list)
    assert ours == theirs


@pytest.mark.parametrize("name", sorted(DIFFERENT))
def test_a_known_difference_is_still_one(
    name: str, corpus: dict[str, bytes], read_list: ReadList
) -> None:
    ours, theirs = lists_of(name, corpus, read_list)
    assert ours != theirs


def lists_of(name: str, corpus: dict[str, bytes], read_list: ReadList) -> tuple[object, object]:
    index = scan(re.sub(rb"\r?\n", b"\r\n", corpus[name]))
    answer = read_list(re.sub(rb"^\d+ \(", b"(", ANSWERS[name].encode("latin-1")))[0]
    assert isinstance(answer, list)
    theirs = dict(zip(answer[::2], answer[1::2], strict=True))
    ours = [*read_list(index.envelope), *read_list(index.bodystructure)]
    return comparable(ours), comparable([theirs[b"ENVELOPE"], theirs[b"BODYSTRUCTURE"]])


def comparable(item: object) -> object:
    if isinstance(item, list):
        nothing = [None, None, b"MISSING_MAILBOX", b"MISSING_DOMAIN"]
        return [comparable(inner) for inner in item if inner != nothing]
    if isinstance(item, bytes):
        item = item.replace(b"MISSING_MAILBOX", b"").replace(b"MISSING_DOMAIN", b"")
        return re.sub(rb"[ \t]+", b" ", item).strip().lower()
    return item
