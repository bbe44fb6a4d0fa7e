"""What the server says to people, in the languages of LANG.

Programs look at +OK, -ERR and the response code only; this is for whoever reads along.

RFC 6856    3        LANG: all human-readable text, in UTF-8; before it, text is ASCII
RFC 4647    3.4      look-up: "es-MX" finds "es"
"""

from enum import Enum

__all__ = ["DEFAULT_LANGUAGE", "LANGUAGES", "Phrase", "language_for", "say"]

DEFAULT_LANGUAGE = "en"
LANGUAGES = {"en": "English", "es": "Español"}


class Phrase(Enum):
    """English, ASCII and without "[" at the start; then Spanish. "{}" is filled in.

    texts: by language tag.
    """

    def __init__(self, *texts: str) -> None:
        self.texts = dict(zip(LANGUAGES, texts, strict=True))

    READY = ("{} POP3 server ready", "servidor POP3 {} a su servicio")
    CAPABILITIES = ("capability list follows", "siguen las extensiones")
    NAME_TAKEN = ("name accepted, send the password", "nombre aceptado, envíe la contraseña")
    MAILDROP = ("maildrop has {} messages ({} octets)", "hay {} mensajes ({} octetos) en el buzón")
    BEGIN_TLS = ("begin TLS negotiation now", "comience la negociación TLS")
    LISTING = ("{} messages ({} octets)", "{} mensajes ({} octetos)")
    UNIQUE_IDS = ("unique-id listing follows", "siguen los identificadores únicos")
    OCTETS = ("{} octets", "{} octetos")
    TOP_FOLLOWS = ("top of message follows", "sigue el comienzo del mensaje")
    DELETED = ("message {} deleted", "mensaje {} borrado")
    NOTHING_DONE = ("nothing done", "no se ha hecho nada")
    UTF8_ON = ("UTF-8 mode is on", "el modo UTF-8 está activo")
    LANGUAGES_FOLLOW = ("language listing follows", "siguen los idiomas")
    LANGUAGE_CHANGED = ("language changed", "idioma cambiado")
    FAREWELL = ("{} POP3 server signing off", "el servidor POP3 {} se despide")
    FAREWELL_LEFT = (
        "{} POP3 server signing off ({} messages left)",
        "el servidor POP3 {} se despide (quedan {} mensajes)",
    )

    UNKNOWN_COMMAND = ("unknown command", "orden desconocida")
    BAD_ARGUMENTS = ("wrong arguments for {}", "argumentos incorrectos para {}")
    WRONG_STATE = ("{} is not allowed now", "{} no se permite ahora")
    LINE_TOO_LONG = ("line too long", "línea demasiado larga")
    TOO_MANY_ERRORS = ("too many errors, closing", "demasiados errores, se cierra la conexión")
    NOT_UTF8 = ("name and password must be UTF-8", "nombre y contraseña deben ser UTF-8")
    NO_SUCH_MESSAGE = (
        "no such message, there are {} in the maildrop",
        "no existe ese mensaje, hay {} en el buzón",
    )
    ALREADY_DELETED = ("message {} is already deleted", "el mensaje {} ya está borrado")
    UNKNOWN_LANGUAGE = ("no such language here", "aquí no se habla ese idioma")
    ENCRYPT_FIRST = ("encrypt the connection first (STLS)", "cifre antes la conexión (STLS)")
    NO_TLS = ("TLS is not available", "TLS no está disponible")
    ALREADY_TLS = ("the connection is encrypted already", "la conexión ya está cifrada")
    TLS_BEFORE_UTF8 = ("STLS must come before UTF8", "STLS debe ir antes que UTF8")
    NO_APOP = ("APOP is not available", "APOP no está disponible")
    UNKNOWN_MECHANISM = ("no such mechanism here", "no existe ese mecanismo")
    NOT_BASE64 = ("that was not base64", "eso no es base64")
    CANCELLED = ("authentication cancelled", "autenticación cancelada")
    NOT_LET_IN = ("name or password is wrong", "nombre o contraseña incorrectos")
    SLOW_DOWN = (
        "too many failed logins, try again later",
        "demasiados intentos fallidos, inténtelo más tarde",
    )
    IN_USE = ("another session has the maildrop open", "otra sesión tiene abierto el buzón")
    TRY_LATER = ("temporary problem, try again later", "problema temporal, inténtelo más tarde")
    DAMAGED = (
        "the maildrop cannot be read, tell the postmaster",
        "no se puede leer el buzón, avise al administrador",
    )
    GONE = ("the message was removed meanwhile", "el mensaje se eliminó entretanto")
    NOT_REMOVED = ("some deleted messages not removed", "no se eliminaron algunos mensajes")
    STOPPING = ("server is stopping", "el servidor se detiene")


def say(phrase: Phrase, language: str, *values: object) -> bytes:
    """The text of a reply, one line without CRLF."""
    text = phrase.texts[language]
    return (text.format(*values) if values else text).encode()


def language_for(language_range: str) -> str | None:
    """The tag for a basic language range; "*" is what the administrator prefers."""
    if language_range == "*":
        return DEFAULT_LANGUAGE
    wanted = language_range.lower()
    while wanted:
        if wanted in LANGUAGES:
            return wanted
        wanted = wanted.rpartition("-")[0]
    return None
