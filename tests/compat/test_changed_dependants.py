"""What plugins change in a route's dependant is what the route runs and documents, as on FastAPI."""

import copy
from types import ModuleType
from typing import Any

import fastapi
import pytest
from starlette.requests import HTTPConnection

from tests.frameworks import COMPAT, compat_and_fastapi
from typeway.testclient import TestClient

Web = Any


def dependant_for(web: Web, call: Any) -> Any:
    return web.dependencies.utils.get_dependant(path="/x", call=call)


def shown(values: dict[str, Any]) -> dict[str, str]:
    """Keyword arguments in plain values: strings and numbers, and the types of everything else."""
    return {
        name: value if isinstance(value, (str, int, list)) else type(value).__name__
        for name, value in sorted(values.items())
    }


def anything(**values: Any) -> Any:
    return shown(values)


def more(web: Web) -> Any:
    def other(
        q: int,
        f: str = "f",
        h: str = web.Header("H"),
        alias: int = web.Query(3, alias="other-name", ge=1),
        many: list[int] = web.Query([]),
        c: str = web.Cookie("C"),
    ) -> None: ...

    return dependant_for(web, other)


def set_name(attribute: str) -> Any:
    def change(web: Web, dependant: Any) -> None:
        setattr(dependant, attribute, "zz")
        dependant.call = anything

    change.__name__ = attribute
    return change


def extend_all(web: Web, dependant: Any) -> None:
    for name in ("query_params", "header_params", "cookie_params"):
        getattr(dependant, name).extend(getattr(more(web), name))
    dependant.call = anything


def one_parameter(web: Web, dependant: Any) -> None:
    dependant.query_params.append(more(web).query_params[0])
    dependant.call = anything


def no_parameters(web: Web, dependant: Any) -> None:
    dependant.query_params.clear()
    dependant.call = anything


def replaced_parameters(web: Web, dependant: Any) -> None:
    dependant.query_params = [dependant.query_params[0], *more(web).query_params[2:]]
    dependant.call = anything


def renamed_parameter(web: Web, dependant: Any) -> None:
    dependant.query_params[0].name = "renamed"
    dependant.call = anything


def default_of_a_parameter(web: Web, dependant: Any) -> None:
    dependant.query_params[0].field_info.default = 77


def alias_of_a_parameter(web: Web, dependant: Any) -> None:
    info = dependant.query_params[0].field_info
    info.alias = info.validation_alias = "q"


def own_field(web: Web, dependant: Any) -> None:
    info = web.Query(5, le=9)
    info.annotation = int
    dependant.query_params.append(web.utils.create_model_field("made", int, field_info=info))
    dependant.call = anything


def no_dependencies(web: Web, dependant: Any) -> None:
    dependant.dependencies.clear()
    dependant.call = anything


def other_dependency(web: Web, dependant: Any) -> None:
    dependant.dependencies[-1].call = lambda sub=0: "other"


def parameter_below(web: Web, dependant: Any) -> None:
    dependant.dependencies[-1].query_params.extend(more(web).query_params[:1])
    dependant.dependencies[-1].call = anything


def named_dependency(web: Web, dependant: Any) -> None:
    added = dependant_for(web, lambda q: f"added {q}")
    added.name = "zz"
    dependant.dependencies.append(added)
    dependant.call = anything


def unshared_dependency(web: Web, dependant: Any) -> None:
    dependant.dependencies[-1].use_cache = False


def generator_below(web: Web, dependant: Any) -> None:
    def entered() -> Any:
        yield "entered"

    dependant.dependencies[-1].call = entered
    dependant.dependencies[-1].query_params = []


def copied(web: Web, dependant: Any) -> None:
    below = copy.deepcopy(dependant.dependencies[-1])
    below.call = lambda sub=0: "copied"
    dependant.dependencies[-1] = below


