"""Both stores, with concurrent requests and restarts."""

import asyncio
from collections import Counter

import pytest
from httpx import ASGITransport, AsyncClient

from examples.books.config import Settings
from examples.books.exceptions import BookNotFoundError, DuplicateIsbnError
from examples.books.main import create_app
from examples.books.schemas.book import BookCreate, BookUpdate
from examples.books.services.books import BookService
from examples.books.stores.choose import open_store
from examples.books.stores.memory import MemoryStore
from examples.books.tests.collection import DARKNESS, create
from examples.books.tests.isbns import isbn
from typeway import FastAPI
from typeway.testclient import TestClient

EMMA = BookCreate(title="Emma", author="Jane Austen", publication_year=1815, isbn=isbn(1))


@pytest.mark.anyio
async def test_one_isbn_is_created_once(app: FastAPI) -> None:
    """Of many equal requests at the same time one succeeds, and all others are a conflict."""
    async with (
        app.router.lifespan_context(app),
        AsyncClient(transport=ASGITransport(app), base_url="http://test") as web,
    ):
        answers = await asyncio.gather(*(web.post("/books", json=DARKNESS) for _ in range(20)))
        total = (await web.get("/books")).json()["total"]
    assert Counter(answer.status_code for answer in answers) == {201: 1, 409: 19}
    assert total == 1


@pytest.mark.anyio
async def test_service_works_without_http(settings: Settings) -> None:
    """A script can use the service and the store without HTTP, and gets the errors of the domain."""
    async with open_store(settings) as store:
        async with store.session() as session:
            books = BookService(session)
            emma = await books.create(EMMA)
            with pytest.raises(DuplicateIsbnError) as duplicate:
                await books.create(EMMA)
            # The session still works after a conflict.
            changed = await books.update(emma.id, BookUpdate(title="Emma Woodhouse"))
        async with store.session() as session:
            books = BookService(session)
            assert await books.get(emma.id) == changed
            assert (changed.title, changed.author) == ("Emma Woodhouse", "Jane Austen")
            await books.delete(emma.id)
            with pytest.raises(BookNotFoundError) as missing:
                await books.delete(emma.id)
    assert duplicate.value.isbn == EMMA.isbn
    assert missing.value.book_id == emma.id


@pytest.mark.anyio
async def test_session_shows_what_others_changed(settings: Settings) -> None:
    """An update returns the stored book, also if the session had read it before another session changed it."""
    async with open_store(settings) as store, store.session() as session, store.session() as other:
        emma = await session.add(EMMA.model_dump())  # type: ignore[arg-type]
        assert await session.get(emma.id) == emma
        await other.change(emma.id, {"author": "Austen"})
        changed = await session.change(emma.id, {"title": "Emma Woodhouse"})
    assert changed is not None
    assert (changed.title, changed.author) == ("Emma Woodhouse", "Austen")


@pytest.mark.anyio
async def test_workers_may_start_together(clean_environment: pytest.MonkeyPatch, database_url: str) -> None:
    """Several workers can create the table of an empty database at the same time."""

    async def start() -> None:
        async with open_store(Settings(database_url=database_url)) as store, store.session() as session:
            assert await session.count() == 0

    await asyncio.gather(*(start() for _ in range(6)))


def test_database_outlives_a_restart(clean_environment: pytest.MonkeyPatch, database_url: str) -> None:
    """With a database, books are still there after a restart of the application; in memory they are lost."""
    for settings, expected in ((Settings(database_url=database_url), 1), (Settings(), 0)):
        with TestClient(create_app(settings)) as client:
            create(client)
        with TestClient(create_app(settings)) as client:
            assert client.get("/books").json()["total"] == expected


def test_applications_share_no_memory(clean_environment: pytest.MonkeyPatch) -> None:
    """Two applications in one process do not share books."""
    with TestClient(create_app(Settings())) as one, TestClient(create_app(Settings())) as other:
        create(one)
        assert other.get("/books").json()["total"] == 0
        assert isinstance(one.app.state.store, MemoryStore)  # type: ignore[attr-defined]
