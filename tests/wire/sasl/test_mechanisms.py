"""SASL mechanisms: published examples, each role against the other, and hostile octets."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from correo.wire.sasl import (
    Challenge,
    CheckPassword,
    ClientMechanism,
    Failure,
    KeysWanted,
    MechanismError,
    Outcome,
    ScramKeys,
    Success,
    client_mechanism,
    make_scram_keys,
    offered_mechanisms,
    preferred,
    saslprep,
    server_mechanism,
)

BINDING = ("tls-server-end-point", bytes(range(32)))
OFFERED = offered_mechanisms(channel_binding=BINDING)


@dataclass
class Exchange:
    """What a session does with a mechanism, with one user in its directory."""

    username: str = "ana@correo.test"
    password: str = "geheim, ¿sí?"

    def answer(self, outcome: Outcome, server: object) -> Outcome:
        if isinstance(outcome, CheckPassword):
            ok = (outcome.authcid, outcome.password) == (self.username, self.password)
            return server.password_result(ok=ok)  # type: ignore[attr-defined, no-any-return]  # any mechanism
        if isinstance(outcome, KeysWanted):
            keys = make_scram_keys(self.password, b"salt", 4096, outcome.hash_name)
            found = keys if outcome.username == self.username else None
            return server.provide_keys(found, "SERVERNONCE")  # type: ignore[attr-defined, no-any-return]  # any mechanism
        return outcome


def run(
    name: str, client: ClientMechanism, binding: tuple[str, bytes] | None = BINDING
) -> tuple[Outcome, ClientMechanism]:
    server = server_mechanism(name, channel_binding=binding)
    assert server is not None
    exchange = Exchange()
    outcome = exchange.answer(server.step(client.start()), server)
    while isinstance(outcome, Challenge):
        outcome = exchange.answer(server.step(client.step(outcome.octets)), server)
    if isinstance(outcome, Success) and outcome.final:
        client.step(outcome.final)
    return outcome, client


@pytest.mark.parametrize("name", OFFERED)
def test_the_right_password_succeeds_with_every_mechanism(name: str) -> None:
    client = client_mechanism(
        name,
        username="ana@correo.test",
        password="geheim, ¿sí?",
        channel_binding=BINDING,
        plus_was_offered=True,
        nonce="clientnonce",
    )
    outcome, client = run(name, client)
    assert isinstance(outcome, Success)
    assert (outcome.authcid, outcome.authzid) == ("ana@correo.test", "")
    assert client.is_complete


@pytest.mark.parametrize("name", OFFERED)
@pytest.mark.parametrize(
    ("username", "password"), [("ana@correo.test", "wrong"), ("eva@correo.test", "geheim, ¿sí?")]
)
def test_anything_else_fails_with_every_mechanism(name: str, username: str, password: str) -> None:
    client = client_mechanism(
        name,
        username=username,
        password=password,
        channel_binding=BINDING,
        plus_was_offered=True,
        nonce="clientnonce",
    )
    outcome, client = run(name, client)
    assert isinstance(outcome, Failure)


def test_scram_sha_1_follows_the_example_of_rfc_5802() -> None:
    client = client_mechanism(
        "SCRAM-SHA-1",
        username="user",
        password="pencil",
        nonce="fyko+d2lbbFgONRv9qkxdawL",
    )
    server = server_mechanism("SCRAM-SHA-1")
    assert server is not None
    first = client.start()
    assert first == b"n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL"
    assert server.step(first) == KeysWanted("user", "sha1")
    salt = bytes.fromhex("4125c247e43ab1e93c6dff76")
    keys = make_scram_keys("pencil", salt, 4096, "sha1")
    challenge = server.provide_keys(keys, "3rfcNHYJY1ZVvWVs7j")
    assert challenge == Challenge(
        b"r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096"
    )
    final = client.step(challenge.octets)
    assert final == (
        b"c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts="
    )
    assert server.step(final) == Success("user", "", b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
    client.step(b"v=rmF9pqV8S7suAoZWja4dJRkFsKQ=")
    assert client.is_complete


def test_scram_sha_256_follows_the_example_of_rfc_7677() -> None:
    client = client_mechanism(
        "SCRAM-SHA-256", username="user", password="pencil", nonce="rOprNGfwEbeRWgbNEkqO"
    )
    assert client.start() == b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO"
    final = client.step(
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    )
    assert final == (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
        b"p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    client.step(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    assert client.is_complete


def test_a_server_that_does_not_know_the_password_is_an_impostor() -> None:
    client = client_mechanism(
        "SCRAM-SHA-256", username="user", password="pencil", nonce="rOprNGfwEbeRWgbNEkqO"
    )
    client.step(b"r=rOprNGfwEbeRWgbNEkqOx,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096")
    with pytest.raises(MechanismError, match="impostor"):
        client.step(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
    assert not client.is_complete


@pytest.mark.parametrize(
    "challenge",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"r=other,s=c2FsdA==,i=4096", id="another nonce"),
        pytest.param(b"r=mine,s=c2FsdA==,i=4096", id="our nonce with nothing added"),
        pytest.param(b"r=mine+,s=c2FsdA==,i=1", id="too few iterations"),
        pytest.param(b"r=mine+,s=c2FsdA==,i=999999999", id="iterations to keep us busy"),
        pytest.param(b"r=mine+,s=c2FsdA,i=4096", id="broken base64"),
        pytest.param(b"m=x,r=mine+,s=c2FsdA==,i=4096", id="mandatory extension"),
    ],
)
def test_a_scram_client_refuses_a_bad_server_first_message(challenge: bytes) -> None:
    client = client_mechanism("SCRAM-SHA-1", username="u", password="p", nonce="mine")
    client.start()
    with pytest.raises(MechanismError):
        client.step(challenge)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        pytest.param("SCRAM-SHA-1", b"y,,n=a,r=x", id="downgrade: we offered -PLUS"),
        pytest.param("SCRAM-SHA-1", b"p=tls-unique,,n=a,r=x", id="binding without -PLUS"),
        pytest.param("SCRAM-SHA-1-PLUS", b"p=tls-unique,,n=a,r=x", id="another binding"),
        pytest.param("SCRAM-SHA-1-PLUS", b"n,,n=a,r=x", id="-PLUS without binding"),
        pytest.param("SCRAM-SHA-1", b"n,,n=a=b,r=x", id="stray equals sign"),
        pytest.param("SCRAM-SHA-1", b"n,,n=\xff,r=x", id="not UTF-8"),
        pytest.param("SCRAM-SHA-1", b"n,,m=1,n=a,r=x", id="mandatory extension"),
        pytest.param("PLAIN", b"a\0b", id="two parts"),
        pytest.param("PLAIN", b"\0\0b", id="no name"),
        pytest.param("PLAIN", b"\0a\0", id="no password"),
        pytest.param("PLAIN", b"\0a\0b\0c", id="four parts"),
        pytest.param("PLAIN", b"\0a\x07\0b", id="a bell in the name"),
        pytest.param("LOGIN", b"", id="empty name"),
    ],
)
def test_a_bad_first_message_fails(name: str, first: bytes) -> None:
    server = server_mechanism(name, channel_binding=BINDING)
    assert server is not None
    assert isinstance(server.step(first), Failure)


def test_a_binding_to_another_connection_fails() -> None:
    other = ("tls-server-end-point", bytes(32))
    client = client_mechanism(
        "SCRAM-SHA-256-PLUS",
        username="ana@correo.test",
        password="geheim, ¿sí?",
        channel_binding=other,
        nonce="n",
    )
    outcome, _ = run("SCRAM-SHA-256-PLUS", client)
    assert outcome == Failure("the channel binding is another connection's")


def test_plus_is_neither_offered_nor_made_without_a_channel_binding() -> None:
    assert not any(name.endswith("PLUS") for name in offered_mechanisms(channel_binding=None))
    assert server_mechanism("SCRAM-SHA-1-PLUS", channel_binding=None) is None
    assert server_mechanism("GSSAPI", channel_binding=BINDING) is None


def test_cram_md5_follows_the_example_of_rfc_2195() -> None:
    client = client_mechanism("CRAM-MD5", username="tim", password="tanstaaftanstaaf")
    assert client.start() is None
    answer = client.step(b"<1896.697170952@postoffice.reston.mci.net>")
    assert answer == b"tim b913a602c7eda7a495b4e6e7334d3890"


def test_external_says_who_it_wants_to_be_and_nothing_more() -> None:
    client = client_mechanism("external", username="ana")
    assert (client.start(), client.is_complete) == (b"ana", True)
    assert client_mechanism("EXTERNAL", username="").start() == b""
    with pytest.raises(MechanismError):
        client.step(b"")


def test_tokens_go_out_as_rfc_7628_and_its_forerunner_say() -> None:
    bearer = client_mechanism("OAUTHBEARER", username="a,b@x", token="T")
    assert bearer.start() == b"n,a=a=2Cb@x,\1auth=Bearer T\1\1"
    assert bearer.step(b'{"status":"invalid_token"}') == b"\1"
    forerunner = client_mechanism("XOAUTH2", username="a@x", token="T")
    assert forerunner.start() == b"user=a@x\1auth=Bearer T\1\1"
    assert forerunner.step(b"{}") == b""


@pytest.mark.parametrize(
    ("offered", "is_tls", "chosen"),
    [
        (["PLAIN", "LOGIN"], True, "PLAIN"),
        (["PLAIN", "LOGIN"], False, None),
        (["LOGIN", "CRAM-MD5"], False, "CRAM-MD5"),
        (["PLAIN", "scram-sha-1"], True, "SCRAM-SHA-1"),
        (["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"], True, "SCRAM-SHA-256"),
        (["GSSAPI"], True, None),
    ],
)
def test_the_strongest_mechanism_is_preferred(
    offered: list[str], is_tls: bool, chosen: str | None
) -> None:
    assert preferred(offered, is_tls=is_tls) == chosen


@pytest.mark.parametrize(
    ("text", "prepared"),
    [("I\u00adX", "IX"), ("user", "user"), ("USER", "USER"), ("\u00aa", "a"), ("\u2168", "IX")],
)
def test_saslprep_follows_the_examples_of_rfc_4013(text: str, prepared: str) -> None:
    assert saslprep(text) == prepared


@pytest.mark.parametrize("text", ["\u0007", "\u06271", "\ue000"])
def test_saslprep_refuses_what_rfc_4013_prohibits(text: str) -> None:
    with pytest.raises(ValueError):
        saslprep(text)


@given(st.sampled_from(OFFERED), st.lists(st.binary(max_size=60), max_size=3), st.booleans())
def test_no_octets_make_a_server_mechanism_raise(
    name: str, responses: list[bytes], knows: bool
) -> None:
    server = server_mechanism(name, channel_binding=BINDING)
    assert server is not None
    outcome = server.step(None)
    for response in responses:
        if not isinstance(outcome, Challenge):
            break
        outcome = server.step(response)
        if isinstance(outcome, KeysWanted):
            outcome = server.provide_keys(ScramKeys(b"s", 4096, b"k", b"k") if knows else None, "n")


@given(st.binary(max_size=80))
def test_no_octets_make_a_scram_server_raise_in_the_second_step(response: bytes) -> None:
    server = server_mechanism("SCRAM-SHA-1")
    assert server is not None
    server.step(b"n,,n=a,r=x")
    server.provide_keys(ScramKeys(b"s", 4096, b"k" * 20, b"k" * 20), "n")
    assert isinstance(server.step(response), Failure)
    assert isinstance(server.step(b"c=biws,r=xn,p=" + response), Failure)
