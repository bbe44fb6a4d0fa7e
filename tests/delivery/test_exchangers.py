"""Hosts come in the order of preference, equals shuffled, and not without end."""

import asyncio
from typing import Any

import pytest

from correo.base.dnstypes import MailExchanger
from correo.delivery.exchangers import MOST_ADDRESSES, Exchangers, Host
from correo.delivery.routing import Destination
from correo.delivery.verdict import DeliveryFailure
from correo.queue.routes import NextHop, Smarthost
from correo.testing.dns import FakeDns


def hosts(dns: FakeDns, destination: Destination, **options: Any) -> list[str]:
    async def collect() -> list[str]:
        exchangers = Exchangers(dns, shuffle=turned, **options)
        return [str(each) async for each in exchangers.hosts(destination)]

    return asyncio.run(collect())


def turned(exchangers: list[MailExchanger]) -> None:
    exchangers.reverse()


DNS = FakeDns(
    mx={"b.test": [(20, "c.b.test"), (10, "a.b.test"), (10, "b.b.test"), (5, "gone.b.test")]},
    addresses={
        "a.b.test": ["2001:db8::1", "192.0.2.1"], "b.b.test": ["192.0.2.2"],
        "c.b.test": ["192.0.2.3"], "smart.test": ["192.0.2.9"],
    },
)  # fmt: skip


def test_equals_are_shuffled_within_their_preference_and_missing_hosts_left_out() -> None:
    assert hosts(DNS, Destination("b.test")) == [
        "b.b.test [192.0.2.2]:25",
        "a.b.test [2001:db8::1]:25",
        "a.b.test [192.0.2.1]:25",
        "c.b.test [192.0.2.3]:25",
    ]


def test_our_own_addresses_are_not_connected_to() -> None:
    found = hosts(DNS, Destination("b.test"), own_addresses=["192.0.2.2", "192.0.2.1"])
    assert found == ["a.b.test [2001:db8::1]:25", "c.b.test [192.0.2.3]:25"]


def test_a_fixed_hop_is_looked_up_at_its_port() -> None:
    smarthost = Smarthost(NextHop("smart.test", 587))
    assert hosts(DNS, Destination(hop=smarthost)) == ["smart.test [192.0.2.9]:587"]
    hop = NextHop("192.0.2.7", 2525)
    assert hosts(DNS, Destination(hop=hop), own_addresses=["192.0.2.7"]) == [
        "192.0.2.7 [192.0.2.7]:2525"
    ]


def test_in_a_network_of_one_s_own_the_port_of_mail_hosts_may_be_another() -> None:
    assert hosts(DNS, Destination("c.b.test"), port=2525) == ["c.b.test [192.0.2.3]:2525"]
    assert hosts(DNS, Destination("[192.0.2.4]"), port=2525) == ["192.0.2.4 [192.0.2.4]:2525"]


def test_the_list_of_addresses_has_an_end() -> None:
    dns = FakeDns(addresses={"b.test": [f"192.0.2.{n}" for n in range(100)]})
    assert len(hosts(dns, Destination("b.test"))) == MOST_ADDRESSES


@pytest.mark.parametrize("literal", ["[]", "[x]", "[IPv6:x]", "[1.2.3.4.5]"])
def test_a_literal_that_is_no_address_is_a_failure(literal: str) -> None:
    with pytest.raises(DeliveryFailure) as caught:
        hosts(DNS, Destination(literal))
    assert caught.value.status == "5.1.2"


def test_a_host_that_may_come_back_outweighs_those_that_will_not() -> None:
    dns = FakeDns(mx={"b.test": [(1, "x.test"), (2, "y.test")]})
    dns.fail("y.test")
    with pytest.raises(DeliveryFailure) as caught:
        hosts(dns, Destination("b.test"))
    assert caught.value.is_temporary


def test_a_host_is_named_for_people() -> None:
    assert str(Host("mx.test", "192.0.2.1", 25)) == "mx.test [192.0.2.1]:25"
