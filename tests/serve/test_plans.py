"""A plan is built once, when first needed, and once more per set of overrides."""

import threading
from typing import Annotated

import pytest

import typeway
from tests.frameworks import answer, client
from typeway import Depends, Typeway
from typeway.exceptions import DeclarationError
from typeway.serve.plans import KEPT, PlanCache


def get_value() -> str:
    return "real"


def served() -> tuple[Typeway, PlanCache]:
    app = Typeway()

    @app.get("/")
    def read(value: Annotated[str, Depends(get_value)]):
        return value

    return app, app.routes[-1].plans


def test_nothing_is_planned_before_the_first_request():
    """Declaring reads signatures; the plan is built by the first request and stays."""
    app, plans = served()
    assert plans.prepared is None
    assert answer(app, "GET /") == (200, "real")
    prepared = plans.prepared
    assert answer(app, "GET /") == (200, "real")
    assert plans.prepared is prepared is not None


def test_threads_build_one_plan():
    """Many threads that ask at once get the same plan."""
    _, plans = served()
    found: list[object] = []
    barrier = threading.Barrier(8)

    def ask() -> None:
        barrier.wait()
        found.append(plans.ready({})[0])

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, found))) == 1


def test_plans_for_overrides_are_kept_by_their_contents():
    """Equal overrides share a plan, different ones do not, and only so many plans are kept."""
    app, plans = served()
    overrides = [{get_value: (lambda number=number: number)} for number in range(KEPT + 4)]
    first = plans.ready(overrides[0])[0]
    assert plans.ready(dict(overrides[0]))[0] is first
    assert plans.ready(overrides[1])[0] is not first
    for entry in overrides:
        plans.ready(entry)
    assert len(plans._overridden) == KEPT
    assert plans.ready(overrides[0])[0] is not first
    assert answer(app, "GET /") == (200, "real")


def test_overrides_that_claim_to_be_equal_are_told_apart():
    """An override is known by identity, whatever it says about equality."""

    class Equal:
        def __init__(self, value: str) -> None:
            self.value = value

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Equal)

        def __hash__(self) -> int:
            return 1

        def __call__(self) -> str:
            return self.value

    app, _ = served()
    app.dependency_overrides[get_value] = Equal("one")
    assert answer(app, "GET /") == (200, "one")
    app.dependency_overrides[get_value] = Equal("two")
    assert answer(app, "GET /") == (200, "two")


def test_a_plan_that_cannot_be_built_is_tried_again():
    """A mistake that shows at the first request is raised by every request until it is fixed."""
    app = Typeway()
    app.add_api_route("/", lambda value: value)
    route = app.routes[-1]
    route.response_model = object()
    for _ in range(2):
        with pytest.raises(DeclarationError, match="not a type that Pydantic can validate"):
            client(app, raise_server_exceptions=True).get("/?value=1")
    route.response_model = None
    assert answer(app, "GET /?value=1") == (200, "1")


def test_a_change_before_the_first_request_counts():
    """Plugins may change a route's attributes until it is served for the first time."""
    app = Typeway()

    @app.get("/")
    def read() -> dict[str, int]:
        return {"a": 1, "b": 2}

    calls: list[str] = []
    route = app.routes[-1]
    route.dependencies.append(typeway.Depends(lambda: calls.append("added")))
    route.response_model = dict[str, str] | dict[str, int]
    route.status_code = 202
    assert answer(app, "GET /") == (202, {"a": 1, "b": 2})
    assert calls == ["added"]
