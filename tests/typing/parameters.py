"""Markers and dependencies stand where values of any type are declared; checked by mypy and pyright, never run."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from typing import Annotated, Any, assert_type

from typeway import (
    BackgroundTasks,
    Body,
    Cookie,
    Depends,
    File,
    Form,
    Header,
    HTTPException,
    Path,
    Query,
    Request,
    Response,
    Security,
    Typeway,
    UploadFile,
    WebSocket,
    WebSocketException,
)
from typeway.security import SecurityScopes
from typeway.testclient import TestClient

app = Typeway()


class Session:
    """What a dependency gives."""


def get_session() -> Session:
    return Session()


@app.post("/defaults/{key}")
def defaults(
    request: Request,
    tasks: BackgroundTasks,
    response: Response,
    key: str = Path(),
    limit: int = Query(10, ge=1),
    words: list[str] = Query(default_factory=list),
    token: str | None = Header(None),
    theme: str = Cookie("light"),
    body: dict[str, int] = Body(embed=True),
    session: Session = Depends(get_session),
    other: Session = Security(get_session, scopes=["a"]),
) -> None:
    assert_type(limit, int)
    assert_type(words, list[str])
    assert_type(session, Session)


CurrentSession = Annotated[Session, Depends(get_session)]


@app.get("/aliased")
def aliased(session: CurrentSession, again: CurrentSession) -> None:
    assert_type(session, Session)
    assert_type(again, Session)


@app.post("/annotated/{key}")
def annotated(
    key: Annotated[str, Path(min_length=1)],
    session: Annotated[Session, Depends(get_session)],
    name: Annotated[str, Form()],
    upload: UploadFile,
    content: Annotated[bytes, File()],
    scopes: SecurityScopes,
    limit: Annotated[int, Query(ge=1)] = 10,
    token: Annotated[str | None, Header()] = None,
) -> None:
    assert_type(key, str)
    assert_type(upload.filename, str | None)
    assert_type(scopes.scopes, list[str])
    assert_type(scopes.scope_str, str)


async def read(upload: UploadFile, socket: WebSocket) -> None:
    """Uploads and sockets have the types of what they give."""
    assert_type(await upload.read(), bytes)
    assert_type(await socket.receive_text(), str)


def pin_marks() -> None:
    """Markers are of any type to a checker, dependencies too."""
    assert_type(Query(3), Any)
    assert_type(Depends(get_session), Any)
    Depends(get_session, use_cache=False, scope="function", max_concurrency=3)
    Depends(get_session, scope="session")  # type: ignore[arg-type]
    Security(get_session, scopes=3)  # type: ignore[arg-type]


def pin_exceptions() -> None:
    """Exceptions keep what they were given."""
    assert_type(HTTPException(404, {"any": "detail"}, {"x-a": "1"}).status_code, int)
    assert_type(WebSocketException(1008, "no").code, int)
    HTTPException("404")  # type: ignore[arg-type]


def add(tasks: BackgroundTasks) -> None:
    """A task's arguments are those of its function."""

    def task(name: str, times: int = 1) -> None: ...

    tasks.add_task(task, "x", times=2)
    tasks.add_task(task, 3)  # type: ignore[arg-type]


def test() -> None:
    """The test client gives responses."""
    assert_type(TestClient(app).get("/").status_code, int)
