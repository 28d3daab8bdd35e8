"""Answer packages that ask which version of FastAPI is installed."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.metadata import Distribution, DistributionFinder, MetadataPathFinder
from pathlib import Path
from typing import Final

from typeway.compat.importing.names import PEER, PEER_VERSION

METADATA: Final = f"Metadata-Version: 2.1\nName: {PEER}\nVersion: {PEER_VERSION}\nSummary: Typeway in its place\n"


class PeerDistribution(Distribution):
    """The distribution that packages find as the installed FastAPI."""

    def read_text(self, filename: str) -> str | None:
        return METADATA if filename == "METADATA" else None

    def locate_file(self, path: object) -> Path:
        return Path(__file__).parent / str(path)


def distributions(context: DistributionFinder.Context) -> Iterator[Distribution]:
    """Return FastAPI as a distribution, if the context asks for it.

    A search by name finds the version that `fastapi.__version__` has. A list of all distributions contains this one only
    if FastAPI is not installed.
    """
    if context.name is not None:
        if context.name.lower() == PEER:
            yield PeerDistribution()
    elif next(iter(MetadataPathFinder.find_distributions(DistributionFinder.Context(name=PEER))), None) is None:
        yield PeerDistribution()
