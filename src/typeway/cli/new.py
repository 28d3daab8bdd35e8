"""Make a project from the template, or bring one to the template of today: `typeway new`.

What renders templates is imported when a command runs, so that the other commands start fast.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from typeway.cli.error import UsageError
from typeway.scaffold.choices import Auth, Database

if TYPE_CHECKING:
    from typeway.scaffold.merge import Merged

FIRST_RESOURCE: Final = "item name:str:100 description:text? price:decimal"

ConflictsOption = Annotated[
    bool, typer.Option("--conflicts", help="Write files that cannot be merged with conflict markers.")
]


def new(
    path: Annotated[
        Path | None, typer.Argument(metavar="NAME", help="The name of the project, or the path of its folder.")
    ] = None,
    database: Annotated[Database | None, typer.Option(help="The database. Default: sqlite.")] = None,
    auth: Annotated[
        Auth | None, typer.Option(help="How the application knows who sends a request. Default: jwt.")
    ] = None,
    resource: Annotated[
        str | None,
        typer.Option(help="The first resource, as in 'book title:str isbn:str:13 year:int?'; - for none."),
    ] = None,
    docker: Annotated[bool, typer.Option(help="Make files for containers and Kubernetes.")] = True,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing: take the defaults.")] = False,
    is_update: Annotated[
        bool, typer.Option("--update", help="Bring the project in NAME, or in this folder, to today's template.")
    ] = False,
    conflicts: ConflictsOption = False,
) -> None:
    """Make a project: an application with a database, authentication, migrations, tests, and files to deploy it.

    Asks for what the options do not say. `typeway add` adds parts to the project later.

    With --update, what has changed in the template since the project was made is merged into it; your changes are kept.
    """
    from typeway.scaffold.make import describe_project, make, update
    from typeway.scaffold.names import check_project

    if is_update:
        print_changes(update(path or Path(), conflicts=conflicts))
        return
    if path is None:
        raise UsageError("a project needs a name, as in: typeway new my-shop")
    check_project(path.resolve().name)  # before anything is asked
    ask = _take_default if yes else _ask
    database = database or Database(ask("Database", Database.SQLITE, list(Database)))
    auth = auth or Auth(ask("Authentication", Auth.JWT, list(Auth)))
    if resource is None:
        resource = ask("First resource (- for none)", FIRST_RESOURCE)
    definition = () if resource.strip() in {"", "-"} else resource.split()
    count = make(path, describe_project(path.resolve().name, database, auth, definition, docker=docker))
    print(f"{path} has {count} files now. Next:\n\n  cd {path}")
    if database == Database.POSTGRESQL:
        print("  make .env    # settings of this machine; DATABASE_URL must name a database that exists")
    print("  make run     # serves the application on http://127.0.0.1:8000/docs")
    print("  make test    # checks and tests it")


def _take_default(question: str, default: str, choices: list[str] | None = None) -> str:
    return default


def _ask(question: str, default: str, choices: list[str] | None = None) -> str:
    """Return what somebody types, or the default; ask again until it is one of the choices.

    Raises:
        UsageError: nobody types anything.
    """
    text = f"{question} ({', '.join(choices)})" if choices else question
    try:
        while True:
            answer = str(typer.prompt(text, default=str(default))).strip()
            if choices is None or answer in choices:
                return answer
            print(f"{answer!r} is none of {', '.join(choices)}", file=sys.stderr)
    except typer.Abort:
        raise UsageError("a question was not answered; nothing was made. Add --yes for the defaults") from None


def print_changes(merged: Merged) -> None:
    """Say which files were written, and which need a look; exit with 1 if there are conflicts."""
    for path in sorted(set(merged.written) - set(merged.conflicts)):
        print(f"wrote    {path}")
    for path in merged.deleted:
        print(f"deleted  {path}")
    for path in merged.kept:
        print(f"kept     {path}: the template has changed or deleted it, and so have you")
    for path in merged.conflicts:
        print(f"conflict {path}: choose between the lines from <<<<<<< to >>>>>>>")
    if not (merged.written or merged.deleted or merged.kept):
        print("nothing to change")
    if merged.conflicts:
        raise typer.Exit(1)
