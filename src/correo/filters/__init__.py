"""What a message passes before it is accepted: `pipeline` and one file per filter."""

from correo.filters.loop import LoopCheck
from correo.filters.pipeline import Arriving, Filter, Pipeline, Verdict

__all__ = ["Arriving", "Filter", "LoopCheck", "Pipeline", "Verdict"]
