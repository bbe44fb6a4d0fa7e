"""A certificate of our own authority."""

import pytest

from correo.net.tls import CertificateFiles, development_certificate


@pytest.fixture(scope="session")
def certificate_files(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    folder = tmp_path_factory.mktemp("tls")
    return development_certificate(folder, ["localhost", "127.0.0.1"])
