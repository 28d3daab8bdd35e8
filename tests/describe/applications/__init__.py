"""Small applications, written against a namespace so that they run on Typeway and on FastAPI alike."""

from tests.describe.applications import answers, bodies, forms, guards, mixtures, parameters, whole
from tests.describe.applications.registry import APPLICATIONS, PLAIN

__all__ = ["APPLICATIONS", "PLAIN", "answers", "bodies", "forms", "guards", "mixtures", "parameters", "whole"]
