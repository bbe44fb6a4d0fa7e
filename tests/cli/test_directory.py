"""`correo domain|account|alias`: what they change is there, and mistakes are sentences."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from correo.app.config import read
from correo.base.errors import CorreoError
from correo.cli.account_quota import read_size, write_size
from correo.cli.frame import make_app

Correo = Callable[..., str]


@pytest.fixture
def correo(tmp_path: Path) -> Correo:
    """Run a command over a data directory that knows example.org and you@example.org."""

    def invoke(*arguments: str, given: str = "") -> str:
        done = CliRunner().invoke(make_app(), [*arguments], input=given, catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return done.output

    invoke("init", "you@example.org", "--folder", str(tmp_path), given="first password\n")

    def over_data(*arguments: str, given: str = "") -> str:
        return invoke(*arguments, "--config", str(tmp_path / "correo.toml"), given=given)

    return over_data


def test_init_makes_a_configuration_a_domain_and_an_account(correo: Correo) -> None:
    assert correo("domain", "list").startswith("example.org")
    assert correo("account", "list") == "you@example.org\n"


def test_domains_are_added_changed_listed_and_removed(correo: Correo) -> None:
    correo("domain", "add", "Example.NET", "--exact-case", "--separator", "-")
    correo("domain", "change", "example.net", "--catch-all", "you@example.org")
    listed = [json.loads(line) for line in correo("domain", "list", "--json").splitlines()]
    assert listed[0] == {
        "name": "example.net",
        "local_part_case": "exact",
        "separator": "-",
        "catch_all": "you@example.org",
    }
    assert "catch-all you@example.org" in correo("domain", "list")
    correo("domain", "remove", "example.net")
    assert "example.net" not in correo("domain", "list")
    with pytest.raises(CorreoError, match=r"example\.net is not a domain here"):
        correo("domain", "remove", "example.net")


def test_accounts_are_added_one_by_one_and_from_a_file(correo: Correo, tmp_path: Path) -> None:
    correo("account", "add", "ana@example.org", "--password", "x", "--quota", "500M")
    file = tmp_path / "accounts"
    file.write_text("# two more\nbob@example.org:secret\neva@example.org:se:cret\n")
    assert correo("account", "add", "--from", str(file)) == "2 accounts added\n"
    assert correo("account", "list", "example.org").splitlines() == [
        "ana@example.org  (quota 500M)",
        "bob@example.org",
        "eva@example.org",
        "you@example.org",
    ]
    with pytest.raises(CorreoError, match=r"bob@example\.org"):
        correo("account", "add", "--from", str(file))
    file.write_text("zoe@example.org\n")
    with pytest.raises(CorreoError, match="line 1"):
        correo("account", "add", "--from", str(file))
    file.write_text("\n")
    with pytest.raises(CorreoError, match="names no account"):
        correo("account", "add", "--from", str(file))


def test_accounts_change_and_go(correo: Correo) -> None:
    correo("account", "password", "you@example.org", given="another\n")
    assert correo("account", "quota", "you@example.org", "2G").splitlines() == [
        "0 of 2G octets",
        "0 of any number of messages",
        "6 of any number of mailboxes",
    ]
    correo("account", "disable", "you@example.org")
    assert correo("account", "reindex", "you@example.org") == (
        "you@example.org: 0 messages are indexed\n"
    )
    correo("account", "apop", "you@example.org", "--secret", "shared")
    assert correo("account", "list") == "you@example.org  (disabled, quota 2G, APOP)\n"
    correo("account", "enable", "you@example.org")
    correo("account", "apop", "you@example.org", "--off")
    correo("account", "quota", "you@example.org", "0")
    assert correo("account", "list") == "you@example.org\n"
    assert "for good? [y/N]" in correo("account", "remove", "you@example.org", given="y\n")
    assert correo("account", "list") == ""
    with pytest.raises(CorreoError, match=r"no account you@example\.org"):
        correo("account", "password", "you@example.org", given="x\n")


def test_limits_that_are_not_named_stay(correo: Correo) -> None:
    correo("account", "quota", "you@example.org", "1M", "--messages", "1000")
    assert correo("account", "quota", "you@example.org", "--mailboxes", "20").splitlines() == [
        "0 of 1M octets",
        "0 of 1000 messages",
        "6 of 20 mailboxes",
    ]
    correo("account", "quota", "you@example.org", "--messages", "0")
    assert correo("account", "quota", "you@example.org").splitlines()[1:] == [
        "0 of any number of messages",
        "6 of 20 mailboxes",
    ]
    correo("account", "add", "ana@example.org", "--password", "x", "--messages", "7")
    assert "0 of 7 messages" in correo("account", "quota", "ana@example.org")
    with pytest.raises(CorreoError, match="there is no account"):
        correo("account", "quota", "nobody@example.org")


def test_an_account_is_kept_when_nobody_says_yes(correo: Correo) -> None:
    with pytest.raises(AssertionError, match="Aborted"):
        correo("account", "remove", "you@example.org", given="n\n")
    assert correo("account", "list") == "you@example.org\n"
    correo("account", "remove", "you@example.org", "--yes")
    assert correo("account", "list") == ""


def test_a_mailbox_is_shared_and_a_removed_account_is_in_no_list(correo: Correo) -> None:
    correo("account", "add", "ana@example.org", "--password", "x")
    share = ("account", "share", "you@example.org")
    assert correo(*share) == "Shared/you@example.org/INBOX\n"
    correo(*share, "ana@example.org", "lrd")
    assert correo(*share, "anyone", "l").splitlines()[1:] == [
        "  ana@example.org  lrte",
        "  anyone  l",
    ]
    correo(*share, "ana", "l", "--mailbox", "Sent")
    assert correo(*share, "ana", "", "--mailbox", "Sent") == "Shared/you@example.org/Sent\n"
    correo("account", "remove", "ana@example.org", "--yes")
    assert correo(*share).splitlines()[1:] == ["  anyone  l"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ana@example.org", "l"], "there is no such account"),
        (["anyone", "lQ"], "no set of rights"),
        (["anyone"], "name a USER and their RIGHTS"),
        (["you", "l"], "all rights there already"),
        (["anyone", "l", "--mailbox", "Nowhere"], "there is no mailbox Nowhere"),
    ],
)
def test_what_cannot_be_shared_is_a_sentence(
    correo: Correo, arguments: list[str], says: str
) -> None:
    with pytest.raises(CorreoError, match=says):
        correo("account", "share", "you@example.org", *arguments)


def test_aliases_are_added_to_listed_and_taken_from(correo: Correo) -> None:
    correo("alias", "add", "info@example.org", "you@example.org")
    correo("alias", "add", "info@example.org", "zoe@elsewhere.test")
    assert correo("alias", "list") == "info@example.org -> you@example.org, zoe@elsewhere.test\n"
    correo("alias", "remove", "info@example.org", "zoe@elsewhere.test")
    assert json.loads(correo("alias", "list", "--json"))["targets"] == ["you@example.org"]
    correo("alias", "remove", "info@example.org")
    assert correo("alias", "list", "example.org") == ""
    with pytest.raises(CorreoError, match=r"you@example\.org"):
        correo("alias", "add", "you@example.org", "zoe@elsewhere.test")


def test_init_makes_up_a_password_where_nobody_is_there_to_give_one(tmp_path: Path) -> None:
    arguments = ["init", "you@example.org", "--folder", str(tmp_path)]
    done = CliRunner().invoke(make_app(), arguments, input="", catch_exceptions=False)
    assert done.exit_code == 0
    assert re.search(r"you@example\.org and the password [0-9a-f]{20} \(", done.output)


def test_init_names_a_host_of_an_international_domain_as_dns_does(tmp_path: Path) -> None:
    arguments = ["init", "you@exämple.org", "--folder", str(tmp_path), "--password", "x"]
    CliRunner().invoke(make_app(), arguments, catch_exceptions=False)
    assert read(tmp_path / "correo.toml").name == "mail.xn--exmple-cua.org"


def test_init_makes_nothing_for_what_is_no_host_name(tmp_path: Path) -> None:
    arguments = ["init", "you@example.org", "--folder", str(tmp_path), "--hostname", "my host"]
    with pytest.raises(CorreoError, match="'my host' is not a host name"):
        CliRunner().invoke(make_app(), arguments, catch_exceptions=False)
    assert list(tmp_path.iterdir()) == []


def test_init_overwrites_nothing(correo: Correo, tmp_path: Path) -> None:
    with pytest.raises(CorreoError, match="exists already"):
        CliRunner().invoke(
            make_app(),
            ["init", "you@example.org", "--folder", str(tmp_path), "--password", "x"],
            catch_exceptions=False,
        )


@pytest.mark.parametrize(
    ("text", "octets"),
    [("0", 0), ("12", 12), ("1K", 1024), ("500M", 500 * 1024**2), ("2g", 2 * 1024**3), ("3TB", 3 * 1024**4), ("1GiB", 1024**3)],
)  # fmt: skip
def test_sizes_are_read_in_the_usual_units(text: str, octets: int) -> None:
    assert read_size(text) == octets
    if octets:
        assert read_size(write_size(octets)) == octets


@pytest.mark.parametrize("text", ["", "M", "1.5G", "-1", "big", "1X"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(CorreoError, match="is not a size"):
        read_size(text)