CHANGES = [
    *map(set_name, (
        "request_param_name", "response_param_name", "background_tasks_param_name", "http_connection_param_name",
        "security_scopes_param_name", "websocket_param_name",
    )),
    extend_all, one_parameter, no_parameters, replaced_parameters, renamed_parameter, default_of_a_parameter,
    alias_of_a_parameter, own_field, no_dependencies, other_dependency, parameter_below, named_dependency,
    unshared_dependency, generator_below, copied,
]  # fmt: skip
URLS = ("/x", "/x?q=3", "/x?n=4&q=x&other-name=0", "/x?q=1&other-name=2&many=1&many=2&sub=8&made=7", "/x?made=99&n=z")


def application(web: Web) -> Any:
    app = web.FastAPI()

    def below(sub: int = 0) -> Any:
        return f"below {sub}"

    @app.get("/x")
    def read(n: int = 1, d: Any = web.Depends(below)) -> Any:
        return {"n": n, "d": d}

    @app.websocket("/ws")
    async def talk(ws: web.WebSocket, n: int = 1, d: Any = web.Depends(below)) -> None:
        await ws.accept()
        await ws.send_json({"n": n, "d": d})
        await ws.close()

    return app


@pytest.mark.parametrize("when", ["before", "while serving"])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_dependant_is_served_and_documented(change: Any, when: str) -> None:
    """Names of injected parameters, lists of parameters and dependencies, and what is below, may be changed any time."""

    def act(web: Web) -> Any:
        app = application(web)
        client = TestClient(app, raise_server_exceptions=False)
        # What a field says of itself is read again only where its dependant is changed: see docs/differences.md.
        if when == "while serving" and change not in (renamed_parameter, default_of_a_parameter, alias_of_a_parameter):
            assert client.get("/x").status_code == 200
        change(web, app.routes[-2].dependant)
        answers = [(response.status_code, response.text) for response in map(client.get, URLS)]
        # FastAPI documents the first default, and of a copied parameter `{}` as the example.
        is_documented = change not in (default_of_a_parameter, copied)
        return answers, is_documented and app.openapi()["paths"]["/x"]["get"].get("parameters")

    assert act(COMPAT) == act(fastapi)


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_dependant_of_a_websocket_is_served(change: Any) -> None:
    """The routes of WebSockets run what their dependants say as well."""

    def act(web: Web) -> Any:
        app = application(web)
        dependant = app.routes[-1].dependant
        change(web, dependant)
        given: Any = dependant.call

        async def answer(**values: Any) -> None:
            ws = values.pop("ws")
            await ws.accept()
            result = given(**values) if given is anything else shown(values)
            await ws.send_json(result)
            await ws.close()

        dependant.call = answer
        found: list[Any] = []
        for url in ("/ws", "/ws?q=3&n=2"):
            try:
                with TestClient(app).websocket_connect(url) as socket:
                    found.append(socket.receive_json())
            except Exception as error:
                found.append(getattr(error, "code", str(error)))
        return found

    assert act(COMPAT) == act(fastapi)


@compat_and_fastapi
@pytest.mark.parametrize("makes", ["nothing", "its app", "its handler"])
def test_another_dependant_serves_once_a_handler_is_made_of_it(web: ModuleType, makes: str) -> None:
    """A dependant that is set documents the route at once; it serves only the handlers that are made after it was set."""

    def other(q: int) -> Any:
        return ["other", q]

    class Own(web.routing.APIRoute):  # type: ignore[misc]
        def __init__(self, *values: Any, **options: Any) -> None:
            super().__init__(*values, **options)
            self.dependant = web.dependencies.utils.get_dependant(path=self.path_format, call=other)
            if makes != "nothing":
                make = self.get_route_handler if makes == "its app" else handler_of
                handler = make() if makes == "its app" else make(dependant=self.dependant)
                self.app = web.routing.request_response(handler)

    handler_of = web.routing.get_request_handler
    app = web.FastAPI()
    app.router.route_class = Own
    app.get("/x")(lambda: "declared")
    assert TestClient(app).get("/x?q=3").json() == ("declared" if makes == "nothing" else ["other", 3])
    assert [entry["name"] for entry in app.openapi()["paths"]["/x"]["get"]["parameters"]] == ["q"]


