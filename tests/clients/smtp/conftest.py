"""A certificate of our own authority, and a client that trusts it."""

import ssl

import pytest

from correo.net.tls import CertificateFiles, ServerTls, client_context, development_certificate


@pytest.fixture(scope="session")
def certificate_files(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    folder = tmp_path_factory.mktemp("tls")
    return development_certificate(folder, ["localhost", "127.0.0.1"])


@pytest.fixture
def server_tls(certificate_files: CertificateFiles) -> ServerTls:
    return ServerTls(certificate_files)


@pytest.fixture
def trusting(certificate_files: CertificateFiles) -> ssl.SSLContext:
    return client_context(certificate_files.authority)
