"""The options of `correo send`, in the order of its help."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "AttachOption",
    "BccOption",
    "CcOption",
    "DirectOption",
    "EnvelopeFromOption",
    "HeaderOption",
    "HeloOption",
    "HtmlOption",
    "MessageOption",
    "NotifyOption",
    "QuietOption",
    "RecipientsArgument",
    "SenderOption",
    "ServerOption",
    "SubjectOption",
    "TextOption",
    "ToOption",
]

RecipientsArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ADDRESS]...", help="To whom; also with --to.", show_default=False),
]
ToOption = Annotated[list[str] | None, typer.Option("--to", metavar="ADDRESS", show_default=False)]
CcOption = Annotated[list[str] | None, typer.Option("--cc", metavar="ADDRESS", show_default=False)]
BccOption = Annotated[
    list[str] | None,
    typer.Option("--bcc", metavar="ADDRESS", help="Not shown to others.", show_default=False),
]
SenderOption = Annotated[
    str, typer.Option("--from", "-f", metavar="ADDRESS", help="Who sends; else the login name.")
]
SubjectOption = Annotated[str, typer.Option("--subject", "-s", metavar="TEXT")]
TextOption = Annotated[
    str | None,
    typer.Option(
        "--text",
        metavar="TEXT",
        help="The text; unless given, it is read from a pipe.",
        show_default=False,
    ),
]
HtmlOption = Annotated[
    Path | None,
    typer.Option("--html", metavar="FILE", help="The text as HTML.", show_default=False),
]
AttachOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--attach", "-a", metavar="FILE", help="Send this file along.", show_default=False
    ),
]
HeaderOption = Annotated[
    list[str] | None,
    typer.Option("--header", metavar="'NAME: TEXT'", help="A further field.", show_default=False),
]
MessageOption = Annotated[
    list[str] | None,
    typer.Option(
        "--message",
        "-m",
        metavar="FILE",
        help='A whole message as it is; "-" from a pipe. Any number of them.',
        show_default=False,
    ),
]
ServerOption = Annotated[
    str | None,
    typer.Option(
        metavar="SERVER",
        envvar="CORREO_SERVER",
        help="Submit here: host:port, or smtps://user@host; port 587 unless named, 465 means "
        "TLS; auto finds it from --user, a mail address. Unless given, the correo that runs on "
        "this machine.",
        show_default=False,
    ),
]
DirectOption = Annotated[
    bool, typer.Option("--direct", help="To each recipient's own mail server (MX).")
]
EnvelopeFromOption = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="The reverse-path; <> for none.", show_default=False),
]
NotifyOption = Annotated[
    str,
    typer.Option(metavar="WHEN", help="Reports wanted: never, or some of success,failure,delay."),
]
HeloOption = Annotated[str, typer.Option(metavar="NAME", help="Our name; else the machine's.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Say nothing but errors.")]
