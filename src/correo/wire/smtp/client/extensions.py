"""Read what a server offers out of its answer to EHLO.

RFC 5321    4.1.1.1 ehlo-keyword *( SP ehlo-param ), case-insensitive
RFC 1870    SIZE, 4954 AUTH (and the older "AUTH=PLAIN" that some servers still send), 9422 LIMITS
"""

from dataclasses import dataclass, field

from correo.wire.smtp.replies import Reply

__all__ = ["Extensions"]


@dataclass(frozen=True, slots=True)
class Extensions:
    """What a peer can do. keywords: upper-case keyword to parameters as given."""

    keywords: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, reply: Reply) -> "Extensions":
        """Of a 250 to EHLO or LHLO; the first line is the server's name."""
        keywords: dict[str, str] = {}
        for line in reply.lines[1:]:
            keyword, _, parameters = line.strip().partition(" ")
            if keyword.upper().startswith("AUTH="):
                keyword, parameters = "AUTH", f"{keyword[5:]} {parameters}"
                parameters += " " + keywords.get("AUTH", "")
            elif keyword.upper() == "AUTH":
                parameters += " " + keywords.get("AUTH", "")
            keywords[keyword.upper()] = parameters.strip()
        return cls(keywords)

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.keywords

    @property
    def max_size(self) -> int:
        """Octets of a message, 0 for no limit known (RFC 1870 4)."""
        value = self.keywords.get("SIZE", "").split(" ")[0]
        return int(value) if value.isascii() and value.isdecimal() and len(value) < 20 else 0

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """SASL mechanisms, upper-case, each once."""
        return tuple(dict.fromkeys(self.keywords.get("AUTH", "").upper().split()))

    def limit(self, name: str) -> int:
        """A limit of RFC 9422 (RCPTMAX, MAILMAX, RCPTDOMAINMAX), 0 if there is none."""
        for word in self.keywords.get("LIMITS", "").split():
            key, _, value = word.partition("=")
            if key.upper() == name and value.isascii() and value.isdecimal() and len(value) < 10:
                return int(value)
        return 0
