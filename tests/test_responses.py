"""Response classes come from one place, those for other JSON libraries among them."""

import sys
from types import SimpleNamespace

import pytest

from typeway.exceptions import TypewayDeprecationWarning
from typeway.responses import BODILESS, ORJSONResponse, UJSONResponse


@pytest.mark.parametrize(
    ("status", "allowed"),
    [(100, False), (199, False), (200, True), (204, False), (205, False), (304, False), (404, True)],
)
def test_some_statuses_have_no_body(status, allowed):
    """RFC 9110 forbids a body after 1xx, 204, 205 and 304."""
    assert (status not in BODILESS) is allowed


def test_orjson_still_writes_and_warns(monkeypatch):
    """ORJSONResponse uses orjson with keys of any type, and warns when it is made."""
    orjson = SimpleNamespace(OPT_NON_STR_KEYS=1, OPT_SERIALIZE_NUMPY=2, dumps=lambda data, option: b"%d" % option)
    monkeypatch.setitem(sys.modules, "orjson", orjson)
    with pytest.warns(TypewayDeprecationWarning, match="ORJSONResponse is deprecated"):
        assert ORJSONResponse({1: 1}).body == b"3"


def test_ujson_still_writes_and_warns(monkeypatch):
    """UJSONResponse uses ujson without escaping, and warns when it is made."""
    ujson = SimpleNamespace(dumps=lambda data, ensure_ascii: f"{data} {ensure_ascii}")
    monkeypatch.setitem(sys.modules, "ujson", ujson)
    with pytest.warns(TypewayDeprecationWarning, match="UJSONResponse is deprecated"):
        assert UJSONResponse("é").body == "é False".encode()


@pytest.mark.filterwarnings("ignore::typeway.exceptions.TypewayDeprecationWarning")
@pytest.mark.parametrize(("kind", "package"), [(ORJSONResponse, "orjson"), (UJSONResponse, "ujson")])
def test_a_missing_json_library_is_named_with_the_remedy(monkeypatch, kind, package):
    """Where the library is not installed, the error says how to install it."""
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"pip install {package}"):
        kind({})
