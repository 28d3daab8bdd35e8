"""Dependencies are called depth first, once per request unless told otherwise, and can be replaced."""

import inspect
from typing import Annotated, Any

import pytest
from starlette.exceptions import HTTPException as StarletteHTTPException

import typeway
from tests.frameworks import answer, application, each_framework, errors
from typeway import Depends, HTTPException, Security, Typeway
from typeway.exceptions import DeclarationError, DependencyScopeError
from typeway.security import SecurityScopes


class Counter:
    """Counts how often it is called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> int:
        self.calls += 1
        return self.calls


@each_framework
def test_dependencies_run_from_the_outside_in_and_depth_first(web):
    """App, inclusion, router, route, then parameters; what a dependency needs runs before it."""
    order: list[str] = []

    def note(name: str) -> Any:
        def dependency():
            order.append(name)

        return web.Depends(dependency)

    def deep(below: Annotated[None, note("below")]):
        order.append("deep")

    app = web.FastAPI(dependencies=[note("app")])
    outer = web.APIRouter(dependencies=[note("outer router")])
    inner = web.APIRouter(dependencies=[note("inner router"), note("inner router 2")])

    @inner.get("/", dependencies=[note("route"), web.Depends(deep)])
    def read(first: Annotated[None, note("first")], second: Annotated[None, note("second")]):
        order.append("endpoint")

    outer.include_router(inner, dependencies=[note("inner include")])
    app.include_router(outer, dependencies=[note("outer include")])
    assert answer(app, "GET /") == (200, None)
    assert order == [
        "app", "outer include", "outer router", "inner include", "inner router", "inner router 2", "route", "below",
        "deep", "first", "second", "endpoint",
    ]  # fmt: skip


@each_framework
def test_a_result_is_shared_within_a_request_and_never_beyond(web):
    """A dependency that several ask for is called once per request; `use_cache=False` calls it again."""
    counter = Counter()

    def other(value: Annotated[int, web.Depends(counter)]):
        return value

    @application(web, dependencies=[web.Depends(counter)])
    def read(
        one: Annotated[int, web.Depends(counter)],
        two: Annotated[int, web.Depends(other)],
        fresh: Annotated[int, web.Depends(counter, use_cache=False)],
        again: Annotated[int, web.Depends(counter)],
    ):
        return [one, two, fresh, again]

    assert answer(read, "GET /") == (200, [1, 1, 2, 1])
    assert answer(read, "GET /") == (200, [3, 3, 4, 3])


@each_framework
def test_a_fresh_result_comes_with_fresh_dependencies_only_where_these_say_so(web):
    """`use_cache=False` is said of one dependency; what it needs itself stays shared."""
    shared, fresh = Counter(), Counter()

    def both(a: Annotated[int, web.Depends(shared)], b: Annotated[int, web.Depends(fresh, use_cache=False)]):
        return [a, b]

    @application(web)
    def read(one: Annotated[list, web.Depends(both)], two: Annotated[list, web.Depends(both, use_cache=False)]):
        return [one, two]

    assert answer(read, "GET /") == (200, [[1, 1], [1, 2]])


def test_dependencies_that_cannot_be_keys_are_shared_by_identity():
    """A callable object without a hash is called once per request like any other."""

    class Unhashable(Counter):
        __hash__ = None

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Unhashable)

    one, two = Unhashable(), Unhashable()

    @application(typeway)
    def read(a: Annotated[int, Depends(one)], b: Annotated[int, Depends(one)], c: Annotated[int, Depends(two)]):
        return [a, b, c]

    assert answer(read, "GET /") == (200, [1, 1, 1])


@each_framework
def test_an_invalid_dependency_is_left_out_and_the_others_still_run(web):
    """A dependency whose own values are wrong is not called, nor is what needs it; side effects of others happen."""
    calls: list[str] = []

    def wrong(q: int):
        calls.append("wrong")

    def above(value: Annotated[None, web.Depends(wrong)], r: int = 0):
        calls.append("above")

    def good():
        calls.append("good")

    @application(web)
    def read(
        a: Annotated[None, web.Depends(above)],
        b: Annotated[None, web.Depends(good)],
        s: int = 0,
    ):
        calls.append("endpoint")

    assert errors(read, "GET /?q=x&r=y&s=z") == [("int_parsing", ["query", name]) for name in "qrs"]
    assert calls == ["good"]


@each_framework
def test_a_refusal_by_a_dependency_beats_invalid_values(web):
    """A dependency's HTTPException is the answer, whatever else is wrong with the request."""

    def refuse():
        raise web.HTTPException(401, "no")

    @application(web)
    def read(q: int, user: Annotated[None, web.Depends(refuse)]): ...

    assert answer(read, "GET /") == (401, {"detail": "no"})


