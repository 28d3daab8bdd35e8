"""What an error page shows of variables: enough to find the mistake, and nothing that is secret."""

from dataclasses import dataclass
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, NamedTuple

import pytest
from pydantic import BaseModel, SecretBytes, SecretStr

from typeway.develop.page import error_page
from typeway.develop.tracebacks import shortened

SECRET = "hunter2-hunter2"


class Account(BaseModel):
    name: str
    password: str


@dataclass
class Settings:
    debug: bool
    database_password: str


class Loud:
    """An object whose representation tells everything."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def __repr__(self) -> str:
        return f"Loud({', '.join(f'{name}={value!r}' for name, value in self.fields.items())})"


class Keeper:
    """An object whose representation tells a secret without its name."""

    __slots__ = ("password",)

    def __init__(self) -> None:
        self.password = SECRET

    def __repr__(self) -> str:
        return f"Keeper of {self.password}"


class Plain:
    def __init__(self) -> None:
        self._token = SECRET

    def __repr__(self) -> str:
        return f"Plain({self._token})"


class Unbound:
    """A proxy of nothing, as they are outside of a request."""

    @property
    def __class__(self) -> Any:
        raise RuntimeError("no object is bound")

    @__class__.setter
    def __class__(self, kind: Any) -> None: ...


class Mute(Exception):
    """An exception without a message."""

    def __str__(self) -> str:
        raise ValueError("no message")


class Broken:
    def __repr__(self) -> str:
        raise ValueError("half of an object")


class Pair(NamedTuple):
    user: str
    api_key: str


def page_of(**variables: Any) -> str:
    """The page of an error in a function with these variables, whose source does not name them."""
    lines = "".join(f"    {name} = given[{name!r}]\n" for name in variables)
    names: dict[str, Any] = {}
    exec(compile(f"def fail(given):\n{lines}    given = None\n    1 / 0\n", "author.py", "exec"), names)
    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": [], "path_params": {}}
    try:
        names["fail"](variables)
    except ZeroDivisionError as error:
        return error_page(error, scope)
    raise AssertionError("unreachable")


@pytest.mark.parametrize(
    ("variables", "shown"),
    [
        ({"password": SECRET}, "[hidden]"),
        ({"X_Api_Key": SECRET}, "[hidden]"),
        ({"access_token": SECRET.encode()}, "[hidden]"),
        ({"data": {"user": "anna", "client-secret": SECRET}}, "anna"),
        ({"data": {"deep": [{"passwords": [SECRET]}]}}, "deep"),
        ({"account": Account(name="anna", password=SECRET)}, "Account(name=&#39;anna&#39;, password=[hidden])"),
        (
            {"settings": Settings(debug=True, database_password=SECRET)},
            "Settings(debug=True, database_password=[hidden])",
        ),
        ({"pair": Pair("anna", SECRET)}, "Pair(user=&#39;anna&#39;, api_key=[hidden])"),
        ({"value": SecretStr(SECRET), "copy": f"it is {SECRET}"}, "it is [hidden]"),
        ({"value": SecretBytes(SECRET.encode())}, "[hidden]"),
        ({"loud": Loud(name="anna", password=SECRET)}, "password=[hidden]"),
        ({"namespace": SimpleNamespace(name="anna", token=SECRET)}, "token=[hidden]"),
        ({"password": SECRET, "header": f"Basic {SECRET}"}, "Basic [hidden]"),
        # What is shown before it turns out to be secret is hidden as well.
        ({"before": SECRET, "password": SECRET}, "[hidden]"),
        ({"authorization": f"Bearer {SECRET}", "copy": SECRET}, "[hidden]"),
        ({"url": f"postgresql://anna:{SECRET}@db/shop"}, "postgresql://anna:[hidden]@db/shop"),
        ({"pin": 1234567, "copy": "the number 1234567"}, "the number [hidden]"),
        ({"pin": Decimal(1234567), "copy": "the number 1234567"}, "the number [hidden]"),
        ({"headers": [("authorization", f"Bearer {SECRET}")]}, "authorization"),
        ({"scope": {"headers": [(b"x-api-key", SECRET.encode())]}}, "x-api-key"),
        ({"body": b'{"password": "' + SECRET.encode() + b'"}'}, "password&#34;: [hidden]"),
        ({"body": f'"{{\\"password\\": \\"{SECRET}\\"}}"'}, "[hidden]"),
        ({"text": f"Password: {SECRET}"}, "Password: [hidden]"),
        ({"text": f"X-Token={SECRET}, x=1"}, "X-Token=[hidden], x=1"),
        ({"text": f"Authorization: Bearer {SECRET}"}, "Authorization: [hidden]"),
        ({"text": f"{'x' * 285} token='{SECRET}'"}, "token=[hidden]"),
        ({"url": f"https://shop/a?page=1&token={SECRET}&b=2"}, "token=[hidden]&amp;b=2"),
        ({"url": f"postgresql://anna:p@s/{SECRET}@db/shop"}, "postgresql://anna:[hidden]@db/shop"),
        ({"password": f"a'b\"c\\{SECRET}", "copy": f"it is a'b\"c\\{SECRET}"}, "it is [hidden]"),
        ({"signing_key": SECRET}, "[hidden]"),
        ({"keeper": Keeper()}, "Keeper of [hidden]"),
        ({"plain": Plain()}, "Plain([hidden])"),
    ],
)
def test_secrets_are_hidden_wherever_they_are(variables: dict[str, Any], shown: str) -> None:
    """By the name of a variable, a key or a field, by its type, and by being the same text as one that is hidden."""
    page = page_of(**variables)
    assert shown in page
    assert SECRET not in page
    assert "1234567" not in page


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (list(range(1000)), "18, 19, …]"),
        ("x" * 10_000, "xxx&#39;…"),
        ({number: number for number in range(100)}, "…}"),
        ([[[[[["deep"]]]]]], "[[[[[…]]]]]"),
        (Broken(), "&lt;Broken: its representation raised ValueError&gt;"),
        ("<b>&</b>", "&lt;b&gt;&amp;&lt;/b&gt;"),
        (None, "None"),
        (("a",), "(&#39;a&#39;)"),
        ([Unbound()], "[&lt;Unbound: its representation raised RuntimeError&gt;"),
        ("password: required, name: required", "password: [hidden], name: required"),
    ],
)
def test_values_are_short_and_safe(value: Any, shown: str) -> None:
    """A large value is cut, one that cannot be shown says so, and none can write into the page."""
    page = page_of(value=value)
    assert shown in page
    assert len(page) < 20_000


def test_a_value_that_contains_itself_ends() -> None:
    """A list may be its own member."""
    value: list[Any] = []
    value.append(value)
    assert "[[[[[…]]]]]" in page_of(value=value)


def test_groups_show_their_members() -> None:
    """An exception group of a task group is shown with the exceptions in it."""
    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": [], "path_params": {}}
    try:
        raise ExceptionGroup("tasks", [ValueError("first"), KeyError("second")])
    except ExceptionGroup as error:
        page = error_page(error, scope)
    assert "One of the exceptions in the group: ValueError: first" in page
    assert "One of the exceptions in the group: KeyError: &#39;second&#39;" in page


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (Mute(), "Mute: &lt;its message raised ValueError&gt;"),
        (ExceptionGroup("tasks", [Mute()]), "One of the exceptions in the group: Mute"),
        (PermissionError(f"Authorization: Bearer {SECRET}"), "PermissionError: Authorization: [hidden]"),
        (type("TokenError", (ValueError,), {})("it is over"), "TokenError: it is over"),
    ],
)
def test_messages_of_exceptions(error: Exception, shown: str) -> None:
    """A message that cannot be made says so, secrets in it are hidden, and the name of its class is no name of a secret."""
    scope = {"type": "http", "method": "GET", "path": "/x", "query_string": b"", "headers": [], "path_params": {}}
    error.__dict__["__notes__"] = "no list"  # whatever somebody has put there
    page = error_page(error, scope)
    assert shown in page
    assert SECRET not in page


def test_a_long_chain_of_exceptions_is_shortened() -> None:
    """A loop that fails again and again makes a chain that is deeper than Python's stack."""
    last = ValueError("first")
    for number in range(2000):
        error = ValueError(number)
        error.__context__ = last
        last = error
    assert shortened(last).endswith("ValueError: 1999")
