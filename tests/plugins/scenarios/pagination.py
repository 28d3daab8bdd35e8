"""fastapi-pagination: lists and queries are answered page by page, in several styles, with every style documented."""

from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Query
from fastapi.testclient import TestClient
from fastapi_pagination import LimitOffsetPage, Page, add_pagination, paginate
from fastapi_pagination.customization import CustomizedPage, UseParamsFields
from fastapi_pagination.ext.sqlalchemy import paginate as paginate_query
from fastapi_pagination.utils import disable_installed_extensions_check
from pydantic import BaseModel, ConfigDict
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column
from sqlalchemy.pool import StaticPool


class Base(DeclarativeBase):
    pass


class Row(Base):
    __tablename__ = "rows"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Item(BaseModel):
    model_config = ConfigDict(from_attributes=True)
    id: int
    name: str


disable_installed_extensions_check()  # lists are paginated on purpose
engine = create_engine("sqlite://", connect_args={"check_same_thread": False}, poolclass=StaticPool)
SmallPage = CustomizedPage[Page[Item], UseParamsFields(size=Query(2, ge=1, le=3, description="how many"))]
items = [Item(id=number, name=f"item {number}") for number in range(12)]


def session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


app = FastAPI()
router = APIRouter(prefix="/rows", tags=["rows"])


@app.get("/items")
def list_items() -> Page[Item]:
    return paginate(items)


@app.get("/small", response_model=SmallPage)
async def list_small() -> Any:
    return paginate(items)


@router.get("/pages", response_model=Page[Item])
def row_pages(db: Annotated[Session, Depends(session)]) -> Any:
    return paginate_query(db, select(Row).order_by(Row.id))


@router.get("/slices", response_model=LimitOffsetPage[Item])
def row_slices(db: Annotated[Session, Depends(session)], name: str | None = None) -> Any:
    query = select(Row).order_by(Row.id)
    return paginate_query(db, query if name is None else query.where(Row.name == name))


app.include_router(router, prefix="/db")
add_pagination(app)


def play() -> Any:
    Base.metadata.create_all(engine)
    with Session(engine) as db:
        db.add_all([Row(id=number, name=f"row {number}") for number in range(1, 8)])
        db.commit()
    with TestClient(app) as client:
        seen = {}
        for path in (
            "/items", "/items?page=2&size=5", "/items?page=0", "/items?size=1000", "/small", "/small?page=2&size=3",
            "/small?size=4", "/db/rows/pages?size=3&page=3", "/db/rows/slices?limit=2&offset=3",
            "/db/rows/slices?limit=2&name=row%204", "/db/rows/slices?limit=-1",
        ):  # fmt: skip
            response = client.get(path)
            seen[path] = (response.status_code, response.json())
    assert seen["/items"][1]["total"] == 12
    assert [row["id"] for row in seen["/db/rows/pages?size=3&page=3"][1]["items"]] == [7]
    return {"seen": seen, "openapi": app.openapi()}
