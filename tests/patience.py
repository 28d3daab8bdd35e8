"""How long tests wait for what must come: far longer than it takes on a busy machine, and less than pytest's time-out."""

from typing import Final

PATIENCE: Final = 60
