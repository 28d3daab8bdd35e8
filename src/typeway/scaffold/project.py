"""Describe a project: what was chosen when it was made, and what was added since."""

import hashlib
from collections.abc import Sequence
from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from typeway.scaffold import names
from typeway.scaffold.choices import WITH_USERS, Auth, Database
from typeway.scaffold.error import ScaffoldError
from typeway.scaffold.fields import Field, imported_names, read_fields


class Step(BaseModel):
    """The migration that creates a table: its revision, and the one before it."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    revision: str
    after: str | None = None


class Resource(BaseModel):
    """A table with its endpoints."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    name: str
    plural: str
    fields: tuple[str, ...]
    """As they were written, such as `title:str`."""
    step: Step

    @property
    def columns(self) -> tuple[Field, ...]:
        """The fields, with how each is written."""
        return read_fields(self.fields)

    @property
    def kind(self) -> str:
        """The name of its class."""
        return names.class_name(self.name)

    @property
    def kinds(self) -> str:
        """The name of its class in the plural."""
        return names.class_name(self.plural)

    @property
    def one(self) -> str:
        """Its name as a person writes it, with its article."""
        return f"{'an' if self.name[0] in 'aeiou' else 'a'} {names.phrase(self.name)}"

    @property
    def many(self) -> str:
        """Its plural as a person writes it."""
        return names.phrase(self.plural)

    @property
    def words(self) -> str:
        """Its name as a person writes it."""
        return names.phrase(self.name)

    @property
    def own_types(self) -> list[str]:
        """The project's own types that its fields use."""
        return imported_names(self.columns)

    def uses(self, text: str) -> bool:
        """Whether the annotations of its fields contain a name."""
        return any(text in f"{field.schema} {field.mapped}" for field in self.columns)


class Project(BaseModel):
    """What the template needs to know."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True)

    name: str
    database: Database = Database.SQLITE
    auth: Auth = Auth.NONE
    auth_step: Step | None = None
    docker: bool = True
    resources: tuple[Resource, ...] = ()

    @property
    def package(self) -> str:
        """The name of its Python package."""
        return names.package_of(self.name)

    def with_resource(self, definition: Sequence[str], heads: Sequence[str], taken: Sequence[str]) -> "Project":
        """Return the project with one more resource.

        Parameters:
            definition: the name, or name/plural, and the fields.
            heads: the newest revisions of the project's migrations.
            taken: all their revisions.

        Raises:
            ScaffoldError: it has this resource already, or the definition cannot be used.
        """
        name, slash, plural = definition[0].partition("/")
        names.check_resource(name, plural if slash else names.plural_of(name))
        resource = Resource(
            name=name,
            plural=plural if slash else names.plural_of(name),
            fields=tuple(definition[1:]),
            step=next_step(heads, taken),
        )
        read_fields(resource.fields)
        for other in self.resources:
            if {name, resource.plural} & {other.name, other.plural}:
                raise ScaffoldError(f"{self.name} has the resource {other.name!r} already; nothing was changed")
        return self.model_copy(update={"resources": (*self.resources, resource)})

    def with_auth(self, auth: Auth, heads: Sequence[str], taken: Sequence[str]) -> "Project":
        """Return the project with authentication.

        Raises:
            ScaffoldError: it has some already.
        """
        if self.auth is not Auth.NONE:
            raise ScaffoldError(f"{self.name} has the authentication {self.auth.value!r} already; nothing was changed")
        step = next_step(heads, taken) if auth in WITH_USERS else None
        return self.model_copy(update={"auth": auth, "auth_step": step})

    def with_docker(self) -> "Project":
        """Return the project with what containers need.

        Raises:
            ScaffoldError: it has that already.
        """
        if self.docker:
            raise ScaffoldError(f"{self.name} has its files for containers already; nothing was changed")
        return self.model_copy(update={"docker": True})


def next_step(heads: Sequence[str], taken: Sequence[str]) -> Step:
    """Return a new step after the newest one.

    Raises:
        ScaffoldError: there is more than one newest step.
    """
    if len(heads) > 1:
        raise ScaffoldError(f"the migrations end in {', '.join(heads)}; join them first: alembic merge heads")
    number = len(taken) + 1
    while (revision := f"{number:04}") in taken:
        number += 1
    return Step(revision=revision, after=heads[0] if heads else None)


def digest_of(texts: dict[str, str]) -> str:
    """Return a short text that changes with the template."""
    digest = hashlib.sha256()
    for path, text in sorted(texts.items()):
        digest.update(f"{path}\0{text}\0".encode())
    return digest.hexdigest()[:16]
