"""Declaration rules: what both frameworks refuse, with an error of one type that says the same words."""

import functools
import re
from typing import Annotated, Any

from pydantic import BaseModel, Field
from pydantic.v1 import BaseModel as OldModel

from tests.conformance.cases import case, refused, with_endpoint


class Foreign:
    """No type that Pydantic knows."""


SIGNATURES = (
    ("a: Annotated[int, web.Query(3)]", "default value cannot be set in", "Annotated"),
    ("a: Annotated[int, web.Body(3)]", "default value cannot be set in", "Annotated"),
    ("a: Annotated[int, web.Query()] = web.Query()", "Cannot specify", "`Annotated` and", "default value together", "'a'"),
    ("a: Annotated[int, web.Query()] = Field(3)", "Cannot specify", "`Annotated` and", "together", "'a'"),
    ("a: Annotated[int, web.Query()] = web.Depends(print)", "Cannot specify", "`Annotated` and `Depends`", "'a'"),
    ("a: Annotated[int, web.Depends(print)] = web.Depends(print)", "Cannot specify `Depends` in `Annotated` and default"),
    ("a: int = web.Path(3)", "Path parameters cannot have a default value"),
    ("p: Annotated[int, web.Path()] = 3", "Path parameters cannot have"),
    ("p: Annotated[int, web.Path(alias='q')] = 3", "Path parameters cannot have"),
    ("a: Annotated[web.Request, web.Query()]", "Cannot specify", "for type", "Request"),
    ("a: web.Response = web.Header()", "Cannot specify", "for type", "Response"),
    ("a: web.BackgroundTasks = web.Body()", "Cannot specify", "for type", "BackgroundTasks"),
    ("a: web.security.SecurityScopes = web.Cookie()", "Cannot specify", "for type", "SecurityScopes"),
    ("a: Annotated[web.WebSocket, web.Form()]", "Cannot specify", "for type", "WebSocket"),
    ("a: dict = web.Query()", "Query parameter 'a' must be one of the supported types"),
    ("a: dict[str, int] | None = web.Query(None)", "Query parameter 'a' must be one of the supported types"),
    ("a: list[Profile] = web.Query()", "Query parameter 'a' must be one of the supported types"),
    ("a: list[list[int]] = web.Query()", "Query parameter 'a' must be one of the supported types"),
    ("a: set[dict] = web.Query()", "Query parameter 'a' must be one of the supported types"),
    ("a: Profile | int = web.Query()", "Query parameter 'a' must be one of the supported types"),
    ("a: Point = web.Query()", "Query parameter 'a' must be one of the supported types"),
    ("a: Mapped = web.Query()", "Query parameter 'a' must be one of the supported types"),
    ("a: web.UploadFile = web.Query()", "Query parameter 'a' must be one of the supported types"),
    ("p: list[int]", "Path params must be of one of the supported types"),
    ("p: list[int] = web.Path()", "Path params must be of one of the supported types"),
    ("p: dict", "Path params must be of one of the supported types"),
    ("p: Profile", "Path params must be of one of the supported types"),
    ("p: Annotated[Profile, web.Path()]", "Path params must be of one of the supported types"),
    ("p: Point", "Path params must be of one of the supported types"),
    ("p: web.UploadFile", "Path params must be of one of the supported types"),
    ("p: Annotated[int, web.Query()]", "Cannot use `Query` for path param 'p'"),
    ("p: int = web.Header()", "Cannot use `Header` for path param 'p'"),
    ("p: int = web.Cookie(alias='other')", "Cannot use `Cookie` for path param 'p'"),
    ("p: int = web.Body()", "Cannot use `Body` for path param 'p'"),
    ("p: web.UploadFile = web.File()", "Cannot use `File` for path param 'p'"),
    ("a: Foreign", "Foreign"),
    ("a: list[Foreign]", "Foreign"),
    ("a: dict[str, Foreign] = web.Body()", "Foreign"),
    ("a: Iterator[int]", "Iterator"),
    ("a: Old", "pydantic.v1", "Old"),
    ("a: list[Old]", "pydantic.v1", "Old"),
    ("a: Old = web.Form()", "pydantic.v1", "Old"),
    ("a: int = Field(default=3, ge=1)", "non-body parameters must be in path, query, header or cookie: a"),
    ("a: Profile = Field()", "non-body parameters must be in path, query, header or cookie: a"),
    ("a: Annotated[int, Field(default_factory=int)] = 3", "default", "default_factory"),
    ("a: Annotated[int, web.Query(default_factory=int)] = 3", "default", "default_factory"),
    ("a: int = web.Query(3, default_factory=int)", "default", "default_factory"),
    ("a: int = web.Query(gt=1, nonsense=2)", "Query()", "nonsense"),
    ("a: int = web.Query(embed=True)", "Query()", "embed"),
    ("a: int = web.Body(convert_underscores=False)", "Body()", "convert_underscores"),
    ("a: str = web.Query(pattern='[')", "regex parse error"),
    ("a: Profile = web.Body(discriminator='x')", "discriminator field for key 'x'"),
    ("a: int = web.Depends()", "signature", "int"),
    ("a: Annotated[Any, web.Depends(3)]", "3", "callable"),
    ("a: Annotated[Any, web.Depends(print, max_concurrency=0)]", "max_concurrency must be a positive integer or None"),
    ("a: Annotated[Any, web.Depends(print, max_concurrency=1.5)]", "max_concurrency must be a positive integer or None"),
    ("a: Annotated[Any, web.Depends(print, max_concurrency=True)]", "max_concurrency must be a positive integer or None"),
    ("a: 1 +", "invalid syntax"),
)  # fmt: skip


