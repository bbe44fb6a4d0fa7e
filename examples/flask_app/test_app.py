import pytest

from app import create_app


@pytest.fixture
def client(mail):
    server = mail.listeners["submission"]
    return create_app(server.host, server.port).test_client()


def test_signup(mail, client):
    client.post("/signup", data={"email": mail.address("zoe")})
    message = mail.wait_for(to="zoe", subject="Confirm")
    assert client.get(message.link("Confirm")).status_code == 200
    assert client.get(message.link("Confirm")).status_code == 404


def test_nobody_is_waiting_when_the_mail_server_is_full(mail, client):
    mail.faults.fill_disk()
    client.application.testing = False
    assert client.post("/signup", data={"email": mail.address("zoe")}).status_code == 500
    assert mail.inbox("zoe") == []
