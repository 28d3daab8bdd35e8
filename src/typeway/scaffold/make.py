"""Make a project, add a part to one, or bring one to the template of today."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from typeway.scaffold.choices import Auth, Database
from typeway.scaffold.error import ScaffoldError
from typeway.scaffold.merge import Merged, merge, write
from typeway.scaffold.migrations import VERSIONS, newest, read_revisions
from typeway.scaffold.names import check_project
from typeway.scaffold.project import Project
from typeway.scaffold.record import made_of, read_record, write_record
from typeway.scaffold.render import render

# A change of a project, given the newest of its migrations, and all of them.
Change = Callable[[Project, Sequence[str], Sequence[str]], Project]


def describe_project(
    name: str, database: Database, auth: Auth, resource: Sequence[str] = (), *, docker: bool = True
) -> Project:
    """Return a new project.

    Parameters:
        name: its name, such as my-shop.
        database, auth: what it uses.
        resource: the name and the fields of its first resource, if it shall have one.
        docker: whether it shall have files for containers.

    Raises:
        ScaffoldError: a name cannot be used.
    """
    project = Project(name=check_project(name), database=database, docker=docker)
    taken: list[str] = []
    if auth is not Auth.NONE:
        project = project.with_auth(auth, (), ())
        taken = [project.auth_step.revision] if project.auth_step else []
    if resource:
        project = project.with_resource(resource, taken, taken)
    return project


def make(folder: Path, project: Project) -> int:
    """Write a new project, and return the number of its files.

    Raises:
        ScaffoldError: there is something in the folder already, or it cannot be written.
    """
    made = render(project)
    try:
        if folder.is_dir() and next(folder.iterdir(), None) is not None:
            raise ScaffoldError(f"{folder} is not empty; name another folder, or use `typeway add` in a project")
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScaffoldError(f"cannot make {folder}: {error.strerror}") from error
    write(folder, merge(folder, {}, made))
    write_record(folder, project, made)
    return len(made)


def add(folder: Path, change: Change, *, conflicts: bool) -> Merged:
    """Add a part to a project.

    Parameters:
        folder: the project.
        change: returns the project with the part.
        conflicts: whether files that cannot be merged are written with conflict markers.

    Raises:
        ScaffoldError: the part cannot be added; nothing was changed.
    """
    record = read_record(folder)
    if not record.is_current:
        raise ScaffoldError("this project has the template of another version of Typeway; first: typeway new --update")
    revisions = read_revisions(folder)
    project = change(record.project, newest(revisions), sorted(revisions))
    return _bring(folder, render(record.project), render(project), project, conflicts)


def update(folder: Path, *, conflicts: bool) -> Merged:
    """Bring a project to the template of this version of Typeway, and keep what the author has changed.

    Parameters:
        folder: the project.
        conflicts: whether files that cannot be merged are written with conflict markers.

    Raises:
        ScaffoldError: it cannot be updated; nothing was changed.
    """
    record = read_record(folder)
    before, after = made_of(folder, record), render(record.project)
    # A migration that has run somewhere must stay what it was.
    after |= {path: text for path, text in before.items() if path.startswith(f"{VERSIONS}/")}
    return _bring(folder, before, after, record.project, conflicts)


def _bring(folder: Path, before: Mapping[str, str], after: dict[str, str], project: Project, conflicts: bool) -> Merged:
    merged = merge(folder, before, after)
    if merged.conflicts and not conflicts:
        raise ScaffoldError(
            f"your version and the template's differ in the same lines of {', '.join(merged.conflicts)}; nothing was "
            "changed. Commit your work, then repeat this with --conflicts: it marks these lines, for you to choose"
        )
    write(folder, merged)
    write_record(folder, project, after)
    return merged
