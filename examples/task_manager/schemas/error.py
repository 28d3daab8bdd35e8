"""The format of every error."""

from pydantic import BaseModel, Field


class FieldError(BaseModel):
    """One error in the request."""

    field: str = Field(examples=["body.title"])
    message: str = Field(examples=["String should have at least 1 character"])
    type: str = Field(examples=["string_too_short"])


class ErrorResponse(BaseModel):
    """The response to a request that failed."""

    error: str = Field(description="What went wrong, for programs", examples=["validation_error"])
    message: str = Field(description="What went wrong, for people", examples=["The request is not valid"])
    details: list[FieldError] | None = Field(default=None, description="Only where several things can be wrong")
