"""Bodies are read as JSON or as forms, whole or by member, and what cannot be read is the client's mistake."""

import functools
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, Json, ValidationError
from starlette.websockets import WebSocketDisconnect

import typeway
from tests.frameworks import answer, application, ask, client, each_framework, errors
from typeway import Body, File, Form, Request, Router, Typeway, UploadFile
from typeway.exceptions import DeclarationError

JSON = {"content-type": "application/json"}


class Item(BaseModel):
    name: str
    price: float | None = None


class User(BaseModel):
    login: str


class Profile(BaseModel):
    name: str
    tags: list[str] = []
    nick: str = Field("none", alias="nickname")


class StrictProfile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str


class OpenProfile(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str = "none"


class Upload(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    title: str
    file: UploadFile


# --- JSON -------------------------------------------------------------------------------------------------------


@functools.cache
def bodies(web: Any) -> Any:  # one endpoint per way to take a body
    """One endpoint per way to take a JSON body."""
    app = web.FastAPI()

    @app.post("/one")
    def one(item: Item):
        return item

    @app.post("/optional")
    def optional(item: Item | None = None):
        return item

    @app.post("/required-nullable")
    def required_nullable(item: Annotated[Item | None, web.Body()]):
        return item

    @app.post("/embedded")
    def embedded(item: Annotated[Item, web.Body(embed=True)]):
        return item

    @app.post("/two")
    def two(item: Item, user: User):
        return [item, user]

    @app.post("/two-optional")
    def two_optional(item: Item | None = None, n: Annotated[int, web.Body()] = 3):
        return [item, n]

    @app.post("/with-query")
    def with_query(item: Item, q: int, x_a: Annotated[int, web.Header()] = 0):
        return [item, q, x_a]

    @app.put("/alias")
    def alias(item: Annotated[Item, web.Body(alias="thing")], user: Annotated[User, web.Body(validation_alias="who")]):
        return [item, user]

    @app.post("/bytes")
    def raw(data: Annotated[bytes, web.Body()]):
        return data.decode()

    @app.post("/anything")
    def anything(data: Annotated[Any, web.Body()] = "none"):
        return data

    @app.delete("/delete")
    def delete(item: Item):
        return item

    def user(user: User):
        return user.login

    @app.post("/dependency")
    def dependency(item: Item, login: Annotated[str, web.Depends(user)]):
        return [item, login]

    @app.post("/shared")
    def shared(user: User, login: Annotated[str, web.Depends(user)]):
        return [user, login]

    return app


ITEM = {"name": "n", "price": None}

BODIES: list[tuple[str, dict[str, Any], Any]] = [
    ("POST /one", {"json": {"name": "n", "more": 1}}, ITEM),
    ("POST /one", {"json": {"name": "é☃", "price": 1}}, {"name": "é☃", "price": 1.0}),
    (
        "POST /one",
        {"content": b' {"name" : "n"} ', "headers": {"content-type": "application/json; charset=utf-8"}},
        ITEM,
    ),
    ("POST /one", {"content": b'{"name":"n"}', "headers": {"content-type": "application/problem+json"}}, ITEM),
    ("POST /one", {"content": b'{"name":"n"}', "headers": {"content-type": "APPLICATION/JSON"}}, ITEM),
    ("POST /optional", {}, None),
    ("POST /optional", {"json": {"name": "n"}}, ITEM),
    ("POST /required-nullable", {"content": b"null", "headers": JSON}, None),
    ("POST /embedded", {"json": {"item": {"name": "n"}}}, ITEM),
    ("POST /two", {"json": {"item": {"name": "n"}, "user": {"login": "l"}}}, [ITEM, {"login": "l"}]),
    ("POST /two-optional", {}, [None, 3]),
    ("POST /two-optional", {"json": {"n": 4}}, [None, 4]),
    ("POST /two-optional", {"json": {"item": None}}, [None, 3]),
    ("POST /with-query?q=1", {"json": {"name": "n"}, "headers": {"x-a": "2"}}, [ITEM, 1, 2]),
    ("PUT /alias", {"json": {"thing": {"name": "n"}, "who": {"login": "l"}}}, [ITEM, {"login": "l"}]),
    ("POST /bytes", {"content": b"raw bytes", "headers": {"content-type": "image/png"}}, "raw bytes"),
    ("POST /bytes", {"content": b'"text"', "headers": JSON}, "text"),
    ("POST /bytes", {"content": b"no type"}, "no type"),
    ("POST /anything", {"json": [1, {"a": None}]}, [1, {"a": None}]),
    ("POST /anything", {}, "none"),
    ("DELETE /delete", {"json": {"name": "n"}}, ITEM),
    ("POST /dependency", {"json": {"item": {"name": "n"}, "user": {"login": "l"}}}, [ITEM, "l"]),
    ("POST /shared", {"json": {"login": "l"}}, [{"login": "l"}, "l"]),
]

BAD_BODIES: list[tuple[str, dict[str, Any], list[tuple[str, list[Any]]]]] = [
    ("POST /one", {}, [("missing", ["body"])]),
    (
        "POST /one",
        {"json": {"name": 3, "price": "x"}},
        [("string_type", ["body", "name"]), ("float_parsing", ["body", "price"])],
    ),
    ("POST /one", {"json": "text"}, [("model_attributes_type", ["body"])]),
    ("POST /required-nullable", {}, [("missing", ["body"])]),
    ("POST /embedded", {"json": {"name": "n"}}, [("missing", ["body", "item"])]),
    ("POST /two", {"json": {"item": {"name": "n"}}}, [("missing", ["body", "user"])]),
    ("POST /two", {}, [("missing", ["body", "item"]), ("missing", ["body", "user"])]),
    ("POST /two-optional", {"json": {"n": None}}, [("int_type", ["body", "n"])]),
    ("PUT /alias", {"json": {"item": {}}}, [("missing", ["body", "thing"]), ("missing", ["body", "who"])]),
    ("POST /with-query?q=x", {"json": {}}, [("int_parsing", ["query", "q"]), ("missing", ["body", "name"])]),
    ("POST /dependency", {"json": {"name": "n"}}, [("missing", ["body", "user"]), ("missing", ["body", "item"])]),
]


@each_framework
@pytest.mark.parametrize(("request_line", "options", "expected"), BODIES, ids=lambda value: str(value)[:40])
def test_a_json_body_reaches_its_parameters(web, request_line, options, expected):
    """One parameter is the whole body; several, or an embedded one, are members of it."""
    assert answer(bodies(web), request_line, **options) == (200, expected)


@each_framework
@pytest.mark.parametrize(("request_line", "options", "expected"), BAD_BODIES, ids=lambda value: str(value)[:40])
def test_a_json_body_that_does_not_fit_is_refused(web, request_line, options, expected):
    """Missing and wrong members are named with their way through the body."""
    assert errors(bodies(web), request_line, **options) == expected


@each_framework
@pytest.mark.parametrize("sent", [b"{", b'{"a": 1,}', b"[1, 2", b"nul", b"{'a': 1}", b"{} x", b'"\t"'])
def test_malformed_json_is_a_422_that_names_the_position(web, sent):
    """The answer to malformed JSON is one error with the position, in the words of Python's parser."""
    status, body = answer(bodies(web), "POST /one", content=sent, headers=JSON)
    [error] = body["detail"]
    assert (status, error["type"], error["msg"], error["input"]) == (422, "json_invalid", "JSON decode error", {})
    assert error["loc"][0] == "body"
    assert isinstance(error["loc"][1], int)
    assert set(error["ctx"]) == {"error"}


@each_framework
def test_malformed_json_is_answered_before_any_dependency_runs(web):
    """A body that cannot be parsed beats everything else, a refusal by a dependency too."""
    calls = []

    def refuse():
        calls.append("called")
        raise web.HTTPException(401)

    @application(web, method="POST", dependencies=[web.Depends(refuse)])
    def create(item: Item): ...

    assert answer(create, "POST /", content=b"{", headers=JSON)[0] == 422
    assert calls == []
    assert answer(create, "POST /", content=b"{}", headers=JSON)[0] == 401


@each_framework
@pytest.mark.parametrize("sent", [b"\xff\xfe\xff", b"[" * 100_000])
def test_bytes_that_are_no_text_and_bottomless_nesting_are_a_400(web, sent):
    """What no JSON parser can read is answered with 400 and one fixed sentence."""
    status, body = answer(bodies(web), "POST /anything", content=sent, headers=JSON)
    assert status == 400
    reasons = {"typeway": (": it is not UTF-8", ": it is nested too deeply"), "fastapi": ("",)}[web.__name__]
    assert body["detail"] in [f"There was an error parsing the body{reason}" for reason in reasons]


def test_numbers_that_json_does_not_have_are_malformed():
    """NaN and Infinity are not JSON: the error names the place of the first one that is not in a string."""

    @application(typeway, method="POST")
    def create(item: Item):
        return repr(item.price)

    sent = b'{"name": "NaN", "price": Infinity}'
    status, body = answer(create, "POST /", content=sent, headers=JSON)
    assert (status, body["detail"][0]["type"]) == (422, "json_invalid")
    assert body["detail"][0]["loc"] == ["body", sent.index(b"Infinity")]


@pytest.mark.parametrize(
    ("limits", "sent", "status"),
    [
        ({}, b'{"a": 1, "a": 2}', 400),
        ({}, b'[{"b": {"a": 1, "a": 2}}]', 400),
        ({}, b'{"a": "x:y", "b": ["::"]}', 200),
        ({}, b'{"a": 1, "a": "\\u003a"}', 400),
        ({}, b'{"a": "\\u003a", "b": {"c": ":"}}', 200),
        ({"duplicate_keys": True}, b'{"a": 1, "a": 2}', 200),
        ({"duplicate_keys": True}, b'{"a": NaN, "a": 2}', 422),
        ({}, b"[" * 201 + b"]" * 201, 200),
        ({}, b"[" * 202 + b"]" * 202, 400),
        ({"max_depth": 400}, b"[" * 401 + b"]" * 401, 200),
        ({"max_depth": 400}, b"[" * 402 + b"]" * 402, 400),
        ({"max_depth": 1}, b'{"a": [1, 2]}', 200),
        ({"max_depth": 1}, b'{"a": [1, []]}', 400),
        ({"max_depth": 0}, b'{"a": 1}', 200),
        ({"max_depth": 0}, b'{"a": {}}', 400),
    ],
)
def test_the_limits_of_json_are_options(limits, sent, status):
    """`json_limits` hold for bodies that a parameter declares and for those that `request.json()` reads."""
    app = Typeway(json_limits={"max_depth": 3})
    router = Router(json_limits={"max_depth": 200, **limits})

    @router.post("/declared")
    async def declared(data: Annotated[Any, Body()]):
        return 1

    @router.post("/read")
    async def read(request: Request):
        return len(str(await request.json()))

    app.include_router(router)
    assert answer(app, "POST /declared", content=sent, headers=JSON)[0] == status
    assert answer(app, "POST /read", content=sent, headers=JSON)[0] == (400 if status == 422 else status)


@each_framework
def test_large_numbers_and_escapes_survive(web):
    """Integers of any size and every escape arrive as they were sent."""
    sent = b'[123456789012345678901234567890, "\\u00e9\\ud83d\\ude00\\n", 1e3, -0.0]'
    assert answer(bodies(web), "POST /anything", content=sent, headers=JSON) == (
        200,
        [123456789012345678901234567890, "é😀\n", 1000.0, -0.0],
    )


def test_another_media_type_is_a_415_that_names_what_is_accepted():
    """A body of a type that nobody declared is refused with the accepted types, and nothing of it is echoed."""
    app = bodies(typeway)
    for content_type in ("text/plain", "text/json", "application/xml", "nonsense"):
        response = ask(app, "POST /one", content=b'{"name":"n"}', headers={"content-type": content_type})
        assert response.status_code == 415
        assert response.json() == {"detail": "Unsupported Media Type: send the body as application/json."}
        assert response.headers["accept"] == "application/json"


def test_a_declared_media_type_is_accepted():
    """`Body(media_type=…)` says what else is accepted; such a body arrives as bytes."""

    @application(typeway, method="POST")
    def create(data: Annotated[str, Body(media_type="text/csv")]):
        return data

    assert answer(create, "POST /", content=b"a,b", headers={"content-type": "text/csv; charset=utf-8"}) == (200, "a,b")
    assert answer(create, "POST /", content=b"a,b", headers={"content-type": "text/plain"}) == (
        415,
        {"detail": "Unsupported Media Type: send the body as application/json, text/csv."},
    )


LEVELS = {
    "app": {"app": {"strict_content_type": False}},
    "router": {"router": {"strict_content_type": False}},
    "include": {"include": {"strict_content_type": False}},
    "route": {"route": {"strict_content_type": False}},
    "route over app": {"app": {"strict_content_type": True}, "route": {"strict_content_type": False}},
    "nowhere": {},
    "taken back": {"app": {"strict_content_type": False}, "router": {"strict_content_type": True}},
}


@pytest.mark.parametrize("level", LEVELS)
def test_a_body_without_a_media_type_is_json_where_strictness_is_off(level):
    """`strict_content_type=False` reads a body without a Content-Type as JSON; the innermost level that speaks counts."""
    said = LEVELS[level]
    app, router = Typeway(**said.get("app", {})), typeway.Router(**said.get("router", {}))

    @router.post("/", **said.get("route", {}))
    def create(item: Item):
        return item

    app.include_router(router, prefix="/r", **said.get("include", {}))
    response = ask(app, "POST /r/", content=b'{"name":"n"}')
    assert response.status_code == (415 if level in ("nowhere", "taken back") else 200)


@each_framework
@pytest.mark.parametrize("level", ["app", "router"])
def test_fastapis_levels_of_strictness_are_ours(web, level):
    """What FastAPI can say about strictness means the same with us."""
    said = LEVELS[level]
    app, router = web.FastAPI(**said.get("app", {})), web.APIRouter(**said.get("router", {}))

    @router.post("/")
    def create(item: Item):
        return item

    app.include_router(router, prefix="/r")
    assert answer(app, "POST /r/", content=b'{"name":"n"}') == (200, ITEM)
    assert answer(app, "POST /r/", content=b'{"name":"n"}', headers={"content-type": "text/plain"})[0] in (415, 422)


@each_framework
def test_the_body_can_be_read_by_the_request_as_well(web):
    """An endpoint that takes parameters from the body may read it through the Request again."""

    @application(web, method="POST")
    async def create(item: Item, request: web.Request):
        return [item.name, (await request.body()).decode(), await request.json()]

    assert answer(create, "POST /", content=b'{"name":"n"}', headers=JSON) == (
        200,
        ["n", '{"name":"n"}', {"name": "n"}],
    )


@each_framework
def test_a_body_that_comes_in_pieces_is_joined(web):
    """A chunked body is one body."""

    def pieces():
        yield b'{"na'
        yield b'me":'
        yield b'"n"}'

    assert answer(bodies(web), "POST /one", content=pieces(), headers=JSON) == (200, ITEM)


# --- forms and files --------------------------------------------------------------------------------------------


@functools.cache
def forms(web: Any) -> Any:  # one endpoint per way to take a form
    """One endpoint per way to take a form."""
    app = web.FastAPI()

    @app.post("/login")
    def login(name: Annotated[str, web.Form()], n: Annotated[int, web.Form(ge=1)] = 1):
        return [name, n]

    @app.post("/list")
    def many(values: Annotated[list[int], web.Form()] = []):  # noqa: B006
        return values

    @app.post("/alias")
    def alias(value: Annotated[str, web.Form(alias="other")] = "none"):
        return value

    @app.post("/model")
    def model(profile: Annotated[Profile, web.Form()]):
        return profile.model_dump()

    @app.post("/optional-model")
    def optional_model(profile: Annotated[Profile | None, web.Form()] = None):
        return profile and profile.model_dump()

    @app.post("/strict-model")
    def strict_model(profile: Annotated[StrictProfile, web.Form()]):
        return profile.model_dump()

    @app.post("/open-model")
    def open_model(profile: Annotated[OpenProfile, web.Form()]):
        return profile.model_dump()

    @app.post("/model-and-field")
    def model_and_field(profile: Annotated[Profile, web.Form()], n: Annotated[int, web.Form()] = 1):
        return [profile.name, n]

    @app.post("/two-models")
    def two_models(profile: Annotated[Profile, web.Form()], user: Annotated[User, web.Form()]):
        return [profile.name, user.login]

    @app.post("/file")
    async def file(a: web.UploadFile, b: Annotated[bytes, web.File()], c: Annotated[str, web.Form()] = "none"):
        return [a.filename, a.content_type, a.size, (await a.read()).decode(), b.decode(), c]

    @app.post("/same-file")
    async def same_file(a: web.UploadFile, b: Annotated[bytes, web.File(alias="a")]):
        return [(await a.read()).decode(), b.decode()]

    @app.post("/files")
    async def files(a: list[web.UploadFile], b: Annotated[list[bytes], web.File()] = []):  # noqa: B006
        return [[entry.filename for entry in a], [entry.decode() for entry in b]]

    @app.post("/optional-file")
    def optional_file(a: web.UploadFile | None = None, b: Annotated[bytes | None, web.File()] = None):
        return [a and a.filename, b and b.decode()]

    @app.post("/upload-model")
    async def upload_model(upload: Annotated[Upload, web.Form()]):
        return [upload.title, (await upload.file.read()).decode()]

    return app


FORMS: list[tuple[str, dict[str, Any], Any]] = [
    ("POST /login", {"data": {"name": "x y&=é", "n": "3"}}, ["x y&=é", 3]),
    ("POST /login", {"data": {"name": "a", "n": ""}}, ["a", 1]),
    ("POST /login", {"data": {"name": ["a", "b"]}}, ["b", 1]),
    ("POST /login", {"data": {"name": "a"}, "files": {"other": b""}}, ["a", 1]),
    ("POST /list", {"data": {"values": ["1", "2"]}}, [1, 2]),
    ("POST /list", {"data": {"values": "1"}}, [1]),
    ("POST /list", {}, []),
    ("POST /alias", {"data": {"other": "o", "value": "v"}}, "o"),
    (
        "POST /model",
        {"data": {"name": "n", "tags": ["a", "b"], "nickname": "k"}},
        {"name": "n", "tags": ["a", "b"], "nick": "k"},
    ),
    ("POST /model", {"data": {"name": "n", "nickname": ""}}, {"name": "n", "tags": [], "nick": "none"}),
    ("POST /optional-model", {}, None),
    ("POST /optional-model", {"data": {"other": "x"}}, None),
    ("POST /optional-model", {"data": {"name": "x"}}, {"name": "x", "tags": [], "nick": "none"}),
    ("POST /strict-model", {"data": {"name": "x"}}, {"name": "x"}),
    ("POST /open-model", {"data": {"more": ["1", "2"], "one": "1"}}, {"name": "none", "more": ["1", "2"], "one": "1"}),
    ("POST /model-and-field", {"data": {"name": "x", "n": "2"}}, ["x", 2]),
    ("POST /two-models", {"data": {"name": "x", "login": "l"}}, ["x", "l"]),
    (
        "POST /file",
        {"files": {"a": ("a.txt", b"aaa", "text/x"), "b": ("b", b"bb")}, "data": {"c": "cc"}},
        ["a.txt", "text/x", 3, "aaa", "bb", "cc"],
    ),
    ("POST /same-file", {"files": {"a": ("a.txt", b"aaa")}}, ["aaa", "aaa"]),
    (
        "POST /files",
        {"files": [("a", ("1", b"x")), ("b", ("3", b"y")), ("a", ("2", b"z")), ("b", ("4", b"w"))]},
        [["1", "2"], ["y", "w"]],
    ),
    ("POST /optional-file", {}, [None, None]),
    ("POST /optional-file", {"files": {"a": ("", b"")}}, [None, None]),
    ("POST /optional-file", {"files": {"a": ("empty", b"")}}, ["empty", None]),
    ("POST /upload-model", {"files": {"file": ("f", b"abc")}, "data": {"title": "t"}}, ["t", "abc"]),
]

BAD_FORMS: list[tuple[str, dict[str, Any], list[tuple[str, list[Any]]]]] = [
    ("POST /login", {}, [("missing", ["body", "name"])]),
    (
        "POST /login",
        {"data": {"name": "", "n": "0"}},
        [("missing", ["body", "name"]), ("greater_than_equal", ["body", "n"])],
    ),
    ("POST /list", {"data": {"values": ["1", "x"]}}, [("int_parsing", ["body", "values", 1])]),
    ("POST /model", {"data": {"nickname": "k"}}, [("missing", ["body", "name"])]),
    ("POST /optional-model", {"data": {"name": ""}}, [("missing", ["body", "name"])]),
    ("POST /strict-model", {"data": {"name": "x", "more": "1"}}, [("extra_forbidden", ["body", "more"])]),
    ("POST /two-models", {}, [("missing", ["body", "name"]), ("missing", ["body", "login"])]),
    ("POST /file", {}, [("missing", ["body", "a"]), ("missing", ["body", "b"])]),
    ("POST /file", {"data": {"a": "text"}, "files": {"b": b"x"}}, [("value_error", ["body", "a"])]),
    ("POST /files", {"files": {"a": ("", b"")}}, [("value_error", ["body", "a", 0])]),
]


@each_framework
@pytest.mark.parametrize(("request_line", "options", "expected"), FORMS, ids=lambda value: str(value)[:40])
def test_a_form_reaches_its_parameters(web, request_line, options, expected):
    """Fields, repeated fields, models, files and their bytes arrive; an empty field counts as missing."""
    assert answer(forms(web), request_line, **options) == (200, expected)


@each_framework
@pytest.mark.parametrize(("request_line", "options", "expected"), BAD_FORMS, ids=lambda value: str(value)[:40])
def test_a_form_that_does_not_fit_is_refused(web, request_line, options, expected):
    """What is missing or wrong in a form is named like members of a JSON body."""
    assert errors(forms(web), request_line, **options) == expected


@each_framework
def test_a_form_that_cannot_be_parsed_is_a_400(web):
    """A broken form is answered with 400 and why."""
    headers = {"content-type": "multipart/form-data"}
    assert answer(forms(web), "POST /login", content=b"abc", headers=headers) == (
        400,
        {"detail": "Missing boundary in multipart."},
    )


@each_framework
def test_json_where_a_form_is_wanted_is_an_empty_form(web):
    """A JSON body does not fill form fields."""
    assert errors(forms(web), "POST /login", json={"name": "n"}) == [("missing", ["body", "name"])]


@each_framework
def test_uploads_are_closed_after_the_response(web):
    """An uploaded file is open in the endpoint and its background tasks, and closed afterwards."""
    seen = []

    @application(web, method="POST")
    async def create(file: web.UploadFile, tasks: web.BackgroundTasks):
        tasks.add_task(lambda: seen.append(file.file.closed))
        seen.append(file)
        return file.file.closed

    assert answer(create, "POST /", files={"file": ("f", b"abc")}) == (200, False)
    assert seen[1] is False
    assert seen[0].file.closed


@each_framework
@pytest.mark.parametrize(
    ("limits", "options", "detail"),
    [
        (
            {"max_fields": 1},
            {"data": {"a": "1", "b": "2"}, "files": {"f": b""}},
            "Too many fields. Maximum number of fields is 1.",
        ),
        ({"max_files": 1}, {"files": [("f", b"x"), ("f", b"y")]}, "Too many files. Maximum number of files is 1."),
        ({"max_part_size": 3}, {"data": {"a": "long"}, "files": {"f": b""}}, "Part exceeded maximum size of 0KB."),
    ],
)
def test_forms_have_limits(web, limits, options, detail):
    """Too many fields, files, or too large a part are refused while the form is read."""

    @application(web, method="POST", form_limits=limits)
    async def create(request: web.Request, a: Annotated[str, web.Form()] = "none"): ...

    status, body = answer(create, "POST /", **options)
    assert status == 400
    assert body["detail"].split(" is")[0].split(" of")[0] == detail.split(" is")[0].split(" of")[0]


def test_the_form_is_read_once_for_everybody():
    """An endpoint that takes fields may take the whole form from the Request as well."""
    app = Typeway()

    @app.post("/")
    async def create(request: Request, a: Annotated[str, Form()], f: Annotated[bytes, File()] = b""):
        form = await request.form()
        return [a, f.decode(), sorted(form)]

    assert answer(app, "POST /", data={"a": "1", "b": "2"}, files={"f": b"x"}) == (200, ["1", "x", ["a", "b", "f"]])


@each_framework
def test_kinds_of_form_fields(web):
    """Literals, booleans and unions in forms are converted from text."""

    @application(web, method="POST")
    def create(
        kind: Annotated[Literal["a", "b"], web.Form()],
        on: Annotated[bool, web.Form()] = False,
        either: Annotated[int | str | None, web.Form()] = None,
    ):
        return [kind, on, either]

    assert answer(create, "POST /", data={"kind": "a", "on": "on", "either": "3"}) == (200, ["a", True, "3"])
    assert answer(create, "POST /", data={"kind": "a", "either": ""}) == (200, ["a", False, None])
    assert errors(create, "POST /", data={"kind": "c", "on": "maybe"}) == [
        ("literal_error", ["body", "kind"]),
        ("bool_parsing", ["body", "on"]),
    ]


# --- unions of form models --------------------------------------------------------------------------------------


class Cat(BaseModel):
    kind: Literal["cat"] = "cat"
    lives: list[int] = Field([], alias="life")


class Dog(BaseModel):
    kind: Literal["dog"]
    barks: int


@each_framework
@pytest.mark.parametrize(
    ("annotate", "sent", "expected"),
    [
        (lambda web: Annotated[Cat | Dog, web.Form()], {"kind": "dog", "barks": "2"}, {"kind": "dog", "barks": 2}),
        (lambda web: Annotated[Cat | Dog, web.Form()], {"life": ["1", "2"]}, {"kind": "cat", "lives": [1, 2]}),
        (
            lambda web: Annotated[Cat | Dog, web.Form(discriminator="kind")],
            {"kind": "cat", "life": "3"},
            {"kind": "cat", "lives": [3]},
        ),
        (
            lambda web: Annotated[Cat | Dog | None, web.Form()],
            {"kind": "dog", "barks": "1"},
            {"kind": "dog", "barks": 1},
        ),
    ],
)
def test_a_union_of_models_may_be_a_form(web, annotate, sent, expected):
    """Of several form models the one that fits, or that the discriminator names, is built from the fields."""
    app = web.FastAPI()

    @app.post("/")
    def create(pet: annotate(web)):
        return pet.model_dump()

    assert answer(app, "POST /", data=sent) == (200, expected)


@each_framework
def test_errors_in_a_union_of_form_models_name_the_model(web):
    """What is wrong with a discriminated form is placed below the tag that was chosen."""
    app = web.FastAPI()

    @app.post("/")
    def create(pet: Annotated[Cat | Dog, web.Form(discriminator="kind")]):
        return pet

    assert errors(app, "POST /", data={"kind": "dog", "barks": "x"}) == [("int_parsing", ["body", "dog", "barks"])]
    assert errors(app, "POST /", data={"kind": "cow"}) == [("union_tag_invalid", ["body"])]


@each_framework
def test_a_form_model_may_have_a_limit_and_json(web):
    """A field of a form model that holds JSON is one string of it."""

    class Sizes(BaseModel):
        sizes: Json[list[int]]

    @application(web, method="POST")
    def create(form: Annotated[Sizes, web.Form()]):
        return form.sizes

    assert answer(create, "POST /", data={"sizes": "[1,2]"}) == (200, [1, 2])


@each_framework
@pytest.mark.parametrize(
    ("annotate", "place"),
    [
        (lambda web: Annotated[str, web.Form()], ["body", "a"]),
        (lambda web: Annotated[str, web.Body()], ["body"]),
        (lambda web: web.UploadFile, ["body", "a"]),
        (lambda web: Item, ["body"]),
    ],
)
def test_a_socket_has_no_body(web, annotate, place):
    """What is declared of a WebSocket's body is missing: its default counts, or the handshake is refused."""
    app = web.FastAPI()

    @app.websocket("/default")
    async def default(socket: web.WebSocket, a: annotate(web) = None):
        await socket.accept()
        await socket.send_json(a)
        await socket.close()

    @app.websocket("/required")
    async def required(socket: web.WebSocket, a: annotate(web)): ...

    with client(app).websocket_connect("/default") as socket:
        assert socket.receive_json() is None
    with pytest.raises(WebSocketDisconnect) as caught, client(app).websocket_connect("/required"):
        pass
    if web is typeway:
        assert caught.value.reason == f"{'.'.join(place)}: Field required"
    else:
        assert [(error["type"], list(error["loc"])) for error in caught.value.reason] == [("missing", place)]


@each_framework
@pytest.mark.parametrize("limits", [{"max_parts": 1}, {"max_files": -1}, {"max_fields": "x"}, {"max_part_size": 1.5}])
def test_form_limits_are_checked_where_they_are_given(web, limits):
    """Unknown form limits and what is no size are refused by application, router, inclusion and route; ours says where."""
    error = DeclarationError if web is typeway else ValidationError
    for act in (
        lambda: web.FastAPI(form_limits=limits),
        lambda: web.APIRouter(form_limits=limits),
        lambda: web.FastAPI().post("/", form_limits=limits)(lambda: 1),
        lambda: web.FastAPI().include_router(web.APIRouter(), form_limits=limits),
    ):
        with pytest.raises(error, match=next(iter(limits))):
            act()
