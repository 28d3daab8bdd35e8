"""dependency-injector: containers whose providers stand in `Depends(Provide[...])`."""

from typing import Annotated, Any

from dependency_injector import containers, providers
from dependency_injector.wiring import Provide, inject
from fastapi import APIRouter, Depends, FastAPI
from fastapi.testclient import TestClient


class Search:
    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit = name, limit

    def find(self, query: str) -> list[str]:
        return [f"{self.name}:{query}"] * self.limit


class Container(containers.DeclarativeContainer):
    config = providers.Configuration()
    search = providers.Factory(Search, name=config.name, limit=config.limit.as_int())


router = APIRouter(prefix="/search")


@router.get("/")
@inject
async def found(query: str, search: Annotated[Search, Depends(Provide[Container.search])]) -> list[str]:
    return search.find(query)


@router.get("/sync")
@inject
def found_sync(
    query: str = "all", search: Search = Depends(Provide[Container.search]), name: str = Depends(Provide["config.name"])
) -> dict[str, list[str]]:
    return {name: search.find(query)}


def play() -> Any:
    container = Container()
    container.config.from_dict({"name": "books", "limit": "2"})
    container.wire(modules=[__name__])
    app = FastAPI()
    app.include_router(router)
    client = TestClient(app)
    seen = [client.get(path).json() for path in ("/search/?query=x", "/search/sync", "/search/")]
    with container.search.override(providers.Object(Search("mock", 1))):
        seen.append(client.get("/search/?query=y").json())
    container.unwire()
    assert seen[0] == ["books:x", "books:x"]
    assert seen[-1] == ["mock:y"]
    return {"seen": seen, "openapi": app.openapi()}
