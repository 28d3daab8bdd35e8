"""The summary: what one signature gives, and what the rules of the course come to in one application."""

import threading
from typing import Annotated, Any

from pydantic import BaseModel, Field

from tests.frameworks import answer, client, each_framework


class TaskCreate(BaseModel):
    title: str = Field(min_length=1)


class TaskResponse(BaseModel):
    id: int
    title: str


class TaskService:
    """Keeps tasks; it can be used without HTTP."""

    def __init__(self) -> None:
        self.titles: list[str] = []

    def create(self, title: str) -> dict[str, Any]:
        self.titles.append(title)
        return {"id": len(self.titles), "title": title, "secret": "kept"}


def create_app(web: Any) -> Any:
    """One endpoint whose signature says everything."""
    service = TaskService()

    async def get_service() -> TaskService:
        return service

    app = web.FastAPI()
    app.state.get_service = get_service
    tasks = Annotated[TaskService, web.Depends(get_service)]

    @app.post("/projects/{project_id}/tasks", status_code=201)
    async def create(project_id: int, task: TaskCreate, service: tasks, notify: bool = False) -> TaskResponse:
        return service.create(f"{project_id}: {task.title}")

    return app


@each_framework
def test_one_signature_validates_serializes_documents_and_injects(web):
    """Four things come from the hints of one function: no line of its body does any of them."""
    app = create_app(web)
    url = "POST /projects/3/tasks"
    assert answer(app, url, json={"title": "t"}) == (201, {"id": 1, "title": "3: t"})
    assert answer(app, url, json={"title": ""})[0] == 422
    assert answer(app, f"{url}?notify=perhaps", json={"title": "t"})[0] == 422
    operation = app.openapi()["paths"]["/projects/{project_id}/tasks"]["post"]
    assert [item["name"] for item in operation["parameters"]] == ["project_id", "notify"]
    assert "requestBody" in operation
    assert "201" in operation["responses"]


@each_framework
def test_a_dependency_takes_the_place_of_a_global_and_can_be_replaced(web):
    """Another service is one assignment away, without patching anything."""
    app, other = create_app(web), TaskService()
    app.dependency_overrides[app.state.get_service] = lambda: other
    assert answer(app, "POST /projects/3/tasks", json={"title": "t"})[0] == 201
    assert other.titles == ["3: t"]


@each_framework
def test_the_kind_of_function_chooses_loop_or_thread(web):
    """`async def` shares the event loop's thread with the middleware; `def` does not, and may therefore block."""
    app = web.FastAPI()

    @app.middleware("http")
    async def note_loop(request, call_next):
        request.state.loop_thread = threading.get_ident()
        return await call_next(request)

    @app.get("/async")
    async def on_loop(request: web.Request) -> bool:
        return request.state.loop_thread == threading.get_ident()

    @app.get("/plain")
    def in_thread(request: web.Request) -> bool:
        return request.state.loop_thread == threading.get_ident()

    http = client(app)
    assert (http.get("/async").json(), http.get("/plain").json()) == (True, False)


def test_the_service_behind_an_endpoint_needs_no_http():
    """What the endpoint calls can be called by anyone."""
    service = TaskService()
    assert service.create("t")["id"] == 1
    assert service.titles == ["t"]