# --- overrides --------------------------------------------------------------------------------------------------


@each_framework
def test_an_override_takes_the_place_of_a_dependency_everywhere(web):
    """`dependency_overrides` replaces by identity, at any depth, with parameters of its own, and can be taken back."""

    def get_user(token: str):
        return f"real {token}"

    def get_name(user: Annotated[str, web.Depends(get_user)]):
        return user.upper()

    app = web.FastAPI(dependencies=[web.Depends(get_user)])

    @app.get("/")
    def read(name: Annotated[str, web.Depends(get_name)], user: Annotated[str, web.Depends(get_user)]):
        return [name, user]

    assert answer(app, "GET /?token=t") == (200, ["REAL T", "real t"])
    app.dependency_overrides[get_user] = lambda: "fake"
    assert answer(app, "GET /") == (200, ["FAKE", "fake"])

    async def other(x_user: Annotated[str, web.Header()], n: int = 0):
        return f"{x_user} {n}"

    app.dependency_overrides[get_user] = other
    assert answer(app, "GET /?n=3", headers={"x-user": "h"}) == (200, ["H 3", "h 3"])
    assert errors(app, "GET /")[0] == ("missing", ["header", "x-user"])
    app.dependency_overrides = {get_name: lambda: "name"}
    assert answer(app, "GET /?token=t") == (200, ["name", "real t"])
    app.dependency_overrides.clear()
    assert answer(app, "GET /?token=t") == (200, ["REAL T", "real t"])


@each_framework
def test_an_overriding_generator_is_cleaned_up(web):
    """An override may be of another kind than what it replaces."""
    ends: list[str] = []

    def get_db():
        return "real"

    async def fake_db():
        yield "fake"
        ends.append("closed")

    app = web.FastAPI()

    @app.get("/")
    def read(db: Annotated[str, web.Depends(get_db)]):
        return db

    app.dependency_overrides[get_db] = fake_db
    assert answer(app, "GET /") == (200, "fake")
    assert ends == ["closed"]


@each_framework
def test_an_overridden_result_is_shared_under_the_original(web):
    """One override that stands for a shared dependency is called once per request."""
    counter = Counter()

    def original(): ...

    @application(web)
    def read(a: Annotated[int, web.Depends(original)], b: Annotated[int, web.Depends(original)]):
        return [a, b]

    read.dependency_overrides[original] = counter
    assert answer(read, "GET /") == (200, [1, 1])


def test_an_override_that_cannot_work_says_where():
    """A mistake in an override's signature names the override's line when the first request needs it."""

    def original(): ...

    def broken(value: Annotated[dict[str, int], typeway.Query()]): ...

    @application(typeway)
    def read(a: Annotated[int, Depends(original)]): ...

    read.dependency_overrides[original] = broken
    with pytest.raises(DeclarationError) as caught:
        typeway.testclient.TestClient(read).get("/")
    assert caught.value.where == f"{__file__}:{broken.__code__.co_firstlineno}"


# --- scopes -----------------------------------------------------------------------------------------------------


@each_framework
def test_scopes_gather_from_the_dependants(web):
    """SecurityScopes holds what everything above demands, from the outside in, each once."""

    def user(scopes: web.security.SecurityScopes):
        return [scopes.scopes, scopes.scope_str]

    def admin(found: Annotated[list, web.Security(user, scopes=["admin", "read"])]):
        return found

    app = web.FastAPI()

    @app.get("/plain")
    def plain(found: Annotated[list, web.Depends(user)]):
        return found

    @app.get("/one")
    def one(found: Annotated[list, web.Security(user, scopes=["read"])]):
        return found

    @app.get("/nested")
    def nested(found: Annotated[list, web.Security(admin, scopes=["read", "items"])]):
        return found

    assert answer(app, "GET /plain") == (200, [[], ""])
    assert answer(app, "GET /one") == (200, [["read"], "read"])
    assert answer(app, "GET /nested") == (200, [["read", "items", "admin"], "read items admin"])


