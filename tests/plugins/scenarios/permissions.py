"""fastapi-permissions: access control lists on resources, checked by a dependency."""

from typing import Any

from fastapi import Depends, FastAPI, Header
from fastapi.testclient import TestClient
from fastapi_permissions import Allow, Authenticated, Deny, Everyone, configure_permissions, has_permission
from pydantic import BaseModel


class Item(BaseModel):
    name: str
    owner: str

    def __acl__(self) -> list[Any]:
        return [
            (Deny, "role:banned", ("view", "use")), (Allow, Authenticated, "view"), (Allow, "role:admin", "use"),
            (Allow, f"user:{self.owner}", "use"),
        ]  # fmt: skip


def principals(x_user: str | None = Header(None), x_role: str = Header("none")) -> list[str]:
    return [Everyone, *([Authenticated, f"user:{x_user}", f"role:{x_role}"] if x_user else [])]


def item(name: str) -> Item:
    return Item(name=name, owner="ada")


Permission = configure_permissions(principals)
app = FastAPI()


@app.get("/{name}")
async def view(item: Item = Permission("view", item)) -> Item:
    return item


@app.post("/{name}/use")
def use(item: Item = Permission("use", item), acting: list[str] = Depends(principals)) -> list[str]:
    return [item.name, *acting]


@app.get("/list/all", dependencies=[Permission("create", [(Allow, "role:admin", "create")])])
def listed(acting: list[str] = Depends(principals)) -> list[bool]:
    return [has_permission(acting, verb, Item(name="x", owner="eve")) for verb in ("view", "use")]


def play() -> Any:
    client = TestClient(app)
    seen = []
    for method, path in (("GET", "/tea"), ("POST", "/tea/use"), ("GET", "/list/all")):
        for user, role in ((None, None), ("ada", "none"), ("eve", "none"), ("eve", "admin"), ("ada", "banned")):
            given = {name: value for name, value in (("X-User", user), ("X-Role", role)) if value}
            response = client.request(method, path, headers=given)
            seen.append((method, path, user, role, response.status_code, response.json()))
    return {"seen": seen, "openapi": app.openapi()}
