"""strawberry-graphql: a GraphQL router with its own context, queries, mutations and subscriptions."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import strawberry
from fastapi import APIRouter, BackgroundTasks, Depends, FastAPI, HTTPException
from fastapi.requests import HTTPConnection
from fastapi.testclient import TestClient
from strawberry.fastapi import BaseContext, GraphQLRouter
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import Info

noted: list[str] = []


@strawberry.type
class Book:
    title: str
    pages: int


class Context(BaseContext):
    def __init__(self, reader: str) -> None:
        super().__init__()
        self.reader = reader


def reader(connection: HTTPConnection) -> str:
    return connection.headers.get("x-reader", "nobody")


async def context(reader: str = Depends(reader)) -> Context:
    if reader == "banned":
        raise HTTPException(403, "not you")
    return Context(reader)


@strawberry.type
class Query:
    @strawberry.field
    def book(self, title: str, info: Info[Context, None]) -> Book:
        assert info.context.response is not None
        info.context.response.headers["X-Read-By"] = info.context.reader
        return Book(title=title, pages=len(title))

    @strawberry.field
    async def broken(self) -> str:
        raise ValueError("torn")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def note(self, text: str, info: Info[Context, None]) -> bool:
        tasks = info.context.background_tasks
        assert isinstance(tasks, BackgroundTasks)
        tasks.add_task(noted.append, f"{info.context.reader}: {text}")
        return True


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncIterator[int]:
        for number in range(to):
            await asyncio.sleep(0)
            yield number


schema = strawberry.Schema(Query, Mutation, Subscription)
app = FastAPI()
outer = APIRouter(prefix="/api")
outer.include_router(GraphQLRouter(schema, context_getter=context), prefix="/graphql", tags=["graphql"])
app.include_router(outer)


def play() -> Any:
    client = TestClient(app)

    def ask(query: str, who: str = "ada", **variables: Any) -> Any:
        response = client.post("/api/graphql", json={"query": query, "variables": variables}, headers={"x-reader": who})
        return response.status_code, response.headers.get("x-read-by"), response.json()

    seen = [
        ask("query ($title: String!) { book(title: $title) { title pages } }", title="Emma"),
        ask("{ book { title } }"),
        ask("{ broken }"),
        ask('mutation { note(text: "fine") }'),
        ask('{ book(title: "x") { title } }', who="banned"),
    ]
    by_query = client.get("/api/graphql", params={"query": '{ book(title: "a") { pages } }'})
    page = client.get("/api/graphql", headers={"accept": "text/html"})
    wrong = client.post("/api/graphql", content="{", headers={"content-type": "application/json"})
    counted = []
    with client.websocket_connect("/api/graphql", [GRAPHQL_TRANSPORT_WS_PROTOCOL]) as socket:
        socket.send_json({"type": "connection_init"})
        counted.append(socket.receive_json())
        socket.send_json({"id": "1", "type": "subscribe", "payload": {"query": "subscription { count(to: 3) }"}})
        while counted[-1]["type"] != "complete":
            counted.append(socket.receive_json())
    assert noted == ["ada: fine"]
    assert [message["payload"]["data"]["count"] for message in counted if message["type"] == "next"] == [0, 1, 2]
    return {
        "seen": seen,
        "by_query": (by_query.status_code, by_query.json()),
        "page": (page.status_code, page.headers["content-type"], "graphiql" in page.text.lower()),
        "wrong": (wrong.status_code, wrong.text),
        "counted": counted,
        "openapi": app.openapi(),
    }
