"""Offer application and router classes that follow FastAPI's conventions."""

from __future__ import annotations

import logging
from typing import ClassVar, Final

from typeway.app import Typeway
from typeway.conventions import FASTAPI, Conventions
from typeway.router import Router

# The version whose behaviour compat mode has.
PEER_VERSION: Final = "0.165.0"

logger: Final = logging.getLogger("fastapi")


class APIRouter(Router):
    """A router that follows FastAPI's conventions."""

    conventions: ClassVar[Conventions] = FASTAPI


class FastAPI(Typeway):
    """An application that follows FastAPI's conventions."""

    conventions: ClassVar[Conventions] = FASTAPI
    router_class: ClassVar[type[Router]] = APIRouter
