"""`typeway add` adds parts to a project, keeps what its author has changed, and refuses what would damage it."""

import compileall
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tests.cli.test_new import files, made

MIGRATION = """
revision = "{revision}"
down_revision = {before!r}
"""


# What is typed after `typeway add` in a project with books, API keys and containers, and what is wrong with it.
REFUSED = [
    (["resource", "book", "title:str"], "demo has the resource 'book' already; nothing was changed"),
    (["resource", "volume/books", "title:str"], "demo has the resource 'book' already"),
    (["resource", "Page", "title:str"], "'Page' cannot be the name of a resource: it needs up to 30 lower-case"),
    (["resource", "page", "title:str"], "a resource cannot be called 'page': the project uses the name itself"),
    (["resource", "class", "title:str"], "a resource cannot be called 'class': it is a keyword of Python"),
    (["resource", "none", "title:str"], "a resource cannot be called 'none': the project uses the name itself"),
    (["resource", "truth/true", "title:str"], "a resource cannot be called 'true'"),
    (["resource", "doc", "title:str"], "a resource cannot have the plural 'docs': the project uses it itself"),
    (["resource", "sign_in/logins", "title:str"], "name another one, as in sign_in/all_logins"),
    (["resource", "order", "mapped_column:str", "b:str"], "a field cannot be called 'mapped_column'"),
    (["resource", "order", "self:bool"], "a field cannot be called 'self'"),
    (["resource", "orders", "title:str"], "'orders' looks like a plural: name one of them"),
    (["resource", "sheep/sheep", "title:str"], "'sheep' needs a plural that differs from it"),
    (["resource", "setting", "title:str"], "the project has a file tests/test_settings.py of its own"),
    (["resource", "x" * 31, "title:str"], "it needs up to 30"),
    (["resource", "order", "title"], "'title' is not a field: write name:type"),
    (["resource", "order", "title:string"], "'title:string': there is no type 'string'; the types are str, text"),
    (["resource", "order", "title:str:0"], "'title:str:0': a length is a number from 1 to 10000"),
    (["resource", "order", "title:str:"], "'title:str:': a length is a number from 1 to 10000"),
    (["resource", "order", "year:int:4"], "'year:int:4': only str has a length"),
    (["resource", "order", "id:int"], "a field cannot be called 'id': every resource has it already"),
    (["resource", "order", "json:str"], "a field cannot be called 'json': Pydantic's models have an attribute"),
    (["resource", "order", "model_year:int"], "a field cannot be called 'model_year'"),
    (["resource", "order", "lambda:str"], "a field cannot be called 'lambda': it is a keyword of Python"),
    (["resource", "order", "Title:str"], "'Title' cannot be the name of a field"),
    (["resource", "order", "a:str", "a:int"], "the field 'a' is there twice"),
    (["auth", "jwt"], "demo has the authentication 'api-key' already; nothing was changed"),
    (["docker"], "demo has its files for containers already; nothing was changed"),
]


