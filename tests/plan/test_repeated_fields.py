"""A form field that is sent twice is refused where the parameter is no list, if `form_limits` says so."""

import itertools
from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import urlencode

import pytest
from pydantic import AliasPath, BaseModel, Field, Json

from tests.frameworks import MULTIPART, Sending, answer, ask, send
from typeway import File, Form, Router, Typeway, UploadFile

URLENCODED = "application/x-www-form-urlencoded"
REFUSING = {"duplicate_fields": False}


class One(BaseModel):
    name: str = ""
    tags: list[str] = []
    second: str = Field("", validation_alias=AliasPath("pair", 1))
    other: str = Field("", alias="else")


class Several(BaseModel):
    name: list[str]


def applications(**options: Any) -> Typeway:
    """An application with one endpoint for each kind of form parameter."""
    app = Typeway(**options)

    @app.post("/text")
    def text(name: Annotated[str, Form()] = "", mail: Annotated[str, Form(alias="e-mail")] = "") -> str:
        return name + mail

    @app.post("/number")
    def number(name: Annotated[int, Form()]) -> int:
        return name

    @app.post("/list")
    def texts(name: Annotated[list[int], Form()]) -> int:
        return sum(name)

    @app.post("/json")
    def json(name: Annotated[Json[list[int]], Form()]) -> int:
        return sum(name)

    @app.post("/model")
    def model(data: Annotated[One, Form()]) -> Any:
        return data.model_dump()

    @app.post("/union")
    def union(data: Annotated[Several | One, Form()]) -> str:
        return type(data).__name__

    @app.post("/both")
    def both(name: Annotated[str, Form()], names: Annotated[list[str], Form(alias="name")]) -> int:
        return len(names)

    @app.post("/file")
    def file(name: UploadFile) -> int | None:
        return name.size

    @app.post("/files")
    def files(name: Annotated[list[UploadFile], File()]) -> int:
        return len(name)

    return app


def encoded(fields: Sequence[tuple[str, str]], media_type: str, as_files: bool = False) -> bytes:
    if media_type == URLENCODED:
        return urlencode(fields).encode()
    parts = (
        f'--BB\r\nContent-Disposition: form-data; name="{name}"{"; filename=a" * as_files}\r\n\r\n{value}\r\n'
        for name, value in fields
    )
    return "".join([*parts, "--BB--\r\n"]).encode()


TWICE = [
    ("/text", [("name", "1"), ("name", "2")], "name"),
    ("/text", [("name", ""), ("name", "2")], "name"),
    ("/text", [("e-mail", "1"), ("name", "1"), ("e-mail", "1")], "e-mail"),
    ("/text", [("unread", "1"), ("unread", "2"), ("mail", "1"), ("mail", "2")], None),
    ("/number", [("name", "1"), ("name", "2"), ("name", "x")], "name"),
    ("/number", [("name", "1"), ("Name", "2")], None),
    ("/list", [("name", "1"), ("name", "2")], None),
    ("/json", [("name", "[1]"), ("name", "[2]")], "name"),
    ("/model", [("name", "1"), ("name", "2")], "name"),
    ("/model", [("else", "1"), ("else", "2")], "else"),
    ("/model", [("tags", "1"), ("tags", "2"), ("pair", "1"), ("pair", "2"), ("unread", "1"), ("unread", "2")], None),
    ("/union", [("name", "1"), ("name", "2")], None),
    ("/both", [("name", "1"), ("name", "2")], "name"),
    ("/file", [("name", "1"), ("name", "2")], "name"),
    ("/files", [("name", "1"), ("name", "2")], None),
]


