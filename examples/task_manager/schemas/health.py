"""The response of the health check."""

from typing import Literal

from pydantic import BaseModel


class HealthResponse(BaseModel):
    """The application and its database respond."""

    status: Literal["healthy"] = "healthy"
    database: Literal["healthy"] = "healthy"
