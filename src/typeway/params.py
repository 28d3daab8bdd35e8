"""Offer the classes of parameter markers and dependencies under FastAPI's path."""

from typeway.declare.depends import Depends, Security
from typeway.declare.markers import Body, Cookie, File, Form, Header, Param, ParameterInType, Path, Query

ParamTypes = ParameterInType

__all__ = [
    "Body", "Cookie", "Depends", "File", "Form", "Header", "Param", "ParamTypes", "Path", "Query", "Security",
]  # fmt: skip
