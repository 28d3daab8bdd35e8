"""The responses of the health checks."""

from typing import Literal

from pydantic import BaseModel


class AliveResponse(BaseModel):
    """The process responds."""

    status: Literal["alive"] = "alive"


class HealthResponse(BaseModel):
    """The application and its database respond."""

    status: Literal["healthy"] = "healthy"
    database: Literal["healthy"] = "healthy"
