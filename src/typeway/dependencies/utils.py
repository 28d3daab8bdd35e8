"""Offer the functions that read the parameters and dependencies of a callable under FastAPI's path."""

from functools import partial
from typing import Final

from typeway.compat.shapes import dependant
from typeway.compat.shapes.dependant import get_flat_params as get_flat_params
from typeway.compat.shapes.dependant import get_typed_annotation as get_typed_annotation
from typeway.compat.shapes.dependant import get_typed_return_annotation as get_typed_return_annotation
from typeway.compat.shapes.dependant import get_typed_signature as get_typed_signature
from typeway.declare.conventions import TYPEWAY

get_dependant: Final = partial(dependant.get_dependant, conventions=TYPEWAY)
get_parameterless_sub_dependant: Final = partial(dependant.get_parameterless_sub_dependant, conventions=TYPEWAY)
