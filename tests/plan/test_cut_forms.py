"""A multipart form that ends before its last boundary is refused: what is missing must not look like what is empty."""

from typing import Annotated, Any

import pytest

import typeway
from tests.frameworks import COMPAT, MULTIPART, Sending, answer, send
from typeway import UploadFile

FORM = (
    b'--BB\r\nContent-Disposition: form-data; name="name"\r\n\r\nAda\r\n'
    b'--BB\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\n0123456789\r\n'
    b"--BB--\r\n"
)


def taking(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/declared")
    async def declared(name: Annotated[str, web.Form()] = "", file: web.UploadFile | None = None) -> list[Any]:
        return [name, file and file.size]

    @app.post("/read")
    async def read(request: web.Request) -> list[str]:
        async with request.form() as form:
            return sorted(form)

    return app


@pytest.mark.parametrize("path", ["/declared", "/read"])
@pytest.mark.parametrize("declared", [True, None], ids=["length", "chunks"])
def test_a_form_is_whole_or_refused(path: str, declared: bool | None) -> None:
    """Wherever it is cut, the answer is a 400; what follows the last boundary does not matter."""
    app = taking(typeway)
    whole = len(FORM) - len(b"\r\n")
    for end in range(8, len(FORM) + 1):
        found = send(app, Sending(path, [FORM[:end]], MULTIPART, declared=declared))
        assert found["status"] == [200 if end >= whole else 400], FORM[:end]
    for after in (b"\r\n", b"epilogue", b"--BB\r\n", b"\r\n--BB--"):
        assert send(app, Sending(path, [FORM, after], MULTIPART, declared=declared))["status"] == [200]


def test_the_answer_says_what_is_wrong() -> None:
    """It is the same 400 as for other forms that cannot be read."""
    found = send(taking(typeway), Sending("/declared", [FORM[:-20]], MULTIPART))
    assert found["body"] == b'{"detail":"The form ends before its last boundary"}'


def test_an_empty_form_is_a_form() -> None:
    """No body has no fields, and neither has a last boundary alone."""
    app = taking(typeway)
    for chunks in ([b""], [b"--BB--"], [b"--BB--\r\n"]):
        assert send(app, Sending("/declared", chunks, MULTIPART, declared=True))["body"] == b'["",null]', chunks


def test_compat_mode_takes_what_there_is() -> None:
    """As FastAPI does."""
    found = send(taking(COMPAT), Sending("/declared", [FORM[: FORM.index(b"--BB", 4)] + b"--BB\r\n"], MULTIPART))
    assert (found["status"], found["body"]) == ([200], b'["Ada",null]')


def test_no_file_of_a_cut_form_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    """The temporary file of the part that was cut off is closed at once."""
    opened: list[UploadFile] = []

    class Kept(UploadFile):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            opened.append(self)

    monkeypatch.setattr("starlette.formparsers.UploadFile", Kept)
    assert send(taking(typeway), Sending("/declared", [FORM[:-20]], MULTIPART))["status"] == [400]
    assert [upload.file.closed for upload in opened] == [True]


def test_it_is_documented() -> None:
    """The 400 of a form stands in the document."""
    assert "400" in taking(typeway).openapi()["paths"]["/declared"]["post"]["responses"]
    assert answer(taking(typeway), "POST /declared", data={"name": "Ada"}) == (200, ["Ada", None])
