"""correo.toml: defaults, options over it, and one sentence for every mistake."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from correo.app.config import (
    LISTENERS,
    LMTP,
    Configuration,
    ConfigurationError,
    ListenerSettings,
    Options,
    SmarthostSettings,
    check,
    convert,
    read,
    read_nameserver,
    with_options,
)
from correo.app.founding import configuration_text


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "correo.toml"
    path.write_text(text)
    return path


MISTAKES = [
    # id                  what the file says                              what the sentence must hold
    ("not TOML", "hostname = mail\n", "is not valid TOML", "line 1"),
    ("unknown key", 'hostnam = "x"\n', "no setting hostnam", "did you mean hostname?"),
    ("unknown key, nothing like it", "[tls]\nxyzzy = 1\n", "no setting tls.xyzzy", "certificate, key"),
    ("text for number", '[limits]\nconnections = "many"\n', "limits.connections has to be a whole number", "text in quotes"),
    ("number for text", "hostname = 5\n", "hostname has to be text in quotes", "a whole number"),
    ("text for list", 'hosts = "0.0.0.0"\n', "hosts has to be a list", "text in quotes"),
    ("text for table", 'tls = "x"\n', "tls has to be a table", "text in quotes"),
    ("too small", "[limits]\nrecipients = 5\n", "limits.recipients has to be >= 100", ""),
    ("no such port", "[listeners.smtp]\nport = 70000\n", "listeners.smtp.port has to be <= 65535", ""),
    ("mistake in the second listener", "[listeners.smtp]\nport = 25\n[listeners.imap]\nport = 'x'\n", "listeners.imap.port has to be a whole number", ""),
    ("unknown key in a listener", "[listeners.imap]\nprot = 5\n", "no setting listeners.imap.prot", "did you mean port?"),
    ("no such listener", "[listeners.smpt]\n", "no listener smpt", "smtp, submission"),
    ("lmtp nowhere", "[listeners.lmtp]\n", "listeners.lmtp needs a path", "port"),
    ("no host", "hosts = []\n", "hosts is empty", ""),
    ("hostname with a blank", 'hostname = "a b"\n', "'a b' is not a host name", ""),
    ("no network", '[submission]\nrelay_networks = ["10.0.0.0/33"]\n', "submission.relay_networks", "192.0.2.0/24"),
    ("proxy is no address", '[listeners.smtp]\ntrusted_proxies = ["lb"]\n', "listeners.smtp.trusted_proxies", "'lb'"),
    ("nameserver is a name", 'nameservers = ["dns.example"]\n', "'dns.example'", "ADDRESS:PORT"),
    ("route without host", '[delivery]\nroutes = ["example.org"]\n', "DOMAIN=HOST:PORT", "example.org"),
    ("smarthost without host", "[delivery.smarthost]\nport = 587\n", "delivery.smarthost.host is missing", "add it"),
    ("smarthost TLS", '[delivery.smarthost]\nhost = "h"\ntls = "maybe"\n', "delivery.smarthost.tls", "starttls, implicit or opportunistic"),
    ("two passwords", '[delivery.smarthost]\nhost = "h"\npassword = "a"\npassword_file = "b"\n', "keep one", ""),
    ("certificate without key", '[tls]\ncertificate = "a.pem"\n', "tls.certificate and tls.key", "set both"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "what", "way_out"), [pytest.param(*rest, id=name) for name, *rest in MISTAKES]
)
def test_a_mistake_is_one_sentence_with_the_file_the_key_and_the_way_out(
    tmp_path: Path, text: str, what: str, way_out: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigurationError) as caught:
        read(path)
    sentence = str(caught.value)
    assert str(path) in sentence
    assert what in sentence
    assert way_out in sentence
    assert "\n" not in sentence


def test_a_file_that_is_not_there_names_the_way_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="correo init"):
        read(tmp_path / "correo.toml")


def test_a_file_that_is_not_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "correo.toml"
    path.write_bytes(b'hostname = "\xff"')
    with pytest.raises(ConfigurationError, match="UTF-8"):
        read(path)


def test_an_empty_file_is_the_default(tmp_path: Path) -> None:
    configuration = read(written(tmp_path, ""))
    assert configuration == msgspec.structs.replace(Configuration(), data=str(tmp_path / "data"))
    assert configuration.listener("imaps").enabled
    assert not configuration.listener(LMTP).enabled


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    configuration = read(
        written(
            tmp_path,
            'data = "d"\n[tls]\ncertificate = "c.pem"\nkey = "/k.pem"\n'
            '[listeners.lmtp]\npath = "run/lmtp"\n'
            '[delivery.smarthost]\nhost = "h"\npassword_file = "secret"\n',
        )
    )
    assert configuration.folder == tmp_path / "d"
    assert configuration.tls.certificate == str(tmp_path / "c.pem")
    assert configuration.tls.key == "/k.pem"
    assert configuration.listener(LMTP).path == str(tmp_path / "run/lmtp")
    smarthost = configuration.delivery.smarthost
    assert smarthost is not None
    assert smarthost.password_file == str(tmp_path / "secret")


def test_the_smarthost_password_may_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    settings_of = SmarthostSettings("h", password_file=str(path))
    with pytest.raises(ConfigurationError, match="password_file"):
        settings_of.secret()
    path.write_text("pass word\n")
    assert settings_of.secret() == "pass word"
    assert SmarthostSettings("h", password="x").secret() == "x"


def test_options_lie_over_the_file(tmp_path: Path) -> None:
    configuration = read(
        written(
            tmp_path,
            'hosts = ["192.0.2.1"]\n[listeners.smtp]\nhosts = ["192.0.2.2"]\nport = 26\n'
            '[delivery]\nroutes = ["a.test=h:1"]\n',
        )
    )
    changed = with_options(
        configuration,
        Options("d", ("127.0.0.1",), 2000, ("b.test=h:2",), ("192.0.2.53",), 3),
    )
    assert changed.folder == Path("d").absolute()
    assert changed.hosts == ("127.0.0.1",)
    assert changed.listener("smtp") == ListenerSettings(port=26)
    assert changed.port_offset == 2000
    assert changed.delivery.routes == ("b.test=h:2", "a.test=h:1")
    assert changed.nameservers == ("192.0.2.53",)
    assert changed.workers == 3
    assert with_options(configuration, Options()) == configuration


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (Options(routes=("nonsense",)), "nonsense"),
        (Options(nameservers=("nonsense",)), "nonsense"),
        (Options(port_offset=-1), "0 or more"),
    ],
)
def test_a_wrong_option_is_a_sentence_too(options: Options, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        with_options(Configuration(), options)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("192.0.2.53", ("192.0.2.53", 53)),
        ("127.0.0.1:5353", ("127.0.0.1", 5353)),
        ("2001:db8::53", ("2001:db8::53", 53)),
        ("[2001:db8::53]:5353", ("2001:db8::53", 5353)),
    ],
)
def test_nameservers_are_addresses_with_or_without_a_port(
    text: str, address: tuple[str, int]
) -> None:
    assert read_nameserver(text) == address


def keys(table: type[msgspec.Struct], prefix: str = "") -> Iterator[str]:
    for each in msgspec.structs.fields(table):
        inner = [part for part in parts_of(each.type) if isinstance(part, type)]
        struct = next((part for part in inner if issubclass(part, msgspec.Struct)), None)
        if struct is None:
            yield f"{prefix}{each.name}"
        else:
            yield from keys(struct, f"{prefix}{each.name}.")


def parts_of(kind: Any) -> list[Any]:
    return [kind, *getattr(kind, "__args__", ())]


def test_the_file_that_init_writes_is_the_default_and_names_every_setting(tmp_path: Path) -> None:
    text = configuration_text("mail.example.org", "data")
    configuration = read(written(tmp_path, text))
    default = msgspec.structs.replace(
        Configuration(), hostname="mail.example.org", data=str(tmp_path / "data")
    )
    assert configuration == default
    missing = [key for key in keys(Configuration) if f"{key.rpartition('.')[2]} = " not in text]
    assert missing == []
    everything = "\n".join(line.removeprefix("# ") for line in text.splitlines()[4:])
    tomllib.loads(
        "\n".join(line for line in everything.splitlines() if "Without these" not in line)
    )
    assert all(name in text for name in LISTENERS)


@settings(max_examples=60)
@given(
    st.dictionaries(
        st.sampled_from([each.name for each in msgspec.structs.fields(Configuration)]) | st.text(),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=4,
        ),
    )
)
def test_any_document_gives_a_configuration_or_a_sentence(document: dict[str, Any]) -> None:
    sentence = ""
    try:
        check(Path("correo.toml"), convert(Path("correo.toml"), document))
    except ConfigurationError as error:
        sentence = str(error)
    assert sentence == "" or sentence.startswith("correo.toml: ")
