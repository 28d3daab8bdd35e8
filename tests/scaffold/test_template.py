"""What the template makes is complete, well formed and the same for everybody."""

import ast
import itertools
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from typeway.scaffold.choices import Auth, Database
from typeway.scaffold.fields import KINDS
from typeway.scaffold.make import describe_project, make
from typeway.scaffold.names import TAKEN_CLASSES, class_name, plural_of
from typeway.scaffold.project import Project
from typeway.scaffold.render import load_template, render
from typeway.version import __version__

VARIANTS = list(itertools.product(Database, Auth))
LONG = "abcdefghij_klmnopqrst_uvwxyz12"  # as long as a name may be


def project_of(database: Database, auth: Auth, *resources: str, name: str = "demo", docker: bool = True) -> Project:
    """Describe a project with any number of resources."""
    project = describe_project(name, database, auth, docker=docker)
    taken = [project.auth_step.revision] if project.auth_step else []
    for definition in resources:
        project = project.with_resource(definition.split(), taken[-1:], taken)
        taken.append(project.resources[-1].step.revision)
    return project


def every_kind(optional: bool = False, name: str = "{}_field") -> str:
    """Write a field of each type."""
    kinds = [*KINDS, "str:1", "str:10000"]
    return " ".join(f"{name.format('abcdefghijkl'[n])}:{kind}{'?' * optional}" for n, kind in enumerate(kinds))


PROJECTS = [
    *(project_of(*variant, "item name:str:100 price:decimal") for variant in VARIANTS),
    project_of(Database.SQLITE, Auth.NONE, docker=False),
    project_of(Database.SQLITE, Auth.SESSION, docker=False),
    project_of(
        Database.POSTGRESQL,
        Auth.JWT,
        f"thing {every_kind()}",
        f"other {every_kind(optional=True)}",
        f"{LONG}/{LONG[1:]} {every_kind(name='{}' + LONG[1:])}",
        "flag is_set:bool",
        "book2 title:str",
        "book10 title:str",
        "book title:text?",
        "book_shop title:str",
        "booka title:date",
        "user_group/zebras title:datetime",
        name=LONG.replace("_", "-"),
    ),
    project_of(Database.SQLITE, Auth.API_KEY, f"thing {every_kind()}", name="zoo"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write each project."""
    folder = tmp_path_factory.mktemp("projects")
    for number, project in enumerate(PROJECTS):
        make(folder / str(number), project)
    return folder


@pytest.mark.parametrize("arguments", [["check"], ["format", "--check"]])
def test_the_code_is_in_order(folder: Path, arguments: list[str]) -> None:
    """ruff finds nothing in any project, and would format nothing in another way, however long the names are."""
    command = [str(Path(sys.executable).with_name("ruff")), *arguments, "--no-cache", "--quiet", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]


def test_each_file_is_complete(folder: Path) -> None:
    """Every module can be compiled, no instruction of the template is left, and each file ends with one line end."""
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix != ".zip":
            text = path.read_text(encoding="utf-8")
            assert text.endswith("\n"), path
            assert not text.endswith("\n\n"), path
            assert "<%" not in text, path
            assert path.name == "compose.yaml" or "<<" not in text, path
            if path.suffix == ".py":
                compile(text, str(path), "exec", dont_inherit=True)


def test_every_template_is_used() -> None:
    """No file of the template is one that no project gets, and the package contains them all."""
    everything = [render(project) for project in PROJECTS]
    for path, source in load_template().items():
        alone = [render(project, {path: source}) for project in PROJECTS]
        assert any(alone), path
        assert all(set(one) <= set(whole) for one, whole in zip(alone, everything, strict=True)), path
        assert files("typeway.scaffold").joinpath("template", path).is_file()


def test_the_same_answers_give_the_same_files(folder: Path, tmp_path: Path) -> None:
    """Two people who make the same project have the same bytes, also those of its record."""
    for number, project in enumerate(PROJECTS[:2]):
        make(tmp_path / str(number), project)
        for path in (tmp_path / str(number)).rglob("*"):
            if path.is_file():
                assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes()


def test_projects_require_this_version() -> None:
    """What a project installs is a version of Typeway that has what its template uses."""
    [line] = [line for line in render(PROJECTS[0])["pyproject.toml"].splitlines() if '"typeway[' in line]
    assert __version__ in Requirement(line.strip(' ",')).specifier


def test_class_names_do_not_collide() -> None:
    """A resource cannot be called like anything that the modules of a resource import or define."""
    [project] = [project for project in PROJECTS if project.name == "zoo"]
    used: set[str] = set()
    for path, text in render(project).items():
        if "thing" in path and path.endswith(".py"):
            for node in ast.walk(ast.parse(text)):
                if isinstance(node, ast.ImportFrom):
                    used |= {alias.asname or alias.name for alias in node.names}
                elif isinstance(node, ast.Assign):
                    used |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    classes = {name for name in used if name[0].isupper() and not name.isupper() and "Thing" not in name}
    assert classes <= TAKEN_CLASSES | {"UTC"}, classes - TAKEN_CLASSES


@pytest.mark.parametrize(
    ("word", "plural", "kind"),
    [
        ("book", "books", "Book"),
        ("box", "boxes", "Box"),
        ("city", "cities", "City"),
        ("day", "days", "Day"),
        ("bus", "buses", "Bus"),
        ("class_room", "class_rooms", "ClassRoom"),
        ("address", "addresses", "Address"),
        ("branch", "branches", "Branch"),
    ],
)
def test_other_forms_of_names(word: str, plural: str, kind: str) -> None:
    """Tables and paths have the plural, and classes have capitals."""
    assert (plural_of(word), class_name(word)) == (plural, kind)
