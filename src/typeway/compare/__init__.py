"""Compare two versions of an OpenAPI document: which changes break clients, and which do not."""

from typeway.compare.change import Change as Change
from typeway.compare.change import Verdict as Verdict
from typeway.compare.change import as_json as as_json
from typeway.compare.change import as_text as as_text
from typeway.compare.operations import compare as compare
from typeway.compare.shape import check_shape as check_shape
