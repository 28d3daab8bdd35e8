"""Forms and files: fields, models, uploads, empty values, limits."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from tests.conformance.cases import case
from tests.describe.applications.models import Color
from tests.frameworks import Step, asked


def posted(path: str, *forms: dict[str, Any], **options: Any) -> list[Step]:
    """One request per form, urlencoded."""
    return [asked(f"POST {path}", data=form, **options) for form in forms]


def uploaded(path: str, *files: Any, data: dict[str, Any] | None = None) -> list[Step]:
    """One request per set of files, as multipart/form-data with a fixed boundary."""
    headers = {"content-type": "multipart/form-data; boundary=limit"}
    return [asked(f"POST {path}", files=some, data=data or {}, headers=headers) for some in files]


def multipart(path: str, *contents: bytes) -> list[Step]:
    """One request per body, which is sent as multipart/form-data as it stands."""
    headers = {"content-type": "multipart/form-data; boundary=limit"}
    return [asked(f"POST {path}", content=content.replace(b"\n", b"\r\n"), headers=headers) for content in contents]


@case(
    *posted("/", {"name": "n"}, {"name": "n", "age": "3"}, {"name": ""}, {"name": "n", "age": ""}, {"age": "x"}, {}),
    *posted("/", {"name": ["a", "b"]}, {"name": "n", "tags": ["a", "b"]}, {"name": "n", "tags": ""}, {"name": "é&=+ %"}),
    *posted("/", {"name": "n", "color": "red"}, {"name": "n", "color": "x"}, {"name": "n", "other": "1"}),
    *uploaded("/", {"name": (None, "n"), "age": (None, "4")}, {"name": (None, "")}, {"name": ("f.txt", b"file")}),
    asked("POST /", json={"name": "n"}), "POST /",
    asked("POST /", content=b"name=n", headers={"content-type": "text/plain"}),
    asked("POST /", content=b"name=%ff&age=1", headers={"content-type": "application/x-www-form-urlencoded"}),
    asked("POST /", content=b"name=n;age=1", headers={"content-type": "application/x-www-form-urlencoded; charset=latin-1"}),
    asked("POST /", content=b"x", headers={"content-type": "multipart/form-data"}),
)  # fmt: skip
def fields(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(
        name: Annotated[str, web.Form()],
        age: int | None = web.Form(None, ge=0),
        tags: list[str] = web.Form([]),
        color: Color = web.Form(Color.blue),
    ):
        return [name, age, tags, color]

    return app


class Profile(BaseModel):
    name: str
    tags: list[str] = []
    nick: str = Field("none", alias="nickname")


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = "c"


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")

    name: str = "o"


FORMS = (
    {"name": "n"},
    {},
    {"name": ""},
    {"name": "n", "tags": ["a", "b"], "nickname": "k"},
    {"name": "n", "other": "x"},
)


@case(
    *posted("/", *FORMS), "POST /", *posted("/optional", *FORMS), *posted("/closed", *FORMS), *posted("/open", *FORMS)
)
def models(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(profile: Annotated[Profile, web.Form()]):
        return profile

    @app.post("/optional")
    def optional(profile: Annotated[Profile | None, web.Form()] = None):
        return profile

    @app.post("/closed")
    def closed(model: Annotated[Closed, web.Form()]):
        return model

    @app.post("/open")
    def opened(model: Open = web.Form()):
        return model

    return app


@case(*posted("/", *FORMS), *posted("/siblings", *FORMS, {"name": "n", "age": "3"}, {"name": "n", "age": "x"}))
def several_models(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(profile: Annotated[Profile, web.Form()], other: Annotated[Open | None, web.Form()] = None):
        return [profile, other]

    @app.post("/siblings")
    def siblings(profile: Annotated[Profile, web.Form()], age: int = web.Form(1), name: str = web.Form("own")):
        return [profile, age, name]

    return app


@case(*posted("/", {"kind": "cat"}, {"kind": "dog"}, {"kind": "dog", "name": "d"}, {"kind": "x"}, {}))
def discriminated_models(web: Any) -> Any:
    class Cat(BaseModel):
        kind: Literal["cat"]
        lives: int = 9

    class Dog(BaseModel):
        kind: Literal["dog"]
        name: str

    app = web.FastAPI()

    @app.post("/")
    def post(pet: Annotated[Cat | Dog, web.Form(discriminator="kind")]):
        return pet

    return app


@case(
    *posted("/", {"profile": "x"}, {"name": "n"}), *posted("/alias", {"fullName": "n"}, {"name": "n"}, {"x-own": "1"})
)
def alone_and_renamed(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(name: str = web.Form()):
        return name

    @app.post("/alias")
    def alias(name: str = web.Form(alias="fullName"), own: int = web.Form(0, validation_alias="x-own")):
        return [name, own]

    return app


CONTENT = (
    {"file": ("a.txt", b"content", "text/plain")}, {"file": ("", b"")}, {"file": ("", b"x")}, {"file": ("a.txt", b"")},
    {"file": ("é ☃.bin", b"\xff\x00")}, {"other": ("a.txt", b"x")}, {"file": (None, b"a field")}, {},
    [("file", ("a.txt", b"1")), ("file", ("b.txt", b"2"))],
)  # fmt: skip


@case(
    *uploaded("/upload", *CONTENT), *uploaded("/bytes", *CONTENT), *uploaded("/optional", *CONTENT),
    *uploaded("/marked", *CONTENT), *uploaded("/both", *CONTENT), *posted("/upload", {"file": "text"}, {}),
    *posted("/bytes", {"file": "text"}, {"file": ""}), asked("POST /bytes", json={"file": "x"}), "POST /upload",
)  # fmt: skip
def files(web: Any) -> Any:
    async def shown(file: Any) -> Any:
        return file and [file.filename, file.size, file.content_type, repr(await file.read())]

    app = web.FastAPI()

    @app.post("/upload")
    async def upload(file: web.UploadFile):
        return await shown(file)

    @app.post("/bytes")
    def content(file: Annotated[bytes, web.File()]):
        return repr(file)

    @app.post("/optional")
    async def optional(file: web.UploadFile | None = None):
        return await shown(file)

    @app.post("/marked")
    async def marked(file: Annotated[web.UploadFile, web.File(description="A file", alias="file")] = None):
        return await shown(file)

    @app.post("/both")
    async def both(first: bytes = web.File(alias="file"), second: web.UploadFile = web.File(alias="file")):
        return [repr(first), await shown(second)]

    return app


@case(
    *uploaded("/uploads", *CONTENT), *uploaded("/bytes", *CONTENT), *uploaded("/optional", *CONTENT),
    *uploaded("/limited", *CONTENT), *posted("/uploads", {}, {"file": "x"}), "POST /optional",
)  # fmt: skip
def several_files(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/uploads")
    async def uploads(file: list[web.UploadFile]):
        return [one.filename for one in file]

    @app.post("/bytes")
    def contents(file: list[bytes] = web.File()):
        return [repr(one) for one in file]

    @app.post("/optional")
    async def optional(file: list[web.UploadFile] | None = None):
        return file and [one.filename for one in file]

    @app.post("/limited")
    async def limited(file: Annotated[list[web.UploadFile], web.File(max_length=1)]):
        return [one.filename for one in file]

    return app


@case(
    *uploaded("/", *CONTENT, data={"name": "n"}), *uploaded("/", *CONTENT[:2]), *posted("/", {"name": "n"}),
    *uploaded("/model", *CONTENT, data={"name": "n", "tags": ["a", "b"]}),
)  # fmt: skip
def files_beside_fields(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    async def post(name: str = web.Form(), file: web.UploadFile = web.File(), number: int = web.Form(1)):
        return [name, file.filename, number]

    @app.post("/model")
    async def model(profile: Annotated[Profile, web.Form()], file: web.UploadFile | None = None):
        return [profile, file and file.filename]

    return app


@case(*uploaded("/", *CONTENT, data={"title": "t"}), *uploaded("/", CONTENT[0]))
def files_in_models(web: Any) -> Any:
    class Upload(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        title: str
        file: web.UploadFile
        more: list[web.UploadFile] = []

    app = web.FastAPI()

    @app.post("/")
    async def post(upload: Annotated[Upload, web.Form()]):
        return [upload.title, upload.file.filename, len(upload.more)]

    return app


@case(
    *multipart(
        "/",
        b"",
        b"--limit--\n",
        b"rubbish",
        b'--limit\nContent-Disposition: form-data; name="name"\n\nn\n--limit--\n',
        b'--limit\nContent-Disposition: form-data; name="name"\n\nn',
        b"--limit\nContent-Disposition: form-data\n\nn\n--limit--\n",
        b"--limit\n\nn\n--limit--\n",
        b"--limit\nContent-Disposition: form-data; name=\"name\"; filename*=UTF-8''%e2%98%83\n\nn\n--limit--\n",
        b'--other\nContent-Disposition: form-data; name="name"\n\nn\n--other--\n',
    )
)
def malformed_parts(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    def post(name: str = web.Form("none")):
        return name

    return app


@case(
    *posted("/fields", {"a": "1"}, {"a": "1", "b": "2"}, {"a": "1", "b": "2", "c": "3"}),
    *uploaded("/fields", {"a": (None, "1"), "b": (None, "2"), "c": (None, "3")}),
    *uploaded("/files", {"a": ("a", b"1")}, {"a": ("a", b"1"), "b": ("b", b"1")}),
    *uploaded("/part", {"a": (None, "12345")}, {"a": (None, "123456")}, {"a": ("f", b"1234567")}),
    *uploaded(
        "/inherited", {"a": (None, "12345"), "b": (None, "1")}, {"a": (None, "1"), "b": (None, "1"), "c": (None, "1")}
    ),
)
def limits(web: Any) -> Any:
    def post(a: Any = web.Form(None), b: str = web.Form("-")):
        return [str(a)[:3], b]

    app = web.FastAPI(form_limits={"max_fields": 2})
    app.post("/fields")(post)
    app.post("/files", form_limits={"max_files": 1})(post)
    app.post("/part", form_limits={"max_part_size": 5})(post)
    router = web.APIRouter(form_limits={"max_part_size": 3})
    router.post("/inherited", form_limits={"max_part_size": 8})(post)
    app.include_router(router)
    return app


@case(*posted("/", {"a": "1", "b": "x"}), *uploaded("/", {"a": ("f", b"x")}), asked("POST /", content=b"raw"))
def forms_by_hand(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/")
    async def post(request: web.Request):
        async with request.form() as form:
            return [[name, getattr(value, "filename", value)] for name, value in form.multi_items()]

    return app


@case(*posted("/", {"a": "1"}, {"a": ""}), *uploaded("/", {"a": ("f", b"x")}))
def forms_of_dependencies(web: Any) -> Any:
    async def need(a: str = web.Form("-"), request: web.Request = None):
        return [a, sorted(await request.form())]

    app = web.FastAPI()

    @app.post("/")
    def post(found: Annotated[Any, web.Depends(need)], b: int = web.Form(1)):
        return [found, b]

    return app


@case(*uploaded("/", {"file": ("f.txt", b"x")}), "GET /closed", document=False)
def uploads_are_closed_in_the_end(web: Any) -> Any:
    app, kept = web.FastAPI(), []

    @app.post("/")
    async def post(file: web.UploadFile, tasks: web.BackgroundTasks):
        kept.append(file)
        tasks.add_task(lambda: web.log.append(["in the task", file.file.closed]))
        return "ok"

    @app.get("/closed")
    def closed():
        return [file.file.closed for file in kept]

    return app
