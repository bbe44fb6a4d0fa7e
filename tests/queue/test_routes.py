"""Fixed ways out of here: which one a domain takes, and how it is written."""

import pytest

from correo.base.errors import UsageError
from correo.queue.routes import NextHop, Routes, Smarthost, read_route

WRITTEN = [
    # id                 text                         domain          hop
    ("host and port", "b.test=127.0.0.1:2525", "b.test", NextHop("127.0.0.1", 2525)),
    ("host alone", "b.test=mx.test", "b.test", NextHop("mx.test", 25)),
    ("IPv6", "b.test=[::1]:2525", "b.test", NextHop("::1", 2525)),
    ("IPv6 alone", "b.test=[::1]", "b.test", NextHop("::1", 25)),
    ("capitals and dot", "B.Test.=mx.test:1", "b.test", NextHop("mx.test", 1)),
    ("all below", ".b.test=mx.test:1", ".b.test", NextHop("mx.test", 1)),
]
WRONG = ["", "b.test", "b.test=", "=mx:1", "b.test=mx:", "b.test=mx:x", "b.test=mx:70000", "b=:25"]


@pytest.mark.parametrize(
    ("text", "domain", "hop"), [pytest.param(t, d, h, id=i) for i, t, d, h in WRITTEN]
)
def test_a_route_is_read(text: str, domain: str, hop: NextHop) -> None:
    assert read_route(text) == (domain, hop)


@pytest.mark.parametrize("text", WRONG)
def test_a_route_that_lacks_something_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="route"):
        read_route(text)


HOP, BELOW = NextHop("a", 1), NextHop("b", 2)
SMARTHOST = Smarthost(NextHop("smart", 587), "me", "secret")


def test_a_static_route_wins_over_the_smarthost_and_takes_subdomains_only_when_told() -> None:
    routes = Routes({"x.test": HOP, ".y.test": BELOW}, SMARTHOST)
    assert routes.find("x.test") == HOP
    assert routes.find("sub.x.test") == SMARTHOST
    assert routes.find("deep.sub.y.test") == BELOW
    assert routes.find("y.test") == SMARTHOST
    assert Routes().find("x.test") is None


def test_the_catcher_takes_all_that_has_no_static_route() -> None:
    routes = Routes({"x.test": HOP}, catcher="catcher@correo.test")
    assert not routes.catches("x.test")
    assert routes.catches("y.test")
    assert not Routes().catches("y.test")


def test_the_smarthost_s_password_is_not_printed() -> None:
    assert "secret" not in repr(SMARTHOST)
