"""The two sets of conventions differ in every row and cannot be changed by accident."""

from dataclasses import FrozenInstanceError, fields, replace

import pytest

from typeway.conventions import FASTAPI, TYPEWAY, Conventions


def test_every_convention_is_a_difference():
    """A row in which both agree would be no convention."""
    assert [
        field.name for field in fields(Conventions) if getattr(TYPEWAY, field.name) == getattr(FASTAPI, field.name)
    ] == []


def test_conventions_are_changed_by_making_new_ones():
    """A record is never changed in place, so that every layer can read it once."""
    with pytest.raises(FrozenInstanceError):
        TYPEWAY.answers_head = False  # type: ignore[misc]
    assert not replace(TYPEWAY, answers_head=False).answers_head
    assert TYPEWAY.answers_head