@pytest.mark.parametrize(("path", "fields", "refused"), TWICE, ids=str)
@pytest.mark.parametrize("media_type", [URLENCODED, MULTIPART])
def test_a_field_that_is_sent_twice_is_refused_where_one_value_is_read(path, fields, refused, media_type):
    """The answer is a 400 that names the field; what no parameter reads, and what a list reads, may be repeated."""
    as_files = path.startswith("/file")
    if as_files and media_type == URLENCODED:
        pytest.skip("only multipart forms carry files")
    sent = Sending(path, [encoded(fields, media_type, as_files)], media_type)
    app, lax = applications(form_limits=REFUSING), applications()
    found = send(app, sent)
    if refused is None:
        assert found["status"] == [200]
        return
    reason = f"There was an error parsing the body: it has the field {refused!r} more than once"
    assert found["status"] == [400]
    assert found["body"].decode() == f'{{"detail":"{reason}"}}'
    assert send(lax, sent)["status"][0] in (200, 422)


def test_without_the_option_the_last_value_counts():
    """Forms of browsers send a hidden field before a checkbox of the same name, so nothing is refused by default."""
    assert answer(applications(), "POST /text", data={"name": ["0", "1"]}) == (200, "1")


LEVELS = ("app", "include", "router", "route")


@pytest.mark.parametrize(
    "given",
    [
        *({level: flag} for level in LEVELS for flag in (True, False)),
        *(
            {outer: flag, inner: not flag}
            for outer, inner in itertools.combinations(LEVELS, 2)
            for flag in (True, False)
        ),
    ],
    ids=str,
)
def test_the_innermost_level_decides(given):
    """The option is inherited key by key like every other limit, and other limits do not replace it."""
    options = {level: {"form_limits": {"duplicate_fields": given[level]} if level in given else {}} for level in LEVELS}
    router = Router(**options["router"])

    @router.post("/", **options["route"])
    def post(name: Annotated[str, Form()]) -> str:
        return name

    app = Typeway(**options["app"])
    app.include_router(router, prefix="/r", **options["include"])
    outer = Typeway(form_limits={"max_fields": 9, "duplicate_fields": False})
    outer.mount("/m", app)
    allowed = [given[level] for level in LEVELS if level in given][-1]
    for whole, path in ((app, "/r/"), (outer, "/m/r/")):
        status, _ = answer(whole, f"POST {path}", data={"name": ["1", "2"]})
        assert status == (200 if allowed else 400), path


def test_a_mounted_application_inherits_it():
    """What is mounted below has the option too, unless it sets its own."""
    outer = Typeway(form_limits=REFUSING)
    outer.mount("/plain", applications())
    outer.mount("/own", applications(form_limits={"duplicate_fields": True}))
    data = {"name": ["1", "2"]}
    assert [answer(outer, f"POST /{name}/text", data=data)[0] for name in ("plain", "own")] == [400, 200]


def test_the_refusal_is_answered_and_documented_like_others():
    """It is a problem document where errors are, and its status is in the document of the operation."""
    app = applications(form_limits=REFUSING, errors="problem")
    response = ask(app, "POST /text", data={"name": ["1", "2"]})
    assert (response.status_code, response.json()["status"]) == (400, 400)
    assert "'name' more than once" in response.json()["detail"]
    for path in ("/text", "/model", "/file"):
        documented = app.openapi()["paths"][path]["post"]["responses"]
        assert "application/problem+json" in documented["400"]["content"], path


def test_uploads_of_a_refused_form_are_closed():
    """Files that have been received are closed, although no endpoint has seen them."""
    opened: list[Any] = []
    app = applications(form_limits=REFUSING)
    with pytest.MonkeyPatch.context() as patch:

        class Kept(UploadFile):
            def __init__(self, *arguments: Any, **options: Any) -> None:
                super().__init__(*arguments, **options)
                opened.append(self)

        patch.setattr("starlette.formparsers.UploadFile", Kept)
        fields = [("name", "1"), ("name", "2")]
        found = send(app, Sending("/file", [encoded(fields, MULTIPART, True)], MULTIPART))
    assert found["status"] == [400]
    assert [upload.file.closed for upload in opened] == [True, True]
