"""The grammar of SMTP: each pattern under the ABNF it stands for.

RFC 5321    4.1.2 arguments, 4.1.3 address literals, 4.2 replies
RFC 6531    3.3 the same with UTF-8 in it
RFC 3463    2 enhanced status codes

Departures, each seen in mail that people want to get:
- a space after "FROM:" and "TO:" is skipped (old agents send it);
- dots may begin, end or follow each other in a local part (Japanese carriers gave such out);
- an underscore may stand in a domain (hosts so named send mail);
- lengths are bounded by the command line alone, but a domain has at most 255 octets:
  4.5.3.1.1 asks to take longer local parts (VERP and SRS make them).
"""

import re

__all__ = [
    "ADDRESS_LITERAL",
    "DOMAIN",
    "ENHANCED",
    "HELO_ARGUMENT",
    "KEYWORD",
    "MAILBOX",
    "PATH_ARGUMENT",
    "REPLY_LINE",
    "SIMPLE_LOCAL",
    "SIMPLE_PATH_ARGUMENT",
    "SOURCE_ROUTE",
]

# Sets that hold all of UTF8-non-ascii are written by what is not in them: Python takes 15 ms to
# compile one that names it.

# atext (RFC 5322 3.2.3), extended by UTF8-non-ascii (RFC 6531 3.3), is everything but these and "."
NO_ATEXT = r'\x00-\x20"(),:;<>@\[\\\]\x7f'

# Dot-string = Atom *("."  Atom)
DOT_STRING = rf"[^{NO_ATEXT}]+"
# Quoted-string = DQUOTE *QcontentSMTP DQUOTE
QUOTED_STRING = r'"(?:[^\x00-\x1f"\\\x7f]|\\[ -~])*"'

# sub-domain = Let-dig [Ldh-str] / U-label
LET_DIG = r"[^\x00-/:-@\[-^`{-\x7f]"  # and "_"
LDH = r"[^\x00-,./:-@\[-^`{-\x7f]"
LABEL = rf"{LET_DIG}(?:{LDH}*{LET_DIG})?"
# Domain = sub-domain *("." sub-domain)
DOMAIN_TEXT = rf"{LABEL}(?:\.{LABEL})*"
DOMAIN = re.compile(DOMAIN_TEXT)

# address-literal = "[" ( IPv4 / "IPv6:" IPv6-addr / Standardized-tag ":" 1*dcontent ) "]"
LITERAL_TEXT = r"\[[!-Z^-~]+\]"
ADDRESS_LITERAL = re.compile(LITERAL_TEXT)

# Mailbox = Local-part "@" ( Domain / address-literal )
MAILBOX = re.compile(
    rf"(?P<local>{DOT_STRING}|{QUOTED_STRING})@(?P<domain>{DOMAIN_TEXT}|{LITERAL_TEXT})"
)
SIMPLE_LOCAL = re.compile(rf"[^{NO_ATEXT}.]+(?:\.[^{NO_ATEXT}.]+)*")

# A-d-l = At-domain *( "," At-domain ), followed by ":"
SOURCE_ROUTE = re.compile(rf"@{DOMAIN_TEXT}(?:,@{DOMAIN_TEXT})*:")

# "FROM:" Reverse-path [SP Mail-parameters] / "TO:" Forward-path [SP Rcpt-parameters]
# Almost every path is simple: no quotes, no UTF-8. The others (a quoted string may hold ">" and
# spaces) are matched a second time and taken apart in `paths`.
SIMPLE_PATH_ARGUMENT = re.compile(
    rb"((?i:FROM|TO)): *<([A-Za-z0-9!#$%&'*+\-/=?^_`{|}~.]+@[A-Za-z0-9]+(?:[.-][A-Za-z0-9]+)*)>"
    rb"(?: +(\S.*))?"
)
PATH_ARGUMENT = re.compile(
    rb'((?i:FROM|TO)): *<((?:[^"<>\s\\]|"(?:[^"\\\r\n]|\\.)*")*)>(?: +(\S.*))?'
)

# esmtp-param = esmtp-keyword ["=" esmtp-value]
KEYWORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]*")

# ehlo = "EHLO" SP ( Domain / address-literal ). RFC 5321 4.1.4: a server must not refuse mail
# because the name is wrong, so anything printable will do, in the form agents have it.
HELO_ARGUMENT = re.compile(rb"[!-~\x80-\xff]{1,255}")

# Reply-line = Reply-code ("-" / SP) [ textstring ]; the space may be missing at the end
REPLY_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\r\n]*))?")

# status-code = class "." subject "." detail
ENHANCED = re.compile(r"([245]\.[0-9]{1,3}\.[0-9]{1,3})(?: |$)")
