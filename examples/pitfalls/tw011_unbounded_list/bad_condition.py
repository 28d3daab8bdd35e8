"""Bad: a condition that many rows meet limits nothing."""

from collections.abc import Sequence

from pydantic import BaseModel
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, sessionmaker

from typeway import Typeway

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


@app.get("/photos/public", response_model=list[PhotoOut])
def list_public_photos() -> Sequence[Photo]:
    with make_session() as session:
        return session.scalars(select(Photo).where(Photo.is_public.is_(True))).all()
