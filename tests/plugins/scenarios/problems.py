"""fastapi-problem: errors as problem documents, of every origin."""

import logging
from typing import Any

from fastapi import FastAPI, HTTPException, Query
from fastapi.testclient import TestClient
from fastapi_problem.error import NotFoundProblem, StatusProblem
from fastapi_problem.handler import add_exception_handler, new_exception_handler


class Gone(StatusProblem):
    status = 410
    title = "It is gone."


app = FastAPI()
eh = new_exception_handler(
    logger=logging.getLogger("problems"), documentation_uri_template="https://docs.example/{type}"
)
add_exception_handler(app, eh)


@app.get("/items/{item}")
async def read(item: int, limit: int = Query(3, le=5)) -> int:
    match item:
        case 404:
            raise NotFoundProblem("no such item", number=item)
        case 410:
            raise Gone
        case 418:
            raise HTTPException(418, "teapot", headers={"X-Pot": "tea"})
        case 500:
            raise ValueError("broken")
    return item + limit


@app.post("/items")
def write(items: list[int]) -> int:
    return sum(items)


def play() -> Any:
    client = TestClient(app, raise_server_exceptions=False)
    seen = []
    for method, path, body in (
        ("GET", "/items/1", None), ("GET", "/items/404", None), ("GET", "/items/410", None), ("GET", "/items/418", None),
        ("GET", "/items/500", None), ("GET", "/items/x?limit=9", None), ("POST", "/items", ["x"]), ("GET", "/nowhere", None),
        ("PUT", "/items", None),
    ):  # fmt: skip
        response = client.request(method, path, json=body)
        seen.append(
            (
                path,
                response.status_code,
                response.headers["content-type"],
                response.json(),
                response.headers.get("x-pot"),
            )
        )
    assert seen[1][2] == "application/problem+json"
    return {"seen": seen, "openapi": app.openapi()}
