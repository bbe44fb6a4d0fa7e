"""Say in a few words why a connection to a server did not come about, or ended."""

import ssl

__all__ = ["reason_of"]


def reason_of(error: BaseException) -> str:
    """For a person, after a colon: the system's words, or what TLS found wrong."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message})"
    if isinstance(error, ssl.SSLError):
        return f"the TLS handshake failed ({error.reason or error})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
