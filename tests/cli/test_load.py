"""Which object of a module is the application, and what is said when there is none."""

import json
import sys

import pytest

from tests.cli.conftest import APP, Command, Write


@pytest.mark.parametrize(
    ("names", "chosen"),
    [(["app"], "app"), (["api"], "api"), (["api", "app", "other"], "app"), (["other", "api"], "api"), (["web"], "web")],
)
def test_application_is_found_by_its_usual_name_or_alone(
    write: Write, command: Command, names: list[str], chosen: str
) -> None:
    """`app` comes first, then `api`, then whatever single application the module has."""
    write({"main.py": "\n".join(APP.format(name=name) for name in names)})
    out = command("routes").out
    assert [name for name in names if f"/{name} " in out] == [chosen]


def test_one_application_under_two_names_is_one(write: Write, command: Command) -> None:
    """A second name for the same object makes nothing ambiguous."""
    write({"main.py": APP.format(name="web") + "alias = web\n"})
    assert "/web" in command("routes").out


def test_something_else_named_app_is_passed_over(write: Write, command: Command) -> None:
    """A module or a value that merely bears the name `app` is not taken for the application."""
    write({"main.py": APP.format(name="web") + "app = 'the name of it'\n"})
    assert "/web" in command("routes").out


def test_application_inside_an_object_can_be_named(write: Write, command: Command) -> None:
    """A dotted name reaches an attribute of an object."""
    write({"main.py": APP.format(name="web") + "class Service:\n    inner = web\n"})
    assert "/web" in command("routes", "main:Service.inner").out


FACTORY = """
from starlette.responses import Response
from starlette.routing import Route
from typeway import Typeway

def {name}():
    return Typeway(routes=[Route("/made", Response("made"))])
"""


@pytest.mark.parametrize(
    ("name", "argument"), [("create_app", "main"), ("make_app", "main.py"), ("assemble", "main:assemble")]
)
def test_factory_makes_the_application(write: Write, command: Command, name: str, argument: str) -> None:
    """With --factory, a function that is named, or has a usual name, is called for the application."""
    write({"main.py": FACTORY.format(name=name)})
    outcome = command("routes", argument, "--factory")
    assert "/made" in outcome.out, outcome.err


@pytest.mark.parametrize(
    ("content", "arguments", "complaint"),
    [
        ("x = 1", ["main"], "main has no application; name it as module:app"),
        ("def create_app(): ...", ["main"], "main:create_app returned a NoneType, not an application"),
        ("def create_app(settings): ...", ["main"], "main:create_app is a function that needs arguments, not an appl"),
        (APP.format(name="a") + APP.format(name="b"), ["main"], "main has several applications, a, b; name one: main:"),
        (APP.format(name="web"), ["main:app"], "main has no 'app'; its applications: web"),
        ("x = 1", ["main:app.inner"], "main has no 'app.inner'"),
        ("app = 'text'", ["main:app"], "main:app is a str, not an application"),
        ("app = 1", ["main:app"], "main:app is an int, not an application"),
        ("def make(): ...", ["main:make"], "main:make returned a NoneType, not an application"),
        ("def make(settings): ...", ["main:make"], "main:make is a function that needs arguments, not an application"),
        ("def create_app(): return 1", ["main", "--factory"], "main:create_app returned an int, not an application"),
        ("x = 1", ["main", "--factory"], "main has none of create_app, make_app, get_app, build_app; name it: main:"),
    ],
)
def test_missing_application_gets_one_line(
    write: Write, command: Command, content: str, arguments: list[str], complaint: str
) -> None:
    """What the module lacks is said, with what it has or what to add."""
    write({"main.py": content})
    outcome = command("routes", *arguments)
    assert outcome.status == 1
    assert outcome.out == ""
    assert outcome.err.startswith(f"typeway: {complaint}")
    assert outcome.err.count("\n") == 1


BROKEN = {
    "name": ("x = 1\ny = undefined\n", "main.py:2: NameError: name 'undefined' is not defined"),
    "syntax": ("x = 1\ndef (:\n", "main.py:2: SyntaxError: invalid syntax"),
    "import": ("import not_there_at_all\n", "main.py:1: ModuleNotFoundError: No module named 'not_there_at_all'"),
    "distribution": (
        "import importlib.metadata as m\nm.version('main')\n",
        "main.py:2: PackageNotFoundError: No package metadata was found for main",
    ),
    "silent": ("x = 1\nraise ValueError\n", "main.py:2: ValueError (add --traceback"),
    "library": ("import json\n\njson.loads('{')\n", "main.py:3: JSONDecodeError: Expecting property name"),
    "exit": ("raise SystemExit('set SECRET_KEY')", "set SECRET_KEY"),
    "status": ("raise SystemExit(3)", "the application's module called exit(3) while it was imported"),
    "declaration": (
        "import typeway.exceptions as e\nraise e.DeclarationError('bad mark.', hint='Use Path().', where='main.py:7')",
        "main.py:7: bad mark. Hint: Use Path(). Read more: typeway explain TW000 (add --traceback",
    ),
}


