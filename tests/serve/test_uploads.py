"""Uploaded files live until the answer has been sent and its tasks are done, and are closed whatever happens."""

from collections.abc import Iterator
from typing import Annotated, Any

import pytest
import starlette.formparsers
from starlette.responses import PlainTextResponse, StreamingResponse

from tests.frameworks import MULTIPART, Sending, send
from typeway import BackgroundTasks, Depends, File, HTTPException, Request, Router, Typeway, UploadFile
from typeway.application.routes import APIRoute

# Large enough to be a file on the disk.
UPLOAD = (
    b'--BB\r\nContent-Disposition: form-data; name="f"; filename="x"\r\n\r\n' + b"z" * 1_100_000 + b"\r\n--BB--\r\n"
)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every temporary file that the form parser opens."""
    files: list[Any] = []
    original = starlette.formparsers.SpooledTemporaryFile

    def open_file(*arguments: Any, **options: Any) -> Any:
        files.append(original(*arguments, **options))
        return files[-1]

    monkeypatch.setattr(starlette.formparsers, "SpooledTemporaryFile", open_file)
    return files


class Crash(Exception):
    """What the endpoints fail with."""


def application(log: list[Any], kind: str) -> Typeway:  # one endpoint per way to end
    app = Typeway()
    router = Router(route_class=Wrapping) if kind == "route class" else app

    @router.post("/answer")
    async def answer(f: UploadFile):
        return f.size

    @router.post("/thread")
    def thread(f: Annotated[bytes, File()]):
        return len(f)

    @router.post("/invalid")
    async def invalid(f: UploadFile, n: int):
        """An endpoint that is not reached."""

    @router.post("/refuse")
    async def refuse(f: UploadFile):
        raise HTTPException(418)

    @router.post("/crash")
    async def crash(f: UploadFile):
        raise Crash

    @router.post("/task")
    async def task(f: UploadFile, tasks: BackgroundTasks):
        async def read() -> None:
            log.append(len(await f.read()))

        tasks.add_task(read)

    @router.post("/failing-task")
    async def failing_task(f: UploadFile, tasks: BackgroundTasks):
        def fail() -> None:
            log.append(f.file.closed)
            raise Crash

        tasks.add_task(fail)

    @router.post("/stream")
    async def stream(f: UploadFile):
        async def chunks():
            log.append(f.file.closed)
            yield (await f.read())[:3]

        return StreamingResponse(chunks())

    @router.post("/lines")
    async def lines(f: UploadFile):
        log.append(f.file.closed)
        yield len(await f.read())

    def dependency(f: UploadFile) -> Iterator[UploadFile]:
        try:
            yield f
        finally:
            log.append(f.file.closed)

    @router.post("/dependency")
    async def dependent(f: Annotated[UploadFile, Depends(dependency)]):
        return f.size

    @router.post("/crashing-dependency")
    async def crashing(f: Annotated[UploadFile, Depends(dependency)]):
        raise Crash

    if router is not app:
        app.include_router(router)
    middleware = MIDDLEWARE.get(kind)
    if middleware is not None:
        app.middleware("http")(middleware)
    return app


class Wrapping(APIRoute):
    """A route class that serves its requests itself."""

    def get_route_handler(self) -> Any:
        handle = super().get_route_handler()

        async def wrapped(request: Request) -> Any:
            return await handle(request)

        return wrapped


async def pass_on(request: Request, call_next: Any) -> Any:
    return await call_next(request)


async def replace(request: Request, call_next: Any) -> Any:
    await call_next(request)
    return PlainTextResponse("another answer")


async def fail_late(request: Request, call_next: Any) -> Any:
    await call_next(request)
    raise Crash


MIDDLEWARE = {"passing middleware": pass_on, "replacing middleware": replace, "failing middleware": fail_late}
PATHS = [
    "answer", "thread", "invalid", "refuse", "crash", "task", "failing-task", "stream", "lines", "dependency",
    "crashing-dependency",
]  # fmt: skip


@pytest.mark.parametrize("kind", ["plain", "route class", *MIDDLEWARE])
@pytest.mark.parametrize("path", PATHS)
def test_uploads_are_closed_in_the_end(opened: list[Any], path: str, kind: str) -> None:
    """Answered, refused, failed, streamed, replaced by middleware: no file stays open, and none is closed too early."""
    log: list[Any] = []
    send(application(log, kind), Sending(f"/{path}", [UPLOAD[:600_000], UPLOAD[600_000:]], MULTIPART))
    assert opened
    assert all(file.closed for file in opened)
    assert True not in log


@pytest.mark.parametrize("kept", [10, 100, 700_000])
def test_uploads_of_a_client_that_leaves_are_closed(opened: list[Any], kept: int) -> None:
    """A form that is cut off leaves no file behind."""
    answer = send(application([], "plain"), Sending("/answer", [UPLOAD[:kept]], MULTIPART, leaves=True))
    assert answer["status"] == [400]
    assert all(file.closed for file in opened)


def test_tasks_read_what_was_uploaded() -> None:
    """A background task still reads the whole file."""
    log: list[Any] = []
    send(application(log, "plain"), Sending("/task", [UPLOAD], MULTIPART))
    assert log == [1_100_000]
