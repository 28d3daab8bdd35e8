"""Applications that show JSON bodies and models."""

from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    BaseModel,
    RootModel,
)

from tests.describe.applications.models import (
    Box,
    Bytes,
    BytesIn64,
    BytesOut64,
    Cat,
    Color,
    Computed,
    Dog,
    First,
    Item,
    Mapped,
    Own,
    Point,
    Renamed,
    Second,
    Tree,
    Wrapper,
)
from tests.describe.applications.registry import application, post


@application
def single_bodies(web: Any) -> Any:
    """One body, alone."""

    def model(item: Item): ...
    def optional(item: Item | None = None): ...
    def default(item: Item = Item(name="q")): ...
    def many(items: list[Item]): ...
    def mapping(items: dict[str, Item]): ...
    def scalar(n: int = web.Body()): ...
    def described(
        n: int | None = web.Body(
            None, media_type="application/vnd.x+json", title="Tit", description="Des", examples=[1]
        ),
    ): ...
    def named_examples(item: Annotated[Item, web.Body(openapi_examples={"n": {"value": {"name": "x"}}})]): ...
    def embedded(item: Annotated[Item, web.Body(embed=True)]): ...
    def raw(data: bytes = web.Body()): ...

    def several_names(some_data: list[int] = web.Body(validation_alias=AliasChoices("a", "b"))): ...
    def anything(data: Any = web.Body()): ...
    def union(pet: Cat | Dog): ...
    def discriminated(pet: Annotated[Cat | Dog, web.Body(discriminator="kind", title="Pet")]): ...
    def deprecated(item: Annotated[Item, web.Body(deprecated=True)]): ...

    return post(
        web, model, optional, default, many, mapping, scalar, described, named_examples, embedded, raw, several_names, anything,
        union, discriminated, deprecated,
    )  # fmt: skip


@application
def several_bodies(web: Any) -> Any:
    """Several bodies are members of one object."""

    def two(item: Item, n: int = web.Body()): ...
    def optional(
        item: Item | None = None, n: int | None = web.Body(None), c: str = web.Body("x", media_type="t/x")
    ): ...
    def same_type(a: str = web.Body(media_type="x/y"), b: str = web.Body(media_type="x/y")): ...
    def aliases(a: int = web.Body(alias="bé", description="d"), my_items: list[Item] = web.Body(alias="m")): ...
    def titled(a: Own = web.Body(), b: int = web.Body(title="BB"), c: Color = web.Body(Color.red)): ...
    def dependency(a: str = web.Body(), z: int | None = web.Body(None)): ...
    def with_dependency(d: Annotated[str, web.Depends(dependency)], b: int = web.Body(), a: str = web.Body()): ...
    def only_dependency(d: Annotated[str, web.Depends(dependency)]): ...

    return post(web, two, optional, same_type, aliases, titled, with_dependency, only_dependency)


@application
def bodies_by_method(web: Any) -> Any:
    """Some methods have no request body in the document."""
    app = web.FastAPI(title="T")
    for method in ("get", "put", "post", "delete", "options", "head", "patch", "trace"):

        def endpoint(n: int = web.Body()): ...

        endpoint.__name__ = f"do_{method}"
        getattr(app, method)("/")(endpoint)
    return app


@application
def models(web: Any) -> Any:
    """Models of every kind, accepted and sent."""

    def item(a: Item) -> Item: ...
    def listed(a: list[Item]) -> list[Item]: ...
    def recursive(a: Tree) -> Tree: ...
    def generic(a: Box[int], b: Box[Item]) -> Box[list[str]]: ...
    def dataclass(a: Point) -> Mapped: ...
    def typed_dict(a: Mapped) -> Point | None: ...
    def renamed(a: Renamed) -> Renamed: ...
    def in_bytes(a: Bytes, b: BytesIn64) -> BytesOut64: ...
    def out_bytes(a: BytesOut64) -> BytesIn64: ...
    def root(a: RootModel[list[Item]]) -> RootModel[dict[str, int]]: ...

    return post(web, item, listed, recursive, generic, dataclass, typed_dict, renamed, in_bytes, out_bytes, root)


@application
def computed(web: Any) -> Any:
    """A model that sends more than it accepts has two components."""

    def wrapped(a: Wrapper) -> Wrapper: ...
    def plain(a: Computed) -> list[Computed]: ...

    return post(web, wrapped, plain)


@application
def unseparated(web: Any) -> Any:
    """With separation off, only computed fields make two components."""

    def wrapped(a: Wrapper) -> Wrapper: ...
    def renamed(a: Renamed) -> Renamed: ...
    def recursive(a: Tree) -> Tree: ...
    def clash(a: First) -> Second: ...

    return post(web, wrapped, renamed, recursive, clash, separate_input_output_schemas=False)


@application
def clashing_names(web: Any) -> Any:
    """Models of one name get names that tell them apart."""
    other = type("Item", (BaseModel,), {"__annotations__": {"weight": int}, "__module__": "elsewhere"})

    def first(a: First) -> Second: ...
    def one(a: Item): ...

    def two(a: Any): ...

    two.__annotations__["a"] = other
    return post(web, first, one, two)
