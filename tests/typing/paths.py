"""What FastAPI's paths offer has its own types; checked by mypy and pyright, never run."""

import logging
from typing import Any, assert_type

from starlette.responses import HTMLResponse

from typeway import Request, Response, Typeway
from typeway.applications import FastAPI
from typeway.background import BackgroundTasks
from typeway.concurrency import run_in_threadpool
from typeway.datastructures import UploadFile
from typeway.dependencies.models import Dependant
from typeway.dependencies.utils import get_dependant, get_typed_annotation
from typeway.encoders import jsonable_encoder
from typeway.exception_handlers import http_exception_handler
from typeway.exceptions import HTTPException
from typeway.logger import logger
from typeway.middleware.cors import CORSMiddleware
from typeway.openapi.constants import REF_PREFIX
from typeway.openapi.docs import get_redoc_html, get_swagger_ui_html
from typeway.openapi.models import Info, OpenAPI
from typeway.openapi.utils import get_openapi
from typeway.param_functions import Depends, Query
from typeway.params import ParamTypes
from typeway.params import Query as QueryMarker
from typeway.routing import APIRoute, APIRouter, RouteContext, iter_route_contexts
from typeway.security.oauth2 import OAuth2PasswordBearer, SecurityScopes
from typeway.security.open_id_connect_url import OpenIdConnect
from typeway.security.utils import get_authorization_scheme_param
from typeway.testclient import TestClient
from typeway.websockets import WebSocketState

app = FastAPI(title="Paths")
router = APIRouter(prefix="/r", route_class=APIRoute)
login = OAuth2PasswordBearer(tokenUrl="/token")
provider = OpenIdConnect(openIdConnectUrl="/.well-known")
app.add_middleware(CORSMiddleware, allow_origins=["*"])
app.include_router(router)


@app.exception_handler(HTTPException)
async def logged(request: Request, error: HTTPException) -> Response:
    return await http_exception_handler(request, error)


@app.get("/files")
async def store(file: UploadFile, tasks: BackgroundTasks, size: int = Query(1), token: str = Depends(login)) -> int:
    logger.info("%s %s", token, size)
    tasks.add_task(print, file.filename)
    return await run_in_threadpool(len, token)


def the_types_are_those_of_the_originals(scopes: SecurityScopes, state: WebSocketState) -> None:
    assert_type(app, Typeway)
    assert_type(logger, logging.Logger)
    assert_type(get_openapi(title="T", version="1", routes=app.routes), dict[str, Any])
    assert_type(get_swagger_ui_html(openapi_url="/o", title="T"), HTMLResponse)
    assert_type(get_redoc_html(openapi_url="/o", title="T"), HTMLResponse)
    assert_type(OpenAPI(openapi="3.1.0", info=Info(title="T", version="1"), paths={}).info, Info)
    assert_type(list(iter_route_contexts(app.routes)), list[RouteContext])
    assert_type(get_dependant(path="/", call=store), Dependant)
    assert_type(get_authorization_scheme_param("Bearer x"), tuple[str, str])
    assert_type(QueryMarker(1).in_, ParamTypes)
    assert_type(scopes.scopes, list[str])
    assert_type(TestClient(app), TestClient)
    jsonable_encoder({REF_PREFIX: get_typed_annotation("int", {})})
    WebSocketState(state)
