"""Offer the framework's logger under FastAPI's path."""

import logging
from typing import Final

logger: Final = logging.getLogger("typeway")
