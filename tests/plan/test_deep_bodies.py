"""A nested body that fails costs no more to answer and to log than to send, many times over."""

import json
import traceback
from typing import Annotated, Any

import pytest
from pydantic import BaseModel

import typeway
from tests.frameworks import COMPAT, JSON, client

MOST = 25_000  # bytes of an answer or a traceback; a body has at most 9,000


class Node(BaseModel):
    child: "Node | None" = None
    name: int = 0


class Demanding(BaseModel):
    child: "Demanding | None" = None
    required: int


def nested(depth: int, member: str = "") -> str:
    return f'{{{member}"child":' * depth + "{}" + "}" * depth


TEXTS = {
    "lists": lambda depth: "[" * depth + "]" * depth,
    "objects": nested,
    "failing": lambda depth: nested(depth, '"name":"x",'),
}


def application(web: Any) -> Any:
    app = web.FastAPI()

    @app.post("/any")
    async def take(data: Annotated[Any, web.Body()]):
        return data

    @app.post("/node")
    async def node(data: Node):
        return data

    @app.post("/number")
    async def number(data: Annotated[int, web.Body()]):
        return data

    @app.post("/raw")
    async def raw(request: web.Request):
        return await request.json()

    @app.post("/model", response_model=Node)
    async def model(data: Annotated[Any, web.Body()]):
        return data

    @app.post("/unfit", response_model=Demanding)
    async def unfit(data: Annotated[Any, web.Body()]):
        return data

    return app


PATHS = ("/any", "/number", "/raw", "/model", "/unfit")


def cost(app: Any, path: str, text: str) -> int:
    """The size of the answer, or of the traceback that the server would log."""
    try:
        http = client(app, raise_server_exceptions=True)
        return len(http.post(path, content=text, headers={"content-type": JSON}).content)
    except Exception as error:
        return len("".join(traceback.format_exception(error)))


@pytest.mark.parametrize("depth", [40, 150, 199, 500, 900])
@pytest.mark.parametrize("text", TEXTS)
def test_a_nested_body_is_cheap_to_refuse_and_to_log(text, depth):
    """Whatever a nested body does, wherever it is read, its answer and its traceback are short."""
    app = application(typeway)
    sent = TEXTS[text](depth)
    sizes = {path: cost(app, path, sent) for path in PATHS}
    assert not {path: size for path, size in sizes.items() if size > MOST}, len(sent)


@pytest.mark.parametrize("depth", [500, 700, 900])
@pytest.mark.parametrize("path", ["/any", "/node", "/number", "/raw"])
def test_compat_mode_answers_a_nested_body_as_fastapi_does(path, depth):
    """The encoder takes one frame for each level, so that it fails no earlier than FastAPI's."""
    text = nested(depth)
    response = client(application(COMPAT)).post(path, content=text, headers={"content-type": JSON})
    assert response.status_code in (200, 422)
    assert isinstance(response.json(), dict)


def test_a_response_that_does_not_fit_is_logged_in_few_lines():
    """However many errors a response has, the exception for the log shows some of them and counts the others."""
    app = typeway.Typeway()

    @app.post("/", response_model=list[int])
    async def answer(data: Annotated[Any, typeway.Body()]):
        return data

    size = cost(app, "/", json.dumps(["x" * 100] * 20_000))
    assert size < MOST
