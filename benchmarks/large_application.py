"""Write a large application to measure `typeway check` on: `python -m benchmarks.large_application FOLDER --lines 110000`.

The application is a package `shop` of domains. Each has models, schemas, a repository, a service with branches and calls
between its methods, routes with dependencies, and plain computations that requests reach. Nothing in it is of a real project; its
sizes are those of a large one: about 190 lines for each endpoint.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from textwrap import dedent
from typing import Final

ENDPOINTS_OF_A_DOMAIN: Final = 8
LINES_OF_AN_ENDPOINT: Final = 188

SHARED: Final = '''
"""What all domains share: the store, the session of a request, and who asks."""

from collections.abc import Iterator
from typing import Annotated

from typeway import Depends, Header, HTTPException


class Session:
    """Rows by the name of their table."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, dict[str, object]]] = {}

    def table(self, name: str) -> dict[int, dict[str, object]]:
        return self.rows.setdefault(name, {})

    def close(self) -> None:
        self.rows.clear()


def get_session() -> Iterator[Session]:
    session = Session()
    try:
        yield session
    finally:
        session.close()


def current_user(authorization: Annotated[str | None, Header()] = None) -> str:
    if authorization is None:
        raise HTTPException(401, "who are you?")
    return authorization.removeprefix("Bearer ")


SessionOfRequest = Annotated[Session, Depends(get_session)]
User = Annotated[str, Depends(current_user)]
'''

SCHEMAS: Final = '''
"""What clients send and receive about {name}."""

from pydantic import BaseModel, Field


class {title}Create(BaseModel):
    title: str = Field(max_length=200)
    amount: int = Field(ge=0)
    tags: list[str] = Field(default_factory=list)


class {title}Change(BaseModel):
    title: str | None = None
    amount: int | None = None
    tags: list[str] | None = None


class {title}Read(BaseModel):
    id: int
    title: str
    amount: int
    tags: list[str]
'''

REPOSITORY: Final = '''
"""Keep {name} in a table."""

from shop.shared import Session


class {title}Repository:
    """The rows of {name}."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.table = session.table("{name}")

    def get(self, key: int) -> dict[str, object] | None:
        return self.table.get(key)

    def page(self, offset: int, limit: int) -> list[dict[str, object]]:
        return [self.table[key] for key in sorted(self.table)[offset : offset + limit]]

    def add(self, row: dict[str, object]) -> dict[str, object]:
        key = max(self.table, default=0) + 1
        self.table[key] = {{"id": key, **row}}
        return self.table[key]

    def change(self, key: int, values: dict[str, object]) -> dict[str, object] | None:
        row = self.table.get(key)
        if row is not None:
            row.update(values)
        return row

    def remove(self, key: int) -> bool:
        return self.table.pop(key, None) is not None
'''

SERVICE_HEAD: Final = '''
"""The rules of {name}."""

from shop.{name}.figures import {figures}
from shop.{name}.repository import {title}Repository
from shop.{name}.schemas import {title}Change, {title}Create
from shop.shared import Session
from typeway import HTTPException


class {title}Service:
    """What may be done with {name}."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.repository = {title}Repository(session)

    def create(self, data: {title}Create) -> dict[str, object]:
        row = data.model_dump()
        row["amount"] = self.judge_0(data.amount, len(data.tags))
        return self.repository.add(row)

    def change(self, key: int, data: {title}Change) -> dict[str, object] | None:
        return self.repository.change(key, data.model_dump(exclude_unset=True))

    def read(self, key: int) -> dict[str, object] | None:
        return self.repository.get(key)

    def page(self, offset: int, limit: int) -> list[dict[str, object]]:
        return self.repository.page(offset, limit)

    def remove(self, key: int) -> bool:
        return self.repository.remove(key)
'''

SERVICE_METHOD: Final = '''
    def judge_{number}(self, amount: int, count: int) -> int:
        """Apply rule {number}."""
        total = amount
        if count > {number}:
            total += {figure}(amount, count)
        elif amount < 0:
            raise HTTPException(422, "amount must not be negative")
        for row in self.repository.page(0, {limit}):
            value = row.get("amount")
            if isinstance(value, int) and value > total:
                total = value - count
            elif isinstance(value, str):
                total += len(value)
        while total > 1_000_000:
            total //= 2
        return {after}
'''

FIGURE: Final = '''
def {name}(amount: int, count: int) -> int:
    """Work out figure {number} of {domain}."""
    names = [f"{domain}-{{place}}" for place in range(count)]
    lengths = {{name: len(name) for name in names}}
    result = 0
    for name, length in lengths.items():
        try:
            result += int(name.rpartition("-")[2]) * length
        except ValueError:
            result -= 1
        if result > amount:
            result %= amount or 1
        elif result == count:
            result += {number}
        else:
            result += length
    match result % 3:
        case 0:
            result += amount
        case 1:
            result -= count
        case _:
            result = abs(result)
    return result{after}
