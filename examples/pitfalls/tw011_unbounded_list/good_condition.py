"""Good: the client names the photos, or the album that they belong to."""

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from typeway import Query, Typeway

app = Typeway()
make_session = sessionmaker(create_engine("sqlite://"))


class Base(DeclarativeBase):
    pass


class Photo(Base):
    __tablename__ = "photos"
    id: Mapped[int] = mapped_column(primary_key=True)
    album_id: Mapped[int]
    is_public: Mapped[bool]


class PhotoIn(BaseModel):
    album_id: int
    is_public: bool = False


class PhotoOut(PhotoIn):
    id: int


@app.post("/photos", status_code=201)
def add_photo(photo: PhotoIn) -> None:
    with make_session.begin() as session:
        session.add(Photo(album_id=photo.album_id, is_public=photo.is_public))


@app.get("/photos", response_model=list[PhotoOut])
def list_named_photos(number: Annotated[list[int], Query(max_length=100)]) -> Sequence[Photo]:
    with make_session() as session:
        return session.scalars(select(Photo).where(Photo.id.in_(number))).all()


@app.get("/albums/{album_id}/photos", response_model=list[PhotoOut])
def list_photos_of_album(album_id: int) -> Sequence[Photo]:
    with make_session() as session:
        return session.scalars(select(Photo).where(Photo.album_id == album_id)).all()
