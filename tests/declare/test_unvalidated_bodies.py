"""A body that Pydantic would not validate causes a warning where it is declared."""

import warnings
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

from typeway import Depends, Form, Typeway
from typeway.exceptions import DeclarationWarning


class Hero(BaseModel):
    """What SQLModel makes of `class Hero(SQLModel, table=True)`: such a class takes any value for any field."""

    model_config = {"table": True}  # type: ignore[typeddict-unknown-key]
    name: str


def in_a_dependency(hero: Hero) -> Hero:
    return hero


@pytest.mark.parametrize(
    "kind", [Hero, Hero | None, list[Hero], Annotated[Hero, Form()], Annotated[Any, Depends(in_a_dependency)]]
)
def test_a_table_class_as_a_body_is_warned_of(kind):
    """The warning names the parameter, the class and what to do, and points at the function that declares it."""

    def create(hero: kind) -> None: ...

    app = Typeway()
    with pytest.warns(
        DeclarationWarning, match=r"parameter 'hero' has the table class Hero .*Declare a model"
    ) as found:
        app.post("/")(create)
    assert [warning.filename for warning in found] == [__file__]


def test_a_table_class_as_an_answer_is_fine():
    """Rows may be answered with: their values come from the database."""
    app = Typeway()
    with warnings.catch_warnings():
        warnings.simplefilter("error")

        @app.get("/")
        def read() -> Hero: ...
