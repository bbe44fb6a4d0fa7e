"""Put our own trouble into the log: what a refusal says of our files, and strangers are not told."""

import logging

from correo.base.errors import Refusal

__all__ = ["log_own_trouble"]


def log_own_trouble(log: logging.Logger, refusal: Refusal) -> None:
    """Nothing is logged of a refusal that says all there is to the peer."""
    if refusal.told != refusal.text:
        log.error("%s", refusal.text)