'''

ROUTES: Final = '''
"""Answer requests about {name}."""

from typing import Annotated

from shop.{name}.schemas import {title}Change, {title}Create, {title}Read
from shop.{name}.service import {title}Service
from shop.shared import SessionOfRequest, User
from typeway import Depends, HTTPException, Query, Router

router = Router(prefix="/{name}", tags=["{name}"])


def get_service(session: SessionOfRequest) -> {title}Service:
    return {title}Service(session)


Service = Annotated[{title}Service, Depends(get_service)]


@router.get("")
def list_{name}(
    service: Service, offset: Annotated[int, Query(ge=0)] = 0, limit: Annotated[int, Query(ge=1, le=100)] = 20
) -> list[{title}Read]:
    return [{title}Read.model_validate(row) for row in service.page(offset, limit)]


@router.post("", status_code=201)
def create_{name}(data: {title}Create, service: Service, user: User) -> {title}Read:
    return {title}Read.model_validate(service.create(data))


@router.get("/count")
async def count_{name}(service: Service) -> int:
    return len(service.page(0, 100))


@router.get("/figures/{{number}}")
async def figure_{name}(number: int, service: Service) -> int:
    return service.judge_{first}(number, 3)


@router.get("/{{key}}")
def read_{name}(key: int, service: Service) -> {title}Read:
    row = service.read(key)
    if row is None:
        raise HTTPException(404, "there is no such row")
    return {title}Read.model_validate(row)


@router.patch("/{{key}}")
def change_{name}(key: int, data: {title}Change, service: Service, user: User) -> {title}Read:
    row = service.change(key, data)
    if row is None:
        raise HTTPException(404, "there is no such row")
    return {title}Read.model_validate(row)


@router.delete("/{{key}}", status_code=204)
def remove_{name}(key: int, service: Service, user: User) -> None:
    if not service.remove(key):
        raise HTTPException(404, "there is no such row")


@router.post("/{{key}}/judge")
async def judge_{name}(key: int, service: Service, user: User) -> int:
    row = service.read(key)
    return service.judge_{second}(key, len(row or {{}}))
'''


def domain(number: int, lines: int) -> dict[str, str]:
    """The files of one domain, with about this many lines."""
    name, title = f"area{number:03}", f"Area{number:03}"
    rest = lines - sum(text.count("\n") for text in (SCHEMAS, REPOSITORY, SERVICE_HEAD, ROUTES))
    rules = max(2, rest // (SERVICE_METHOD.count("\n") + FIGURE.count("\n") + 1))
    figures = [f"figure_{place}" for place in range(rules)]
    given = {"name": name, "title": title, "first": rules // 2, "second": rules // 3, "figures": ", ".join(figures)}
    service = SERVICE_HEAD.format(**given) + "".join(
        SERVICE_METHOD.format(
            number=place,
            figure=figures[place],
            limit=10 + place % 90,
            after=f"self.judge_{place + 1}(total, count)" if place % 5 and place + 1 < rules else "total",
        )
        for place in range(rules)
    )
    figure = f'"""Work out the figures of {name}."""\n\n' + "\n".join(
        FIGURE.format(
            name=figures[place],
            number=place,
            domain=name,
            after=f" + figure_{place - 1}(count, amount)" if place % 7 else "",
        )
        for place in range(rules)
    )
    return {
        f"shop/{name}/__init__.py": f'"""All about {name}."""\n',
        f"shop/{name}/schemas.py": SCHEMAS.format(**given).lstrip(),
        f"shop/{name}/repository.py": REPOSITORY.format(**given).lstrip(),
        f"shop/{name}/service.py": service.lstrip(),
        f"shop/{name}/figures.py": figure,
        f"shop/{name}/routes.py": ROUTES.format(**given).lstrip(),
    }


def application(lines: int) -> dict[str, str]:
    """The files of an application with about this many lines, by their paths."""
    domains = max(1, round(lines / LINES_OF_AN_ENDPOINT / ENDPOINTS_OF_A_DOMAIN))
    files = {"shop/__init__.py": '"""Sell things."""\n', "shop/shared.py": SHARED.lstrip()}
    names = [f"area{number:03}" for number in range(domains)]
    for number in range(domains):
        files |= domain(number, lines // domains)
    imports = "\n".join(f"from shop.{name}.routes import router as {name}" for name in names)
    files["main.py"] = dedent('''
        """Serve all domains."""

        {imports}
        from typeway import Typeway

        app = Typeway()
        for router in ({names},):
            app.include_router(router)
    ''').format(imports=imports, names=", ".join(names)).lstrip()  # fmt: skip
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lines", type=int, default=110_000)
    given = parser.parse_args()
    files = application(given.lines)
    for path, text in files.items():
        file = given.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    lines = sum(text.count("\n") for text in files.values())
    endpoints = sum(text.count("@router.") for text in files.values())
    print(f"{len(files)} files, {lines} lines, {endpoints} endpoints")


if __name__ == "__main__":
    main()
