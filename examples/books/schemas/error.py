"""The format of every error."""

from pydantic import BaseModel, Field


class FieldError(BaseModel):
    """One error in the request."""

    field: str = Field(examples=["body.isbn"])
    message: str = Field(examples=["the last digit of this ISBN should be 7"])
    type: str = Field(examples=["isbn_checksum"])


class ErrorResponse(BaseModel):
    """The response to a request that failed."""

    error: str = Field(description="What went wrong, for programs", examples=["book_not_found"])
    message: str = Field(description="What went wrong, for people", examples=["Book 7 not found"])
    details: list[FieldError] | None = Field(default=None, description="Only where several things can be wrong")
