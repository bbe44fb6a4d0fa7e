"""A simulated internet and a virtual clock: what the queue does over days, in milliseconds."""

import time

import pytest
from tests.testing.ways import letter, send

from correo.testing import Mail, MailAssertionError

pytestmark = pytest.mark.mail(virtual_time=True)


def order(mail: Mail, to: str = "kim@shop.example", subject: str = "Order") -> None:
    """Sent by an account, so that reports have somebody to go to."""
    message = letter(to, subject)
    message.replace_header("From", mail.address("zoe"))
    send(mail, message, listener="submission")


def test_mail_for_a_simulated_domain_arrives_there(mail: Mail) -> None:
    shop = mail.internet.domain("shop.example")
    order(mail)
    mail.clock.advance(seconds=1)
    [message] = shop.messages
    assert (message.subject, message.recipients) == ("Order", ["kim@shop.example"])
    assert mail.caught == []


def test_a_large_message_arrives_whole(mail: Mail) -> None:
    shop = mail.internet.domain("shop.example")
    text = "0123456789" * 7 + "\n"
    message = letter("kim@shop.example", text=text * 2000)
    message.replace_header("From", mail.address("zoe"))
    send(mail, message, listener="submission")
    mail.clock.advance(seconds=1)
    assert len(shop.messages[0].text) == 71 * 2000


def test_a_server_that_is_down_for_a_day_gets_it_when_it_is_back(mail: Mail) -> None:
    shop = mail.internet.domain("shop.example")
    shop.is_down = True
    order(mail)
    mail.clock.advance(days=1)
    assert shop.messages == []
    assert "delayed" in mail.wait_for(to="zoe").subject.lower()
    shop.is_down = False
    mail.clock.advance(hours=7)
    assert len(shop.messages) == 1


def test_five_days_of_failure_end_in_a_report_within_a_second(mail: Mail) -> None:
    shop = mail.internet.domain("shop.example")
    shop.greeting_refusal = "421 4.3.2 not today"
    begun = time.monotonic()
    order(mail)
    mail.clock.advance(days=6)
    reports = [mail.wait_for(to="zoe"), mail.wait_for(to="zoe")]
    assert "Action: failed" in reports[1].raw.decode()
    assert time.monotonic() - begun < 5


def test_refusals_come_back_at_once(mail: Mail) -> None:
    shop = mail.internet.domain("shop.example")
    shop.refused["kim@shop.example"] = "550 5.1.1 nobody of this name"
    order(mail)
    mail.clock.advance(seconds=1)
    assert "nobody of this name" in mail.wait_for(to="zoe").raw.decode()


def test_greylisting_delays(mail: Mail) -> None:
    shop = mail.internet.domain("shop.example")
    shop.greylist_s = 300
    order(mail)
    mail.clock.advance(seconds=30)
    assert (shop.attempts, shop.messages) == (1, [])
    mail.clock.advance(hours=1)
    assert len(shop.messages) == 1


def test_a_slow_server_takes_its_time(mail: Mail) -> None:
    shop = mail.internet.domain("shop.example")
    shop.delay_s = 60
    order(mail)
    mail.clock.advance(seconds=59)
    assert shop.messages == []
    mail.clock.advance(seconds=2)
    assert len(shop.messages) == 1


def test_a_server_slower_than_the_queue_is_patient_loses_the_message(mail: Mail) -> None:
    shop = mail.internet.domain("shop.example")
    shop.delay_s = 3600
    order(mail)
    mail.clock.advance(hours=5)
    assert shop.messages == []
    assert shop.attempts > 1
    shop.delay_s = 0
    mail.clock.advance(hours=7)
    assert len(shop.messages) == 1


def test_domains_and_addresses_are_the_same_in_any_spelling(mail: Mail) -> None:
    shop = mail.internet.domain("München.Example")
    shop.refused["Kim@xn--mnchen-3ya.example"] = "550 5.1.1 nobody of this name"
    order(mail, to="kim@XN--mnchen-3ya.example")
    order(mail, to="lou@xn--mnchen-3ya.example")
    mail.clock.advance(seconds=1)
    [message] = shop.messages
    assert message.recipients == ["lou@xn--mnchen-3ya.example"]


def test_dns_that_fails_is_asked_again(mail: Mail) -> None:
    shop = mail.internet.domain("shop.example")
    mail.internet.fail_dns("shop.example")
    order(mail)
    mail.clock.advance(minutes=10)
    mail.internet.fail_dns("shop.example", failing=False)
    mail.clock.advance(hours=1)
    assert len(shop.messages) == 1


@pytest.mark.mail(virtual_time=False)
def test_with_real_time_one_waits_for_what_arrives(mail: Mail) -> None:
    shop = mail.internet.domain("shop.example")
    with pytest.raises(MailAssertionError, match=r"0 of 1 messages came to shop\.example"):
        shop.wait_for(timeout=0.01)
    order(mail)
    assert [message.subject for message in shop.wait_for()] == ["Order"]


def test_time_does_not_go_back(mail: Mail) -> None:
    with pytest.raises(ValueError, match="forward"):
        mail.clock.advance(days=-1)


def test_time_stands_still_but_for_the_test(mail: Mail) -> None:
    before = mail.clock.now
    mail.clock.advance(days=3, hours=1)
    assert (mail.clock.now - before).total_seconds() == 73 * 3600