class Old(OldModel):
    """A model of Pydantic's first version."""


def refusing(signature: str) -> Any:
    """A builder of an application with this signature, named after it."""

    def build(web: Any) -> Any:
        return with_endpoint(web, signature, "/{p}" if signature.startswith("p") else "/", Foreign=Foreign, Old=Old)

    build.__name__ = re.sub(r"\W+", "_", signature)
    return build


for signature, *words in SIGNATURES:
    refused(*words)(refusing(signature))


@refused("Old", "pydantic.v1")
def old_models_in_answers(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/", response_model=Old)
    def read(): ...

    return app


@refused("Invalid args for response field!")
def answers_of_unions_with_responses(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read() -> web.Response | dict[str, int]: ...

    return app


@refused("Invalid args for response field!", "Foreign")
def answers_of_foreign_types(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read() -> list[Foreign]: ...

    return app


@refused("Status code 204 must not have a response body")
def models_where_no_body_is(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/", status_code=204)
    def read() -> int: ...

    return app


@refused("Status code 304 must not have a response body")
def additional_models_where_no_body_is(web: Any) -> Any:
    class Model(BaseModel):
        a: int

    app = web.FastAPI()

    @app.get("/", responses={304: {"model": Model}})
    def read(): ...

    return app


@refused("An additional response must be a dict")
def additional_responses_that_are_models(web: Any) -> Any:
    class Model(BaseModel):
        a: int

    app = web.FastAPI()

    @app.get("/", responses={404: Model})
    def read(): ...

    return app


@refused("scope", "request", "function")
def lifetimes_that_contradict(web: Any) -> Any:
    def short():
        yield

    def long(value: Annotated[None, web.Depends(short, scope="function")]):
        yield

    app = web.FastAPI()

    @app.get("/")
    def read(value: Annotated[None, web.Depends(long)]): ...

    return app


@refused("prefix", "/")
def prefixes_without_a_slash(web: Any) -> Any:
    return web.APIRouter(prefix="items")


@refused("prefix", "/")
def prefixes_that_end_with_a_slash(web: Any) -> Any:
    return web.APIRouter(prefix="/items/")


@refused("prefix", "/")
def inclusions_without_a_slash(web: Any) -> Any:
    app = web.FastAPI()
    app.include_router(web.APIRouter(), prefix="items")
    return app


@refused("Prefix and path cannot be both empty")
def an_empty_path_without_prefix(web: Any) -> Any:
    router = web.APIRouter()

    @router.get("")
    def read(): ...

    app = web.FastAPI()
    app.include_router(router)
    return app


@refused("itself")
def a_router_in_itself(web: Any) -> Any:
    router = web.APIRouter()
    router.include_router(router)
    return router


@refused()
def routers_in_a_circle(web: Any) -> Any:
    first, second = web.APIRouter(prefix="/a"), web.APIRouter(prefix="/b")
    first.include_router(second)
    second.include_router(first)
    return first


@refused("title")
def an_empty_title(web: Any) -> Any:
    return web.FastAPI(title="")


@refused("version")
def an_empty_version(web: Any) -> Any:
    return web.FastAPI(version="")


@refused("nonsense")
def unknown_options_of_applications(web: Any) -> Any:
    return web.FastAPI(nonsense=1)


@refused("nonsense")
def unknown_options_of_routers(web: Any) -> Any:
    return web.APIRouter(nonsense=1)


@refused("nonsense")
def unknown_options_of_routes(web: Any) -> Any:
    app = web.FastAPI()
    app.get("/", nonsense=1)(print)
    return app


@refused()
def functions_without_a_signature(web: Any) -> Any:
    app = web.FastAPI()
    app.get("/")(dict)
    return app


@refused("max_fieldz")
def unknown_limits_of_forms(web: Any) -> Any:
    return web.FastAPI(form_limits={"max_fieldz": 1})


@case("POST /?a=1", "POST /?a=x", document=True)
def the_last_marker_counts(web: Any) -> Any:
    return with_endpoint(web, "a: Annotated[int, web.Header(), web.Query(alias='b'), web.Query(ge=0)]")


@case("POST / /?a=1", document=True)
def markers_beside_other_metadata(web: Any) -> Any:
    return with_endpoint(web, "a: Annotated[int, 'text', web.Query(description='D'), 3] = 2")


@case("POST / /?q=2", document=True)
def defaults_of_paths_that_are_absent(web: Any) -> Any:
    app = web.FastAPI()

    def read(item_id: Annotated[int, web.Path(description="D")] = 7, q: int = 1):
        return [item_id, q]

    app.post("/")(read)
    return app


@case("GET /?a=1", document=True)
def partial_functions(web: Any) -> Any:
    def read(a: int, b: str, c: int = 3):
        return [a, b, c]

    app = web.FastAPI()
    app.get("/", name="read")(functools.partial(read, b="fixed"))
    return app


@case("GET /?original=1&other=2&cleared=3", document=True)
def schema_extras_of_a_field_and_a_marker(web: Any) -> Any:
    field = Field(json_schema_extra={"x-source": "field", "x-kept": True})

    def read(
        original: Annotated[int, field, web.Query()],
        other: Annotated[int, field, web.Query(json_schema_extra={"x-source": "query"})],
        cleared: Annotated[int, field, web.Query(json_schema_extra=None)],
    ):
        return [original, other, cleared]

    app = web.FastAPI()
    app.get("/")(read)
    return app
