"""Connection limits hold across workers, and forget the dead."""

import pytest

from correo.net.limits import PER_ADDRESS, Admission, ConnectionLimits

FROM_ADDRESS = Admission.TOO_MANY_FROM_ADDRESS


def test_an_address_is_limited_and_may_come_again_after_leaving() -> None:
    limits = ConnectionLimits(100, 2)
    answers = [limits.admit("192.0.2.1") for _ in range(3)]
    assert answers == [Admission.WELCOME, Admission.WELCOME, FROM_ADDRESS]
    assert limits.admit("192.0.2.2") is Admission.WELCOME
    limits.leave("192.0.2.1")
    assert limits.admit("192.0.2.1") is Admission.WELCOME
    assert limits.open == 3


def test_the_total_is_limited() -> None:
    limits = ConnectionLimits(2, 2)
    answers = [limits.admit(f"192.0.2.{n}") for n in (1, 2, 3)]
    assert answers == [Admission.WELCOME, Admission.WELCOME, Admission.TOO_MANY]


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "unix", "/run/lmtp"])
def test_loopback_and_unix_peers_count_in_the_total_only(address: str) -> None:
    limits = ConnectionLimits(PER_ADDRESS + 1)
    answers = [limits.admit(address) for _ in range(PER_ADDRESS + 2)]
    assert answers == [Admission.WELCOME] * (PER_ADDRESS + 1) + [Admission.TOO_MANY]


def test_without_a_number_other_addresses_have_the_usual_limit() -> None:
    limits = ConnectionLimits(1000)
    answers = [limits.admit("192.0.2.1") for _ in range(PER_ADDRESS + 1)]
    assert answers == [Admission.WELCOME] * PER_ADDRESS + [FROM_ADDRESS]


def test_a_number_that_is_set_holds_for_loopback_too() -> None:
    limits = ConnectionLimits(10, 2)
    answers = [limits.admit("127.0.0.1") for _ in range(3)]
    assert answers == [Admission.WELCOME, Admission.WELCOME, FROM_ADDRESS]


@pytest.mark.parametrize("address", ["unix", "/run/lmtp"])
def test_unix_peers_are_never_counted_per_address(address: str) -> None:
    limits = ConnectionLimits(3, 1)
    assert [limits.admit(address) for _ in range(4)] == [Admission.WELCOME] * 3 + [
        Admission.TOO_MANY
    ]


def test_ipv6_counts_by_the_64_bits_a_customer_gets() -> None:
    limits = ConnectionLimits(10, 1)
    assert limits.admit("2001:db8:0:1::5") is Admission.WELCOME
    assert limits.admit("2001:db8:0:1:ffff::9") is FROM_ADDRESS
    assert limits.admit("2001:db8:0:2::5") is Admission.WELCOME
    assert limits.admit("fe80::1%eth0") is Admission.WELCOME


def test_workers_count_together_and_a_new_worker_clears_its_forerunner() -> None:
    limits = ConnectionLimits(10, 2, workers=2)
    limits.use_row(0)
    assert limits.admit("192.0.2.1") is Admission.WELCOME
    limits.use_row(1)  # as another process would, over the same table
    assert limits.admit("192.0.2.1") is Admission.WELCOME
    assert limits.admit("192.0.2.1") is FROM_ADDRESS
    limits.use_row(1)
    assert limits.open == 1
    assert limits.admit("192.0.2.1") is Admission.WELCOME
