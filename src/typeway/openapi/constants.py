"""Name the constants of OpenAPI documents under FastAPI's path."""

from typeway.compat.shapes.document import METHODS_WITH_BODY as METHODS_WITH_BODY
from typeway.compat.shapes.document import REF_PREFIX as REF_PREFIX
from typeway.compat.shapes.document import REF_TEMPLATE as REF_TEMPLATE
