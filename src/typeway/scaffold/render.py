"""Render the template for a project: the text of each of its files."""

from collections.abc import Callable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from jinja2 import Environment, StrictUndefined, Template

from typeway.scaffold.choices import WITH_USERS, Auth, Database
from typeway.scaffold.error import ScaffoldError
from typeway.scaffold.names import phrase, sort_key
from typeway.scaffold.project import Project, digest_of

SUFFIX: Final = ".jinja"
RESOURCE: Final = "resource"

# The folders of the template, and which projects have them. A folder `resource` is rendered for each resource.
PARTS: Final[dict[str, Callable[[Project], bool]]] = {
    "project": lambda project: True,
    "users": lambda project: project.auth in WITH_USERS,
    "jwt": lambda project: project.auth is Auth.JWT,
    "session": lambda project: project.auth is Auth.SESSION,
    "api_key": lambda project: project.auth is Auth.API_KEY,
    "docker": lambda project: project.docker,
    RESOURCE: lambda project: bool(project.resources),
}


def render(project: Project, template: dict[str, str] | None = None) -> dict[str, str]:
    """Return the text of each file of a project by its path.

    Parameters:
        project: what was chosen.
        template: the files of the template by their paths; None for those of this package.

    Raises:
        ScaffoldError: two files would have the same path, because a resource is called like a part of the project.
    """
    rendered: dict[str, str] = {}
    for path, source in (template or load_template()).items():
        part, _, place = path.removesuffix(SUFFIX).partition("/")
        if not PARTS[part](project):
            continue
        page = _compile(source)
        for resource in project.resources if part == RESOURCE else (None,):
            revision = (resource.step if resource else project.auth_step) or None
            target = (
                place.replace("__package__", project.package)
                .replace("__resource__", resource.name if resource else "")
                .replace("__resources__", resource.plural if resource else "")
                .replace("__revision__", revision.revision if revision else "")
            )
            if target in rendered:
                raise ScaffoldError(f"{_owner(project, target)}: the project has a file {target} of its own")
            rendered[target] = page.render(
                project=project,
                resource=resource,
                package=project.package,
                title=phrase(project.name.replace("-", "_")).capitalize(),
                prefix=f"{project.package.upper()}_",
                postgresql=project.database is Database.POSTGRESQL,
                auth=project.auth.value,
                has_users=project.auth in WITH_USERS,
            )
    return rendered


def _owner(project: Project, target: str) -> str:
    """Say which resource would have a file that the project has itself; one that was there may be in the way of a new part."""
    name = target.rpartition("/")[2].removesuffix(".py").removeprefix("test_")
    found = [resource.name for resource in project.resources if name in (resource.name, resource.plural)]
    return f"there cannot be a resource {(found or [name])[0]!r}"


@cache
def load_template() -> dict[str, str]:
    """Return the files of the template by their paths."""
    return dict(_walk(files(__package__ or "") / "template", ""))


def template_digest(template: dict[str, str] | None = None) -> str:
    """Return a short text that is another one for each template."""
    return digest_of(template or load_template())


def _walk(folder: Traversable, prefix: str) -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        path = f"{prefix}{entry.name}"
        if entry.is_dir():
            yield from _walk(entry, f"{path}/")
        elif entry.name.endswith(SUFFIX):
            yield path, entry.read_text(encoding="utf-8")


@cache
def _compile(source: str) -> Template:
    return _environment().from_string(source)


@cache
def _environment() -> Environment:
    # The signs of Jinja occur in workflows and in TOML; these do not.
    environment = Environment(
        variable_start_string="<<",
        variable_end_string=">>",
        block_start_string="<%",
        block_end_string="%>",
        comment_start_string="<#",
        comment_end_string="#>",
        trim_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  it writes source code, not HTML
    )
    environment.filters["in_order"] = lambda texts: sorted(texts, key=lambda text: sort_key(text.partition(" ")[0]))
    return environment