@pytest.mark.parametrize("case", BROKEN)
def test_error_in_the_users_module_points_at_the_users_line(write: Write, command: Command, case: str) -> None:
    """An exception while the module is imported is one line with the user's file and line, not a traceback."""
    content, complaint = BROKEN[case]
    write({"main.py": content})
    outcome = command("routes")
    assert outcome.status == 1
    assert outcome.err.startswith(f"typeway: {complaint}")
    assert outcome.err.count("\n") == 1


def test_error_in_another_file_of_the_user_names_that_file(write: Write, command: Command) -> None:
    """The innermost of the user's own files is where the mistake is."""
    write({"main.py": "import shop.prices\n", "shop/prices.py": "\n\nrate = 1 / 0\n"})
    assert command("routes").err.startswith("typeway: shop/prices.py:3: ZeroDivisionError: division by zero")


def test_traceback_is_shown_on_request(write: Write, command: Command) -> None:
    """--traceback shows the whole of it, above the same line."""
    write({"main.py": "def inner():\n    raise ValueError('broken')\n\ninner()\n"})
    outcome = command("routes", "--traceback")
    assert outcome.status == 1
    assert "Traceback (most recent call last)" in outcome.err
    assert "in inner" in outcome.err
    assert outcome.err.splitlines()[-1].startswith("typeway: main.py:2: ValueError: broken")


@pytest.mark.parametrize("options", [[], ["--traceback"]])
def test_application_that_limits_tracebacks_is_told_like_any_other(
    write: Write, command: Command, monkeypatch: pytest.MonkeyPatch, options: list[str]
) -> None:
    """An application may set `sys.tracebacklimit` to 0 while it is imported; the line is still named."""
    monkeypatch.setattr(sys, "tracebacklimit", 0, raising=False)
    write({"main.py": "import sys\n\nsys.tracebacklimit = 0\nraise ValueError('broken')\n"})
    outcome = command("routes", *options)
    assert outcome.err.splitlines()[-1].startswith("typeway: main.py:4: ValueError: broken")
    assert ("raise ValueError" in outcome.err) is bool(options)


def test_error_in_a_factory_is_told_like_one_in_the_module(write: Write, command: Command) -> None:
    """A factory that raises points at its own line."""
    write({"main.py": "def create_app():\n    raise KeyError('DATABASE_URL')\n"})
    outcome = command("routes", "--factory")
    assert outcome.status == 1
    assert outcome.err.startswith("typeway: main.py:2: KeyError: 'DATABASE_URL'")


@pytest.mark.parametrize(
    ("kind", "message"),
    [("BaseException", "def __str__(self): return 'no'"), ("Exception", "def __str__(self): 1 / 0")],
)
def test_exceptions_of_an_unusual_kind_get_one_line(write: Write, command: Command, kind: str, message: str) -> None:
    """One that is no Exception, and one whose message cannot be made."""
    write({"main.py": f"class Odd({kind}):\n    {message}\n\nraise Odd\n"})
    outcome = command("routes")
    assert outcome.status == 1
    assert outcome.err.startswith("typeway: main.py:4: Odd: ")
    assert len(outcome.err.splitlines()) == 1


WITH_FOLDERS = """
from typeway import Typeway
from typeway.staticfiles import StaticFiles

def build():
    app = Typeway()
    {files}
    return app

{app}
"""


@pytest.mark.parametrize("app", ["app = build()", "create_app = build"])
@pytest.mark.parametrize(
    "files",
    ['app.frontend("/", directory="dist")', 'app.frontend("/", directory=".", fallback="index.html")',
     'app.mount("/static", StaticFiles(directory="static"))'],
)  # fmt: skip
@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (["routes"], 0),
        (["openapi"], 0),
        (["client", "ts"], 0),
        (["shell", "-c", "print(app.title)"], 0),
        (["run", "--port", "0"], 1),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else str(value),
)
def test_what_serves_no_files_needs_none(
    write: Write,
    command: Command,
    monkeypatch: pytest.MonkeyPatch,
    files: str,
    app: str,
    arguments: list[str],
    status: int,
) -> None:
    """A frontend is built with the client that is made from the application, so the application is read before its files are there."""
    monkeypatch.setattr("typeway.cli.client.make_client", lambda document, language, output: [str(document["openapi"])])
    write({"main.py": WITH_FOLDERS.format(files=files, app=app)})
    outcome = command(*arguments)
    assert outcome.status == status, outcome.err
    assert ("not exist" in outcome.err or "does not contain" in outcome.err) is (status == 1), outcome.err


@pytest.mark.parametrize("arguments", [("routes", "--json"), ("openapi",), ("check", "--no-cache", "--json")])
def test_what_an_application_prints_is_not_part_of_the_answer(
    write: Write, command: Command, arguments: tuple[str, ...]
) -> None:
    """A program reads the answer, so what a module or a factory prints goes to stderr."""
    source = """
    from typeway import Typeway

    print("imported")

    def create_app():
        print("created")
        app = Typeway()
        app.get("/")(lambda: 1)
        return app
    """
    write({"main.py": source})
    outcome = command(*arguments)
    json.loads(outcome.out)
    assert outcome.err.splitlines()[:2] == ["imported", "created"]