@each_framework
def test_a_result_is_shared_only_between_equal_scopes(web):
    """Where scopes matter to a dependency, different scopes mean different results; elsewhere they do not."""
    with_scopes, without = Counter(), Counter()

    def scoped(scopes: web.security.SecurityScopes):
        return [with_scopes(), scopes.scopes]

    def plain():
        return without()

    @application(web)
    def read(
        a: Annotated[list, web.Security(scoped, scopes=["x"])],
        b: Annotated[list, web.Security(scoped, scopes=["y"])],
        c: Annotated[list, web.Security(scoped, scopes=["x"])],
        d: Annotated[int, web.Depends(plain)],
        e: Annotated[int, web.Depends(plain)],
    ):
        return [a, b, c, d, e]

    assert answer(read, "GET /") == (200, [[1, ["x"]], [2, ["y"]], [1, ["x"]], 1, 1])


def test_scopes_that_a_function_changes_stay_its_own():
    """Each call receives a list of its own, so that changing it reaches nobody else."""
    app = Typeway()

    def user(scopes: SecurityScopes):
        scopes.scopes.append("changed")
        return scopes.scopes

    @app.get("/")
    def read(found: Annotated[list, Security(user, scopes=["read"])]):
        return found

    assert [answer(app, "GET /") for _ in range(2)] == [(200, ["read", "changed"])] * 2


# --- what cannot be meant ---------------------------------------------------------------------------------------


def test_a_cycle_is_refused_with_its_members():
    """Dependencies that need each other are refused at the decorator, and the message shows the way round."""

    class Chicken:
        def __init__(self, egg: Any) -> None: ...

    def egg(chicken: Annotated[Chicken, Depends(Chicken)]): ...

    Chicken.__init__.__annotations__["egg"] = Annotated[Any, Depends(egg)]
    with pytest.raises(DeclarationError, match=r"dependencies form a cycle: .*egg → .*Chicken → .*egg\.") as caught:
        Typeway().get("/")(lambda egg=Depends(egg): egg)
    assert isinstance(caught.value, ValueError)
    assert caught.value.where == f"{__file__}:{Chicken.__init__.__code__.co_firstlineno}"


def test_a_dependency_on_the_endpoint_itself_is_a_cycle():
    """An endpoint that depends on itself is refused."""

    def read(): ...

    again = inspect.Parameter("again", inspect.Parameter.KEYWORD_ONLY, default=Depends(read))
    read.__signature__ = inspect.Signature([again])
    with pytest.raises(DeclarationError, match="cycle"):
        Typeway().get("/")(read)


@each_framework
def test_a_longer_lived_generator_cannot_need_a_shorter_lived_one(web):
    """A generator of scope "request" that needs one of scope "function" is refused when it is declared."""

    def short():
        yield 1

    def long(value: Annotated[int, web.Depends(short, scope="function")]):
        yield value

    with pytest.raises(web.exceptions.DependencyScopeError, match='"long" has a scope of "request"'):
        web.FastAPI().get("/")(lambda value=web.Depends(long): value)

    @application(web)
    def read(value: Annotated[int, web.Depends(long, scope="function")]):
        return value

    assert answer(read, "GET /") == (200, 1)


def test_the_scope_mistake_names_the_generators_line():
    """The error about scopes stands at the generator that lives too long, with the mend."""

    def short():
        yield 1

    def long(value: Annotated[int, Depends(short, scope="function")]):
        yield value

    with pytest.raises(DependencyScopeError) as caught:
        Typeway().get("/", dependencies=[Depends(long)])(lambda: 1)
    assert caught.value.where == f"{__file__}:{long.__code__.co_firstlineno}"
    assert 'Depends(long, scope="function")' in caught.value.hint


@each_framework
def test_a_dependency_without_a_callable_is_refused(web):
    """A dependency in a list has no annotation to fall back on."""
    with pytest.raises(AssertionError):
        web.FastAPI().get("/", dependencies=[web.Depends()])(lambda: 1)


def test_http_exceptions_of_both_kinds_end_a_request_in_a_dependency():
    """Starlette's HTTPException is as good as ours."""
    app = Typeway()

    def refuse(kind: int):
        raise (HTTPException if kind else StarletteHTTPException)(403, "no", {"x-a": "1"})

    @app.get("/")
    def read(found: Annotated[None, Depends(refuse)]): ...

    assert answer(app, "GET /?kind=0") == answer(app, "GET /?kind=1") == (403, {"detail": "no"})
