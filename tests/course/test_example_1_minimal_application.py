"""First example: a factory, two endpoints, and documentation that nobody wrote."""

from typing import Any

from tests.frameworks import answer, ask, each_framework


def create_app(web: Any) -> Any:
    """Make and configure an application."""
    app = web.FastAPI(title="Task Manager API", version="0.1.0", description="Keeps track of tasks")

    @app.get("/")
    async def root() -> dict[str, str]:
        return {"message": "The Task Manager is running"}

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Tell load balancers that we are well."""
        return {"status": "healthy"}

    return app


@each_framework
def test_both_endpoints_answer(web):
    """The application serves its two endpoints as JSON."""
    app = create_app(web)
    assert answer(app, "GET /") == (200, {"message": "The Task Manager is running"})
    assert answer(app, "GET /health") == (200, {"status": "healthy"})
    assert ask(app, "GET /").headers["content-type"] == "application/json"


@each_framework
def test_title_version_and_description_are_in_the_document(web):
    """What the constructor is told stands in the document's info, and the title on the pages."""
    app = create_app(web)
    status, document = answer(app, "GET /openapi.json")
    assert status == 200
    assert document["info"] == {
        "title": "Task Manager API",
        "version": "0.1.0",
        "description": "Keeps track of tasks",
    }
    assert "<title>Task Manager API" in ask(app, "GET /docs").text


@each_framework
def test_names_docstrings_and_return_types_document_the_endpoints(web):
    """A function's name is the summary, its docstring the description, its return type the schema of the answer."""
    paths = create_app(web).openapi()["paths"]
    operation = paths["/health"]["get"]
    assert operation["summary"] == "Health"
    assert operation["description"] == "Tell load balancers that we are well."
    assert "description" not in paths["/"]["get"]
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
    assert (schema["type"], schema["additionalProperties"]) == ("object", {"type": "string"})


@each_framework
def test_each_call_of_the_factory_makes_an_application_of_its_own(web):
    """What is added to one application is not in the next."""
    one, other = create_app(web), create_app(web)

    @one.get("/extra")
    async def extra() -> str:
        return "extra"

    assert answer(one, "GET /extra") == (200, "extra")
    assert answer(other, "GET /extra")[0] == 404