@compat_and_fastapi
def test_a_wrapped_handler_keeps_the_dependant_for_which_it_was_made(web: ModuleType) -> None:
    """A route class that wraps the handler serves what the route said when it was made."""

    class Wrapped(web.routing.APIRoute):  # type: ignore[misc]
        def get_route_handler(self) -> Any:
            return super().get_route_handler()

    app = web.FastAPI()
    app.router.route_class = Wrapped
    app.get("/x")(lambda: "declared")
    route = app.routes[-1]
    route.dependant = web.dependencies.utils.get_dependant(path="/x", call=lambda: "other")
    assert TestClient(app).get("/x").json() == "declared"
    route.app = web.routing.request_response(route.get_route_handler())
    assert TestClient(app).get("/x").json() == "other"


@compat_and_fastapi
def test_overrides_reach_a_changed_dependant(web: ModuleType) -> None:
    """A dependency that a plugin has put in the place of another can be overridden, and what overrides it has its own."""
    app = application(web)

    def other() -> str:
        return "other"

    def needed(q: str = "q") -> str:
        return f"needed {q}"

    def instead(found: Any = web.Depends(needed)) -> Any:
        return ["instead", found]

    app.routes[-2].dependant.dependencies[-1] = web.dependencies.utils.get_dependant(path="/x", call=other, name="d")
    client = TestClient(app)
    assert client.get("/x").json() == {"n": 1, "d": "other"}
    app.dependency_overrides[other] = instead
    assert client.get("/x?q=7").json() == {"n": 1, "d": ["instead", "needed 7"]}
    app.dependency_overrides[needed] = lambda: "deeper"
    assert client.get("/x").json() == {"n": 1, "d": ["instead", "deeper"]}


@compat_and_fastapi
def test_one_dependant_may_be_added_to_several_routes(web: ModuleType) -> None:
    """A change of what is shared reaches every route that shares it."""
    log: list[str] = []
    app = web.FastAPI()
    app.get("/a")(lambda: "a")
    app.get("/b")(lambda: "b")
    depends = web.Depends(lambda: log.append("first"))
    added = web.dependencies.utils.get_parameterless_sub_dependant(depends=depends, path="/")
    for route in app.routes[-2:]:
        route.dependant.dependencies.append(added)
    client = TestClient(app)
    for path in ("/a", "/b"):
        client.get(path)
    added.call = lambda: log.append("second")
    for path in ("/a", "/b"):
        client.get(path)
    assert log == ["first", "first", "second", "second"]


@compat_and_fastapi
def test_a_copy_of_a_dependant_stands_alone(web: ModuleType) -> None:
    """Changing a deep copy does not change the route."""
    app = application(web)
    dependant = app.routes[-2].dependant
    copied = copy.deepcopy(dependant)
    copied.call = lambda **values: "changed"
    copied.query_params.clear()
    assert [field.name for field in dependant.query_params] == ["n"]
    assert TestClient(app).get("/x").json() == {"n": 1, "d": "below 0"}


def test_a_copied_route_keeps_what_a_plugin_has_changed() -> None:
    """A deep copy of a route serves the changed dependant, and can be changed by itself."""
    app = COMPAT.FastAPI()
    app.get("/x")(lambda: "declared")
    app.routes[-1].dependant.call = lambda: "changed"
    copied = copy.deepcopy(app.routes[-1])
    other = COMPAT.FastAPI()
    other.router.routes.append(copied)
    assert TestClient(other).get("/x").json() == "changed"
    copied.dependant.call = lambda: "once more"
    assert [TestClient(each).get("/x").json() for each in (app, other)] == ["changed", "once more"]


@compat_and_fastapi
def test_a_dependency_reads_the_connection_that_was_asked_for_late(web: ModuleType) -> None:
    """The name of a connection on a dependency below receives the request."""
    app = application(web)
    below = app.routes[-2].dependant.dependencies[-1]
    below.http_connection_param_name = "connection"

    def use(connection: HTTPConnection, sub: int) -> str:
        return connection.url.path

    below.call = use
    assert TestClient(app).get("/x").json() == {"n": 1, "d": "/x"}