@pytest.fixture
def project(command: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make the smallest project, and stand in its folder."""
    folder = made(command, "--auth", "none", "--resource", "-", "--no-docker")
    monkeypatch.chdir(folder.resolve())
    return Path()


def test_a_resource(project: Path, command: Command) -> None:
    """It has a table, a migration, models, a service, endpoints and tests, and is wired in."""
    before = files(project)
    outcome = command("add", "resource", "book", "title:str", "isbn:str:13", "year:int?")
    assert outcome.status == 0, outcome.err
    now = files(project)
    assert set(now) - set(before) == {
        "demo/models/book.py",
        "demo/schemas/book.py",
        "demo/services/books.py",
        "demo/routers/books.py",
        "migrations/versions/0001_create_books.py",
        "tests/test_books.py",
    }
    changed = {name for name in before if before[name] != now[name]}
    assert changed == {"demo/models/__init__.py", "demo/routers/__init__.py"}
    assert "isbn: Mapped[str] = mapped_column(String(13))" in now["demo/models/book.py"]
    assert "year: Integer | None = None" in now["demo/schemas/book.py"]
    assert "wrote    demo/routers/books.py\n" in outcome.out


def test_parts_are_those_of_a_project_that_is_made_with_them(project: Path, command: Command) -> None:
    """A project to which a part is added is the same as one that is made with it."""
    assert command("add", "auth", "session").status == 0
    assert command("add", "resource", "item", "name:str:100", "description:text?", "price:decimal").status == 0
    assert command("add", "docker").status == 0
    added = files(project)
    os.chdir("..")
    shutil.rmtree("demo")
    assert files(made(command, "--auth", "session")) == added


# Pydantic counts items, not characters, if a validator comes before the limits of a text.
WORDS = """
def test_a_text_has_characters(client):
    person = client.post("/people", json={"name": ""}).json()["errors"]
    assert [error["detail"] for error in person] == ["String should have at least 1 character"]
"""


@pytest.mark.timeout(300)
def test_what_was_added_works(project: Path, command: Command) -> None:
    """The tests of a project with a field of each type, two resources, sessions and containers pass."""
    every = ["a:str", "b:str:1", "c:text", "d:int", "e:float", "f:bool", "g:date", "h:datetime", "i:decimal", "j:uuid"]
    assert command("add", "resource", "thing", *every).status == 0
    assert command("add", "resource", "person/people", "name:str", "born:date?").status == 0
    assert command("add", "auth", "session").status == 0
    assert command("add", "docker").status == 0
    Path("tests/test_words.py").write_text(WORDS, encoding="utf-8")
    assert compileall.compile_dir(project, quiet=1)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--no-header", "-p", "no:xdist"],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        env={name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "DEMO", "DATABASE"))},
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_is_refused(project: Path, command: Command, subtests: pytest.Subtests) -> None:
    """A mistake is one line that says what to do, and nothing is changed."""
    for part in (["resource", "book", "title:str"], ["auth", "api-key"], ["docker"]):
        assert command("add", *part).status == 0
    before = files(project)
    for arguments, complaint in REFUSED:
        with subtests.test(" ".join(arguments)):
            outcome = command("add", *arguments)
            assert outcome.status == 1
            assert outcome.err.startswith("typeway: ")
            assert outcome.err.count("\n") == 1
            assert complaint in outcome.err
    assert files(project) == before


def test_outside_of_a_project(command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder that was not made by `typeway new` is left alone."""
    outcome = command("add", "docker")
    assert outcome.status == 1
    assert "was not made by `typeway new`" in outcome.err
    assert list(tmp_path.iterdir()) == []


def test_files_of_the_author_are_not_overwritten(project: Path, command: Command) -> None:
    """If there is a file of the name that a part needs, nothing is changed."""
    (project / "demo" / "models" / "book.py").write_text("# ours\n", encoding="utf-8")
    before = files(project)
    outcome = command("add", "resource", "book", "title:str")
    assert outcome.status == 1
    assert "the same lines of demo/models/book.py; nothing was changed" in outcome.err
    assert files(project) == before


def test_changes_of_the_author_are_merged(project: Path, command: Command) -> None:
    """What the author has added to a file into which a resource is wired stays there, with its line ends."""
    models = project / "demo" / "models" / "__init__.py"
    models.write_bytes(models.read_bytes().replace(b"\n", b"\r\n") + b"\r\nOURS = 1\r\n")
    assert command("add", "resource", "book", "title:str").status == 0
    text = models.read_bytes().decode()
    assert text.endswith("\r\nOURS = 1\r\n")
    assert "from demo.models.book import Book\r\n" in text
    assert text.count("\n") == text.count("\r\n")


def test_without_git_changes_cannot_be_merged(project: Path, command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nothing is to be merged git is not needed; where it is, the message says so and nothing is changed."""
    monkeypatch.setenv("PATH", "/nowhere")
    assert command("add", "resource", "book", "title:str").status == 0
    models = project / "demo" / "models" / "__init__.py"
    models.write_text(models.read_text(encoding="utf-8") + "\nOURS = 1\n", encoding="utf-8")
    before = files(project)
    outcome = command("add", "resource", "order", "title:str")
    assert outcome.status == 1
    assert "git is needed to merge your changes of demo/models/__init__.py" in outcome.err
    assert files(project) == before


def test_a_migration_comes_after_those_of_the_author(project: Path, command: Command) -> None:
    """The new migration follows the newest one, whoever has written it."""
    versions = project / "migrations" / "versions"
    (versions / "a1b2.py").write_text(MIGRATION.format(revision="a1b2", before=None), encoding="utf-8")
    (versions / "c3d4.py").write_text(MIGRATION.format(revision="c3d4", before="a1b2"), encoding="utf-8")
    assert command("add", "resource", "book", "title:str").status == 0
    text = files(project)["migrations/versions/0003_create_books.py"]
    assert 'revision = "0003"\ndown_revision = "c3d4"\n' in text


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        (
            [("a1", None), ("b2", "a1"), ("c3", "a1")],
            "the migrations end in b2, c3; join them first: alembic merge heads",
        ),
        ([("a1", None), ("b2", "a1"), ("c3", "a1"), ("d4", ("b2", "c3"))], None),
    ],
)
def test_branches_of_migrations(
    project: Path, command: Command, texts: list[tuple[str, object]], complaint: str | None
) -> None:
    """A new table comes after one newest migration: branches must be joined first."""
    for revision, before in texts:
        file = project / "migrations" / "versions" / f"{revision}.py"
        file.write_text(MIGRATION.format(revision=revision, before=before), encoding="utf-8")
    outcome = command("add", "resource", "book", "title:str")
    assert (outcome.status == 0) is (complaint is None)
    assert (complaint or "") in outcome.err


def test_a_link_out_of_the_project_is_refused(project: Path, command: Command, tmp_path: Path) -> None:
    """Nothing outside of the project is written, even if a folder of it is a link."""
    outside = tmp_path / "outside"
    shutil.move(project / "demo" / "models", outside)
    (project / "demo" / "models").symlink_to(outside)
    before = files(outside)
    outcome = command("add", "resource", "book", "title:str")
    assert outcome.status == 1
    assert "is a link that leads out of" in outcome.err
    assert files(outside) == before


def test_make_adds_new_settings_to_those_of_the_machine(project: Path, command: Command) -> None:
    """`make` writes a .env with all settings; after a part is added, it adds those that are new, and a secret."""
    make = ["make", "--silent", ".env", f"PYTHON={sys.executable}"]
    subprocess.run(make, check=True, timeout=60)
    settings = Path(".env")
    assert settings.read_text(encoding="utf-8") == Path(".env.example").read_text(encoding="utf-8")
    ours = settings.read_text(encoding="utf-8").replace("CORS_ORIGINS=", "CORS_ORIGINS=https://ours.example")
    settings.write_text(ours, encoding="utf-8")
    assert command("add", "auth", "jwt").status == 0
    os.utime(".env", (0, 0))
    subprocess.run(make, check=True, timeout=60)
    text = settings.read_text(encoding="utf-8")
    assert text.startswith(ours)
    added = dict(line.split("=") for line in text.removeprefix(ours).splitlines())
    minutes, days, store = "DEMO_ACCESS_TOKEN_MINUTES", "DEMO_LOGIN_DAYS", "DEMO_RATE_LIMIT_STORE"
    assert set(added) == {"DEMO_SECRET_KEY", minutes, days, store}
    assert len(added["DEMO_SECRET_KEY"]) == 64


def test_a_resource_that_is_in_the_way_is_named(command: Command) -> None:
    """What a new part needs may be there already, as a file of a resource."""
    assert command("new", "demo", "--yes", "--auth", "none", "--resource", "account title:str").status == 0
    os.chdir("demo")
    outcome = command("add", "auth", "jwt")
    assert outcome.status == 1
    assert "there cannot be a resource 'account': the project has a file demo/services/accounts.py" in outcome.err


@pytest.mark.parametrize("before", ["5", "('0001_a', ['x'], None)", "{}"])
def test_a_migration_that_says_nothing_useful(command: Command, before: str) -> None:
    """What a migration comes after may be anything, as long as there is one newest."""
    assert command("new", "demo", "--yes", "--auth", "none", "--resource", "-").status == 0
    os.chdir("demo")
    Path("migrations/versions/own.py").write_text(f"revision = 'own'\ndown_revision = {before}\n")
    assert command("add", "resource", "book", "title:str").status == 0
