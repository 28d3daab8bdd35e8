"""Options are completed and checked by name and type; checked by mypy and pyright, never run."""
# pyright: reportUnnecessaryTypeIgnoreComment=true

from typing import Any, Unpack

from typeway import Body, Cookie, File, Form, Header, Path, Query, Router, Typeway
from typeway.declare.options import AppOptions, IncludeOptions, RouteOptions, RouterOptions
from typeway.responses import JSONResponse

app = Typeway()
router = Router()


def refuse_unknown_names() -> None:
    """A misspelt option is an error in the editor."""
    Typeway(tittle="x")  # type: ignore[call-arg]
    Router(perfix="/x")  # type: ignore[call-arg]
    app.get("/", respose_model=int)  # type: ignore[call-arg]
    app.post("/", methods=["GET"])  # type: ignore[call-arg]
    app.api_route("/", respose_model=int)  # type: ignore[call-arg]
    app.include_router(router, perfix="/x")  # type: ignore[call-arg]
    Query(descripton="x")  # type: ignore[call-arg]
    Query(embed=True)  # type: ignore[call-arg]
    Path(convert_underscores=True)  # type: ignore[call-arg]
    Form(embed=True)  # type: ignore[call-arg]


def refuse_wrong_types() -> None:
    """An option of the wrong type is an error in the editor."""
    Typeway(title=3)  # type: ignore[arg-type]
    Router(prefix=None)  # type: ignore[arg-type]
    app.get("/", status_code="200")  # type: ignore[arg-type]
    app.get("/", response_class=JSONResponse({}))  # type: ignore[arg-type]
    app.get(3)  # type: ignore[arg-type]
    Query(ge="x")  # type: ignore[arg-type]
    Header(convert_underscores="x")  # type: ignore[arg-type]


def accept_what_exists() -> None:
    """Options that exist are accepted."""
    app.get("/", response_model=list[int], status_code=201, response_model_include={"a"}, max_body_size=5)
    app.api_route("/", methods=["GET"], openapi_extra={"x-a": 1})
    app.include_router(router, prefix="/x", tags=["a"], default_response_class=JSONResponse)
    Query(1, ge=1, le=3, alias="a", description="d")
    Path(min_length=1)
    Header(None, convert_underscores=False)
    Cookie(title="t")
    Body(embed=True, media_type="text/x")
    Form(pattern="^a")
    File(max_length=10)


class Own(Typeway):
    """An application class that hands options on."""

    def __init__(self, **options: Unpack[AppOptions]) -> None:
        super().__init__(**options)


def hand_on(path: str, **options: Unpack[RouteOptions]) -> Any:
    """The options of a verb can be handed on as they are."""
    return app.get(path, **options)


routed: RouterOptions = {"prefix": "/x", "tags": ["a"]}
included: IncludeOptions = {"prefix": "/y"}
Router(**routed)
app.include_router(router, **included)
