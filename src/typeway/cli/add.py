"""Add a part to a project that `typeway new` made: `typeway add`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from typeway.cli.new import ConflictsOption, print_changes
from typeway.scaffold.choices import AddedAuth, Auth

if TYPE_CHECKING:
    from typeway.scaffold.make import Change


def add_resource(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The resource: book, or with its plural: person/people.")],
    fields: Annotated[
        list[str],
        typer.Argument(
            metavar="FIELD",
            help="Its fields, as in title:str isbn:str:13 year:int? The types are str, str:N, text, int, float, bool, "
            "date, datetime, decimal and uuid; with a question mark, the field may be left out.",
        ),
    ],
    conflicts: ConflictsOption = False,
) -> None:
    """Add a resource: its table with a migration, its models, service, endpoints and tests."""
    _add(lambda project, heads, taken: project.with_resource([name, *fields], heads, taken), conflicts)


def add_auth(
    kind: Annotated[AddedAuth, typer.Argument(metavar="KIND", help="What tells the application who sends a request.")],
    conflicts: ConflictsOption = False,
) -> None:
    """Require authentication: by a JSON Web Token, by an API key, or by a session in a cookie."""
    _add(lambda project, heads, taken: project.with_auth(Auth(kind.value), heads, taken), conflicts)


def add_docker(conflicts: ConflictsOption = False) -> None:
    """Add the files that containers need: Dockerfile, compose file, and a manifest for Kubernetes."""
    _add(lambda project, heads, taken: project.with_docker(), conflicts)


def _add(change: Change, conflicts: bool) -> None:
    from typeway.scaffold.make import add

    print_changes(add(Path(), change, conflicts=conflicts))
