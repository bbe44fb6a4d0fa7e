"""Say what a message needs of the way it travels, and make it need less without loss."""

from correo.message.downgrade.content import CannotDowngrade, to_7bit
from correo.message.downgrade.needs import Needs, needs

__all__ = ["CannotDowngrade", "Needs", "needs", "to_7bit"]
