"""Write the log to standard error, one line per event, for a terminal or the system's journal."""

import logging
import sys

__all__ = ["start_logging"]


def start_logging(level: int = logging.WARNING) -> None:
    """From now on, everything from this level on is written."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        logging.Formatter("%(asctime)s %(levelname)s %(name)s[%(process)d]: %(message)s")
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
