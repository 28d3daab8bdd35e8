"""Response classes come from one place."""

import pytest

from typeway import responses
from typeway.compat.responses import ORJSONResponse, UJSONResponse


@pytest.mark.parametrize(
    ("status", "allowed"),
    [(100, False), (199, False), (200, True), (204, False), (205, False), (304, False), (404, True)],
)
def test_some_statuses_have_no_body(status, allowed):
    """RFC 9110 forbids a body after 1xx, 204, 205 and 304."""
    assert (status not in responses.BODILESS) is allowed


def test_deprecated_classes_are_found_here_too():
    """The classes for other JSON libraries are imported when they are asked for; what does not exist is an error."""
    assert (responses.ORJSONResponse, responses.UJSONResponse) == (ORJSONResponse, UJSONResponse)
    with pytest.raises(AttributeError, match=r"'typeway\.responses' has no attribute 'YAMLResponse'"):
        getattr(responses, "YAMLResponse")  # noqa: B009  type checkers know that it is missing
