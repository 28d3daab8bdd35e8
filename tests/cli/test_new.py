"""`typeway new` makes projects, asks for what it is not told, and brings projects to a newer template."""

import io
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from typeway.scaffold import render

# What is not text of the project.
RECORD = {".typeway/project.json", ".typeway/made.zip"}


def files(folder: Path) -> dict[str, str]:
    """Read a project, without its record."""
    found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_text(encoding="utf-8") for name, path in found.items() if name not in RECORD}


def made(command: Command, *arguments: str) -> Path:
    """Make a project called demo."""
    outcome = command("new", "demo", "--yes", *arguments)
    assert outcome.status == 0, outcome.err
    return Path("demo")


def type_in(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let somebody type in the terminal."""
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_project_with_all_defaults(command: Command) -> None:
    """--yes asks nothing; what comes next is said."""
    outcome = command("new", "demo", "--yes")
    assert outcome.status == 0, outcome.err
    assert "cd demo" in outcome.out
    assert "make run" in outcome.out
    project = files(Path("demo"))
    assert {"demo/main.py", "demo/routers/items.py", "demo/routers/auth.py", "Dockerfile", "Makefile"} <= set(project)
    assert "aiosqlite" in project["pyproject.toml"]


def test_a_project_on_a_server_says_that_it_needs_a_database(command: Command) -> None:
    """What comes next includes the database, which nothing makes by itself."""
    outcome = command("new", "demo", "--yes", "--database", "postgresql")
    assert "DATABASE_URL must name a database that exists" in outcome.out
    assert "createdb -h 127.0.0.1 -U postgres demo" in files(Path("demo"))["README.md"]


def test_a_project_in_another_folder(command: Command) -> None:
    """NAME may be a path; its last part is the name of the project, and hyphens are no part of a package."""
    assert command("new", "services/my-shop", "--yes").status == 0
    project = files(Path("services/my-shop"))
    assert 'name = "my-shop"' in project["pyproject.toml"]
    assert "my_shop/main.py" in project


def test_questions_are_answered(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty line takes the default, and what is no answer is asked again."""
    type_in(monkeypatch, "oracle\nsqlite\nsession\nbook title:str\n")
    outcome = command("new", "demo")
    assert outcome.status == 0, outcome.err
    assert "'oracle' is none of sqlite, postgresql" in outcome.err
    project = files(Path("demo"))
    assert "demo/models/login.py" in project
    assert "demo/routers/books.py" in project


def test_options_are_not_asked_for(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the question that no option answers is asked."""
    type_in(monkeypatch, "\n")
    outcome = command("new", "demo", "--database", "postgresql", "--resource", "-", "--no-docker")
    assert outcome.status == 0, outcome.err
    assert "Authentication" in outcome.out
    assert "Database" not in outcome.out
    assert "First resource" not in outcome.out
    project = files(Path("demo"))
    assert "asyncpg" in project["pyproject.toml"]
    assert "Dockerfile" not in project
    assert "demo/routers/items.py" not in project


def test_nobody_answers(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a terminal and without --yes nothing is made, and the message names the option."""
    type_in(monkeypatch, "")
    outcome = command("new", "demo")
    assert outcome.status == 2
    assert "--yes" in outcome.err
    assert not Path("demo").exists()


def test_a_wrong_name_is_refused_before_anything_is_asked(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers questions for a project that cannot be made."""
    type_in(monkeypatch, "")
    outcome = command("new", "Demo")
    assert "'Demo' cannot be the name of a project" in outcome.err
    assert "Database" not in outcome.out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "a project needs a name, as in: typeway new my-shop"),
        (["Demo"], "'Demo' cannot be the name of a project: it needs up to 30 lower-case letters"),
        (["2nd"], "begins with a letter, as in my-shop"),
        (["a" * 31], "cannot be the name of a project"),
        (["import"], "it is a keyword of Python, so its package could not be imported"),
        (["lambda"], "take another one, such as lambda-api"),
        (["asyncio"], "take another one, such as asyncio-api"),
        (["json"], "Python or one of its libraries has the name"),
        (["test"], "Python or one of its libraries has the name"),
        (["con"], "Windows has a device of this name"),
        (["nul"], "Windows has a device of this name"),
        (["aux"], "Windows has a device of this name"),
        (["prn"], "Windows has a device of this name"),
        (["com1"], "Windows has a device of this name"),
        (["lpt9"], "such as lpt9-api"),
        (["pydantic"], "Python or one of its libraries has the name"),
        (["uvicorn"], "Python or one of its libraries has the name"),
        (["python-dotenv"], "Python or one of its libraries has the name"),
        (["conftest"], "Python or one of its libraries has the name"),
        (["demo", "--resource", "book"], "a resource needs at least one field, as in: book title:str"),
        (
            ["demo", "--resource", "aux name:str"],
            "a resource cannot be called 'aux': Windows has a device of this name",
        ),
        (["demo", "--resource", "thing/com1 name:str"], "can have no file com1.py"),
        (["demo", "--resource", "setting name:str"], "the project has a file tests/test_settings.py of its own"),
        (["taken"], "taken is not empty; name another folder"),
        (["file"], "cannot make file: File exists"),
    ],
)
def test_what_cannot_be_made(command: Command, arguments: list[str], complaint: str) -> None:
    """A mistake is one line that says what to do, and nothing is written."""
    Path("taken").mkdir()
    Path("taken/notes.txt").touch()
    Path("file").touch()
    outcome = command("new", *arguments, "--yes")
    assert outcome.status in {1, 2}
    assert outcome.err.startswith("typeway: ")
    assert outcome.err.count("\n") == 1
    assert complaint in outcome.err
    assert not Path("demo").exists()
    assert list(Path("taken").iterdir()) == [Path("taken/notes.txt")]


def test_without_jinja_one_line_says_what_to_install(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """The extra `standard` brings everything that the command needs."""
    for name in [name for name in sys.modules if name.startswith("typeway.scaffold.") or name == "jinja2"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    outcome = command("new", "demo", "--yes")
    assert outcome.status == 1
    assert outcome.err.strip().endswith(
        'jinja2 is not installed; the command line needs: pip install "typeway[standard]"'
    )


def old_template() -> dict[str, str]:
    """Return a template that differs from today's in every way that matters."""
    old = dict(render.load_template())
    errors = "project/__package__/errors.py.jinja"
    assert '"Retry-After": "1"' in old[errors]
    old[errors] = old[errors].replace('"Retry-After": "1"', '"Retry-After": "60"')
    old["project/old.txt.jinja"] = "no longer needed\n"
    old["project/notes.txt.jinja"] = "no longer needed either\n"
    del old["project/.gitignore.jinja"]
    migration = "resource/migrations/versions/__revision___create___resources__.py.jinja"
    old[migration] = old[migration].replace("Create the table.", "Create the old table.")
    return old


@pytest.fixture
def project(command: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a project with the old template, and change it as an author would."""
    old = old_template()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(render, "load_template", lambda: old)
        folder = made(command)
    readme = folder / "README.md"
    readme.write_text(readme.read_text(encoding="utf-8") + "\nOurs.\n", encoding="utf-8")
    (folder / "notes.txt").write_text("needed by us\n", encoding="utf-8")
    (folder / "demo" / "ours.py").write_text("OURS = 1\n", encoding="utf-8")
    (folder / "demo" / "services" / "health.py").unlink()
    errors = folder / "demo" / "errors.py"
    errors.write_text(errors.read_text(encoding="utf-8") + "\n\nclass Ours(Problem):\n    pass\n", encoding="utf-8")
    monkeypatch.chdir(folder.resolve())
    return Path()


def test_an_update_merges(project: Path, command: Command) -> None:
    """What is new in the template comes in; what the author has written, deleted or added stays."""
    outcome = command("new", "--update")
    assert outcome.status == 0, outcome.err
    now = files(project)
    assert '"Retry-After": "1"' in now["demo/errors.py"]
    assert now["demo/errors.py"].endswith("class Ours(Problem):\n    pass\n")
    assert now["README.md"].endswith("\nOurs.\n")
    assert now["demo/ours.py"] == "OURS = 1\n"
    assert ".venv/" in now[".gitignore"]
    assert "old.txt" not in now
    assert now["notes.txt"] == "needed by us\n"
    assert "demo/services/health.py" not in now
    assert "wrote    demo/errors.py\n" in outcome.out
    assert "deleted  old.txt\n" in outcome.out
    assert "kept     notes.txt: " in outcome.out


def test_an_update_leaves_migrations_alone(project: Path, command: Command) -> None:
    """A migration that has run somewhere stays what it was."""
    assert command("new", "--update").status == 0
    assert "Create the old table." in files(project)["migrations/versions/0002_create_items.py"]


def test_an_update_is_done_once(project: Path, command: Command) -> None:
    """The second time there is nothing to change, and then parts can be added."""
    assert command("add", "resource", "book", "title:str").err.strip() == (
        "typeway: this project has the template of another version of Typeway; first: typeway new --update"
    )
    assert command("new", "--update").status == 0
    assert command("new", "--update").out == "nothing to change\n"
    assert command("add", "resource", "book", "title:str").status == 0


def test_an_update_that_cannot_merge_changes_nothing(project: Path, command: Command) -> None:
    """Where the author and the template have changed the same line, the author decides what happens."""
    errors = project / "demo" / "errors.py"
    errors.write_text(errors.read_text(encoding="utf-8").replace('"60"', '"30"'), encoding="utf-8")
    before = files(project)
    refused = command("new", "--update")
    assert refused.status == 1
    assert "the same lines of demo/errors.py; nothing was changed" in refused.err
    assert files(project) == before
    marked = command("new", "--update", "--conflicts")
    assert marked.status == 1
    assert "conflict demo/errors.py: choose between the lines from <<<<<<< to >>>>>>>" in marked.out
    text = files(project)["demo/errors.py"]
    assert text.index("<<<<<<< yours") < text.index('"30"') < text.index('"60"') < text.index('"1"')


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("project.json", None, "was not made by `typeway new`"),
        ("project.json", "{", "cannot be read; take it back from version control"),
        ("project.json", '{"template": "x", "project": {"name": "demo", "auth": "magic"}}', "auth: Input should be"),
        ("made.zip", "no archive", "made.zip cannot be read; take it back from version control"),
    ],
)
def test_a_damaged_record(project: Path, command: Command, name: str, content: str | None, complaint: str) -> None:
    """Without its record a project cannot be updated; the message says what is missing."""
    record = project / ".typeway" / name
    record.unlink()
    if content is not None:
        record.write_text(content, encoding="utf-8")
    before = files(project)
    outcome = command("new", "--update")
    assert outcome.status == 1
    assert complaint in outcome.err
    assert files(project) == before
