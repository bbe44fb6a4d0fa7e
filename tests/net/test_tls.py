"""Certificates: made once, renewed when they must be, refused with a sentence."""

import datetime as dt
import hashlib
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from correo.net.tls import (
    CertificateError,
    CertificateFiles,
    ServerTls,
    client_context,
    development_certificate,
    end_point,
    opportunistic_context,
)


def handshake(server: ssl.SSLContext, client: ssl.SSLContext, name: str) -> bytes:
    """Let the two contexts talk in memory; the certificate the client saw. Raises SSLError."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server, server_hostname=name)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = {one, other}
    while waiting:
        for side in (one, other):
            try:
                side.do_handshake()
                waiting.discard(side)
            except ssl.SSLWantReadError:
                pass
    certificate = one.getpeercert(binary_form=True)
    assert certificate is not None
    return certificate


def authority_of(files: CertificateFiles) -> Path:
    assert files.authority is not None
    return files.authority


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "mail.correo.test"])
def test_a_client_that_trusts_the_authority_accepts_every_name_asked_for(
    tmp_path: Path, name: str
) -> None:
    files = development_certificate(tmp_path, ["localhost", "127.0.0.1", "mail.correo.test"])
    tls = ServerTls(files)
    seen = handshake(tls.context, client_context(authority_of(files)), name)
    assert tls.end_point() == hashlib.sha256(seen).digest()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tls.context, client_context(authority_of(files)), "elsewhere.test")
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tls.context, client_context(), name)
    assert handshake(tls.context, opportunistic_context(), "elsewhere.test") == seen


def test_keys_are_for_their_owner_only(tmp_path: Path) -> None:
    development_certificate(tmp_path / "tls", ["localhost"])
    for name in ("ca.key", "server.key"):
        assert (tmp_path / "tls" / name).stat().st_mode & 0o077 == 0


def test_the_certificate_is_kept_while_it_is_good_and_the_authority_longer(tmp_path: Path) -> None:
    files = development_certificate(tmp_path, ["localhost"])
    first, authority = files.certificate.read_bytes(), authority_of(files).read_bytes()
    development_certificate(tmp_path, ["localhost"])
    assert files.certificate.read_bytes() == first
    development_certificate(tmp_path, ["localhost", "other.test"])
    assert files.certificate.read_bytes() != first
    assert authority_of(files).read_bytes() == authority
    (tmp_path / "ca.key").write_text("damaged")
    files.key.unlink()
    development_certificate(tmp_path, ["localhost"])
    assert authority_of(files).read_bytes() != authority
    ServerTls(files)


def test_a_renewed_certificate_is_used_from_then_on(tmp_path: Path) -> None:
    old = development_certificate(tmp_path / "old", ["localhost"])
    new = development_certificate(tmp_path / "new", ["localhost"])
    tls = ServerTls(old)
    before = handshake(tls.context, opportunistic_context(), "localhost")
    tls.reload(new)
    after = handshake(tls.context, client_context(authority_of(new)), "localhost")
    assert after != before
    assert tls.end_point() == hashlib.sha256(after).digest()


def test_a_bad_renewal_is_refused_and_the_old_certificate_stays(tmp_path: Path) -> None:
    good = development_certificate(tmp_path / "good", ["localhost"])
    other = development_certificate(tmp_path / "other", ["localhost"])
    tls = ServerTls(good)
    before = tls.end_point()
    for certificate, key, named in [
        (good.certificate, other.key, "unencrypted key"),
        (tmp_path / "missing.pem", good.key, "missing.pem cannot be read"),
        (good.certificate, tmp_path, "tls.key"),
        (good.key, good.key, "PEM certificate"),
    ]:
        with pytest.raises(CertificateError, match=named):
            tls.reload(CertificateFiles(certificate, key))
    assert tls.end_point() == before
    handshake(tls.context, client_context(authority_of(good)), "localhost")


def test_an_encrypted_key_is_refused_without_asking(tmp_path: Path) -> None:
    files = development_certificate(tmp_path, ["localhost"])
    key = serialization.load_pem_private_key(files.key.read_bytes(), None)
    files.key.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"secret"),
        )
    )
    with pytest.raises(CertificateError, match="unencrypted key"):
        ServerTls(files)


def test_an_authority_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match=r"nowhere\.pem"):
        client_context(tmp_path / "nowhere.pem")


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [(hashes.SHA256(), "sha256"), (hashes.SHA384(), "sha384"), (hashes.SHA512(), "sha512")],
    ids=["sha256", "sha384", "sha512"],
)
def test_the_end_point_is_hashed_as_the_certificate_was_signed(
    algorithm: hashes.SHA256 | hashes.SHA384 | hashes.SHA512, name: str
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder(who, who, key.public_key(), 7, now, now + dt.timedelta(days=1))
        .sign(key, algorithm)
        .public_bytes(serialization.Encoding.DER)
    )
    assert end_point(certificate) == hashlib.new(name, certificate).digest()
