"""Give listeners their certificate, clients their trust, and development its own authority.

A `ServerTls` is one context for all listeners; `reload` puts a renewed certificate into it, which
new connections get, while those that are open go on. `development_certificate` makes, once per
data directory, a certificate authority and a certificate under it that names this machine, so
that clients in development can verify what they talk to.

RFC 8314    4        TLS for mail; 1.2 at least
RFC 5929    4        tls-server-end-point, the channel binding of SCRAM-...-PLUS
RFC 7435             opportunistic security: between servers, any TLS is better than none

Departures: tls-exporter (RFC 9266) is not offered; Python's ssl does not give it out.
"""

import datetime as dt
import hashlib
import os
import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from correo.base.errors import CorreoError

__all__ = [
    "CertificateError",
    "CertificateFiles",
    "ServerTls",
    "client_context",
    "development_certificate",
    "end_point",
    "opportunistic_context",
]

AUTHORITY_DAYS = 3650
CERTIFICATE_DAYS = 397  # as long as browsers and mail programs accept
RENEW_DAYS = 30  # before the end a development certificate is made anew
SHA384_WITH_RSA = bytes.fromhex("06092a864886f70d01010c")  # object identifiers, in DER
SHA512_WITH_RSA = bytes.fromhex("06092a864886f70d01010d")
SHA384_WITH_ECDSA = bytes.fromhex("06082a8648ce3d040303")
SHA512_WITH_ECDSA = bytes.fromhex("06082a8648ce3d040304")
HASH_OF_SIGNATURE = {
    SHA384_WITH_RSA: "sha384",
    SHA384_WITH_ECDSA: "sha384",
    SHA512_WITH_RSA: "sha512",
    SHA512_WITH_ECDSA: "sha512",
}


class CertificateError(CorreoError):
    """A certificate or key cannot be used; one sentence that names the file and the way out."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """Where a certificate lies: PEM files; `authority` is what clients have to trust, if ours."""

    certificate: Path
    key: Path
    authority: Path | None = None


class ServerTls:
    """The TLS side of every listener.

    Args:
        binds_channels: whether logins may be bound to the connection (SCRAM with -PLUS).

    Raises (also from reload, and then everything is as before):
        CertificateError: a file is missing, unreadable, or certificate and key do not match.
    """

    def __init__(self, files: CertificateFiles, *, binds_channels: bool = True) -> None:
        self._binds_channels = binds_channels
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._end_point = b""
        self.reload(files)

    def reload(self, files: CertificateFiles) -> None:
        """Use this certificate for connections from now on."""
        trial = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        load_certificate(trial, files)
        load_certificate(self.context, files)
        self._end_point = end_point(first_certificate(files.certificate))

    def end_point(self) -> bytes:
        """The tls-server-end-point channel binding of new connections, b"" for none."""
        return self._end_point if self._binds_channels else b""


def load_certificate(context: ssl.SSLContext, files: CertificateFiles) -> None:
    """Raises CertificateError."""
    for path, setting in ((files.certificate, "tls.certificate"), (files.key, "tls.key")):
        try:
            path.read_bytes()
        except OSError as error:
            raise CertificateError(
                f"{path} cannot be read ({error.strerror}): put the PEM file there, or set "
                f"{setting} in the configuration"
            ) from error
    try:
        context.load_cert_chain(files.certificate, files.key, password=no_password)
    except (ssl.SSLError, ValueError) as error:
        raise CertificateError(
            f"{files.certificate} and {files.key} are not a PEM certificate and its unencrypted "
            f"key ({getattr(error, 'reason', None) or error}): check tls.certificate and tls.key"
        ) from error


def no_password() -> str:
    """Nobody is there to type one."""
    raise ValueError("the key is encrypted")


def first_certificate(path: Path) -> bytes:
    """The server's own certificate, in DER, out of a PEM chain."""
    text = path.read_text("ascii", errors="replace")
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    start = text.index(begin)
    return ssl.PEM_cert_to_DER_cert(text[start : text.index(end, start) + len(end)])


def end_point(certificate: bytes) -> bytes:
    """RFC 5929 4.1: the certificate hashed as it was signed, and with SHA-256 at least."""
    for identifier, name in HASH_OF_SIGNATURE.items():
        if identifier in certificate:
            return hashlib.new(name, certificate).digest()
    return hashlib.sha256(certificate).digest()


def client_context(authority: Path | None = None) -> ssl.SSLContext:
    """Verify the peer against the system's authorities, and this one.

    Raises CertificateError.
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authority is not None:
        try:
            context.load_verify_locations(authority)
        except (OSError, ssl.SSLError) as error:
            raise CertificateError(f"{authority} is not a readable PEM certificate") from error
    return context


def opportunistic_context() -> ssl.SSLContext:
    """Encrypt to whoever is there, as mail servers do among each other."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def development_certificate(folder: Path, names: Iterable[str]) -> CertificateFiles:
    """The authority and certificate of a data directory, made or renewed where needed.

    Args:
        folder: holds ca.pem, ca.key, server.pem, server.key.
        names: DNS names and addresses the certificate has to cover.
    """
    files = CertificateFiles(folder / "server.pem", folder / "server.key", folder / "ca.pem")
    wanted = sorted(set(names))
    if not is_current(files, wanted, folder / "names"):
        make_certificates(folder, files, wanted)
    return files


def is_current(files: CertificateFiles, names: list[str], record: Path) -> bool:
    """Whether the files are there, for these names, and good for a while."""
    try:
        made_for = record.read_text().splitlines()
        return (
            made_for[1:] == names
            and float(made_for[0]) > dt.datetime.now(dt.UTC).timestamp()
            and files.certificate.exists()
            and files.key.exists()
            and files.authority is not None
            and files.authority.exists()
        )
    except (OSError, ValueError, IndexError):
        return False


def make_certificates(folder: Path, files: CertificateFiles, names: list[str]) -> None:
    from correo.net.authority import make_authority, make_certificate  # 8 MB, once

    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority_file, key_file = folder / "ca.pem", folder / "ca.key"
    try:
        authority, key = authority_file.read_bytes(), key_file.read_bytes()
        certificate, certificate_key = make_certificate(authority, key, names, CERTIFICATE_DAYS)
    except (OSError, ValueError):
        authority, key = make_authority(AUTHORITY_DAYS)
        certificate, certificate_key = make_certificate(authority, key, names, CERTIFICATE_DAYS)
        write_secret(key_file, key)
        authority_file.write_bytes(authority)
    write_secret(files.key, certificate_key)
    files.certificate.write_bytes(certificate + authority)
    renew = dt.datetime.now(dt.UTC) + dt.timedelta(days=CERTIFICATE_DAYS - RENEW_DAYS)
    (folder / "names").write_text("\n".join([str(renew.timestamp()), *names]) + "\n")


def write_secret(path: Path, octets: bytes) -> None:
    """Only its owner may read it, from the first moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
