"""fastapi-injector: objects from an injector, also with one instance per request, closed at its end."""

import abc
from typing import Annotated, Any, Self

from fastapi import FastAPI
from fastapi.testclient import TestClient
from fastapi_injector import Injected, InjectorMiddleware, RequestScopeOptions, attach_injector, request_scope
from injector import Injector, Module, SingletonScope, provider

log: list[str] = []


class Names(abc.ABC):
    @abc.abstractmethod
    def name(self) -> str: ...


class Fixed(Names):
    def name(self) -> str:
        return "fixed"


class Unit:
    count = 0

    def __init__(self) -> None:
        Unit.count += 1
        self.number = Unit.count

    def __enter__(self) -> Self:
        log.append(f"enter {self.number}")
        return self

    def __exit__(self, *raised: object) -> None:
        log.append(f"exit {self.number}")


class Bindings(Module):
    def configure(self, binder: Any) -> None:
        binder.bind(Names, to=Fixed, scope=SingletonScope)
        binder.bind(Unit, scope=request_scope)

    @provider
    def answer(self) -> int:
        return 42


injector = Injector(Bindings())
app = FastAPI()
app.add_middleware(InjectorMiddleware, injector=injector)
attach_injector(app, injector, RequestScopeOptions(enable_cleanup=True))


@app.get("/names/{item}")
async def names(item: int, names: Annotated[Names, Injected(Names)], answer: int = Injected(int)) -> dict[str, Any]:
    return {"item": item, "name": names.name(), "answer": answer}


@app.get("/units")
def units(one: Annotated[Unit, Injected(Unit)], two: Annotated[Unit, Injected(Unit)]) -> list[int]:
    return [one.number, two.number]


def play() -> Any:
    client = TestClient(app)
    seen = [client.get(path).json() for path in ("/names/1", "/names/x", "/units", "/units")]
    assert seen[2:] == [[1, 1], [2, 2]], seen
    return {"seen": seen, "log": log, "openapi": app.openapi()}
