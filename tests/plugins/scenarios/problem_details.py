"""fastapi-problem-details: errors as problem documents, registered on the application and documented on its routes."""

from typing import Any

import fastapi_problem_details as problem
from fastapi import FastAPI, HTTPException, Request
from fastapi.testclient import TestClient
from fastapi_problem_details import Problem, ProblemException, ProblemResponse


class Short(Exception):
    def __init__(self, missing: int) -> None:
        self.missing = missing


app = FastAPI()
problem.init_app(app, validation_error_code=422, include_exc_info_in_response=False)


@app.exception_handler(Short)
async def short(request: Request, error: Short) -> ProblemResponse:
    return ProblemResponse(status=402, title="Too little", detail=f"{error.missing} more", path=request.url.path)


@app.get("/items/{item}", responses={403: {"model": Problem}, 404: {"model": Problem}})
def read(item: int) -> int:
    if item == 403:
        raise ProblemException(status=403, detail="not yours", type="about:mine", headers={"X-Why": "rule"})
    if item == 404:
        raise HTTPException(404)
    if item == 402:
        raise Short(3)
    if item == 500:
        raise ValueError("broken")
    return item


def play() -> Any:
    client = TestClient(app, raise_server_exceptions=False)
    seen = []
    for path in ("/items/1", "/items/403", "/items/404", "/items/402", "/items/500", "/items/x", "/nowhere"):
        response = client.get(path)
        seen.append(
            (
                path,
                response.status_code,
                response.headers["content-type"],
                response.json(),
                response.headers.get("x-why"),
            )
        )
    return {"seen": seen, "openapi": app.openapi()}
