"""Where the command line finds the application: argument, pyproject.toml, usual places."""

import re

import pytest

from tests.cli.conftest import APP, Command, Write


@pytest.mark.parametrize("place", ["main.py", "app.py", "api.py", "app/main.py", "app/app.py", "app/api.py"])
def test_usual_places_need_no_argument(write: Write, command: Command, place: str) -> None:
    """A project that keeps its application where people look for it needs no argument."""
    write({place: APP.format(name="app")})
    assert "/app" in command("routes").out


def test_main_comes_before_the_other_usual_places(write: Write, command: Command) -> None:
    """Where several usual files exist, main.py is the one."""
    write({"main.py": APP.format(name="app"), "app.py": APP.format(name="api")})
    assert "/app" in command("routes").out


def test_package_with_init_is_a_usual_place(write: Write, command: Command) -> None:
    """A package named app may hold the application in its __init__."""
    write({"app/__init__.py": APP.format(name="api")})
    assert "/api" in command("routes").out


def test_nothing_found_says_where_it_looked(command: Command) -> None:
    """In a folder without any application, one line says what was looked for and how to name one."""
    outcome = command("routes")
    assert outcome.status == 1
    assert outcome.err.count("\n") == 1
    assert "main.py" in outcome.err
    assert "typeway run module:app" in outcome.err
    assert "[tool.typeway]" in outcome.err


@pytest.mark.parametrize("key", ["app", "entrypoint"])
def test_pyproject_names_the_application(write: Write, command: Command, key: str) -> None:
    """`[tool.typeway]` wins over the usual places."""
    write(
        {
            "pyproject.toml": f'[tool.typeway]\n{key} = "service.web:web"\n',
            "service/web.py": APP.format(name="web"),
            "main.py": APP.format(name="app"),
        }
    )
    assert "/web" in command("routes").out


@pytest.mark.parametrize("settings", ["[project]\nname = 'x'\n", "[tool.other]\napp = 1\n", ""])
def test_pyproject_that_names_nothing_is_passed_over(write: Write, command: Command, settings: str) -> None:
    """A pyproject.toml about other things leaves the usual places in force."""
    write({"pyproject.toml": settings, "main.py": APP.format(name="app")})
    assert "/app" in command("routes").out


@pytest.mark.parametrize(
    ("settings", "complaint"), [("[tool.typeway]\napp = 3\n", 'must be a string such as "main:app"'), ("=", "TOML")]
)
def test_unusable_pyproject_is_named(write: Write, command: Command, settings: str, complaint: str) -> None:
    """A setting of the wrong type and a broken file are said as such, not passed over."""
    write({"pyproject.toml": settings, "main.py": APP.format(name="app")})
    outcome = command("routes")
    assert outcome.status == 1
    assert "pyproject.toml" in outcome.err
    assert complaint in outcome.err


@pytest.mark.parametrize(
    "argument",
    [
        "shop.web.main:web",
        "shop.web.main",
        "shop/web/main.py",
        "./shop/web/main.py",
        "shop/web/main.py:web",
        "shop/web",
        "shop/web/",
    ],
)
def test_argument_in_every_form(write: Write, command: Command, argument: str) -> None:
    """A module, a file or a package, with or without the name of the application, all mean the same."""
    write({"shop/__init__.py": "", "shop/web/__init__.py": "", "shop/web/main.py": APP.format(name="web")})
    outcome = command("routes", argument)
    assert "/web" in outcome.out, outcome.err


def test_file_of_a_package_is_imported_as_part_of_it(write: Write, command: Command) -> None:
    """A path into a package keeps the package's name, so that relative imports work."""
    write(
        {
            "src/shop/__init__.py": "",
            "src/shop/main.py": "from .web import web as app\n",
            "src/shop/web.py": APP.format(name="web"),
        }
    )
    assert "/web" in command("routes", "src/shop/main.py").out


def test_package_without_a_usual_file_is_its_init(write: Write, command: Command) -> None:
    """A package folder without main.py, app.py or api.py is imported itself."""
    write({"shop/__init__.py": APP.format(name="web")})
    assert "/web" in command("routes", "shop").out


def test_file_outside_a_package_sees_its_neighbours_and_the_current_folder(write: Write, command: Command) -> None:
    """A loose file may import modules from its own folder and from the current folder."""
    write(
        {
            "tools/main.py": "import beside, above\nfrom beside import web as app\n",
            "tools/beside.py": APP.format(name="web"),
            "above.py": "",
        }
    )
    assert "/web" in command("routes", "tools/main.py").out


def test_a_setting_that_names_nothing_is_named(write: Write, command: Command) -> None:
    """Who has typed no name is told where the name comes from."""
    write({"pyproject.toml": '[tool.typeway]\napp = "gone:app"\n'})
    outcome = command("routes")
    assert outcome.status == 1
    assert re.fullmatch(r"typeway: there is no module 'gone' in \S+, which \S+pyproject.toml names\n", outcome.err)


@pytest.mark.parametrize(
    ("argument", "complaint"),
    [
        ("gone.py", "there is no file or folder 'gone.py' in "),
        ("gone/", "there is no file or folder 'gone/' in "),
        ("gone.py:app", "there is no file or folder 'gone.py' in "),
        ("./notes.txt", "'./notes.txt' is not a Python file"),
        ("empty", "'empty' is a folder without main.py, app.py, api.py, server.py or __init__.py"),
        ("my-app", "'my-app' is neither module:app nor a path to a file or package"),
        ("main:", "'main:' is neither module:app nor a path to a file or package"),
        ("main:my-app", "'main:my-app' is neither module:app nor"),
        ("gone", "there is no module 'gone' in "),
        ("gone.main:app", "there is no module 'gone' in "),
        ("package.gone:app", "there is no module 'package.gone' in "),
    ],
)
def test_wrong_argument_gets_one_line(write: Write, command: Command, argument: str, complaint: str) -> None:
    """What is not there is named, in one line and with exit status 1."""
    write({"notes.txt": "", "empty/notes.txt": "", "package/__init__.py": ""})
    outcome = command("routes", argument)
    assert outcome.status == 1
    assert outcome.out == ""
    assert outcome.err.startswith(f"typeway: {complaint}")
    assert outcome.err.count("\n") == 1


# The files of a project, what pyproject.toml says, and the path of the application that is found; or the complaint.
LAYOUTS: dict[str, tuple[dict[str, str], str]] = {
    "server.py": ({"server.py": "app"}, "/app"),
    "app/server.py": ({"app/server.py": "app"}, "/app"),
    "src/main.py": ({"src/main.py": "app"}, "/app"),
    "a package in src": ({"src/shop/__init__.py": "", "src/shop/server.py": "app"}, "/app"),
    "a package in src without an init": ({"src/shop/main.py": "app"}, "/app"),
    "the init of a package in src": ({"src/shop/__init__.py": "app"}, "/app"),
    "one package of two": ({"src/shop/main.py": "app", "src/tools/__init__.py": ""}, "/app"),
    "two packages": ({"src/shop/main.py": "app", "src/tools/app.py": "app"}, "name one: shop.main, tools.app"),
    "this folder before src": ({"main.py": "app", "src/main.py": "web"}, "/app"),
    "tool.typeway": ({"service/web.py": "web", "pyproject.toml": '[tool.typeway]\napp = "service.web:web"'}, "/web"),
    "tool.fastapi": (
        {"service/web.py": "web", "pyproject.toml": '[tool.fastapi]\nentrypoint = "service.web:web"'},
        "/web",
    ),
    "tool.typeway before tool.fastapi": (
        {
            "one.py": "app",
            "two.py": "web",
            "pyproject.toml": '[tool.fastapi]\nentrypoint = "two:web"\n[tool.typeway]\nentrypoint = "one:app"',
        },
        "/app",
    ),
    "create_app in src": ({"src/shop/main.py": "create_app()"}, "/made"),
    "make_app": ({"main.py": "make_app()"}, "/made"),
    "a factory with defaults": ({"main.py": "create_app(debug=False, **more)"}, "/made"),
    "an application before a factory": ({"main.py": "app create_app()"}, "/app"),
}


def source(words: str) -> str:
    """A module with the applications and factories that are named."""
    if words.startswith("["):
        return words
    text = (
        "from starlette.responses import Response\nfrom starlette.routing import Route\nfrom typeway import Typeway\n"
    )
    text = text if words else ""
    for word in words.replace(", ", ",").split():
        name = word.partition("(")[0]
        made = f'Typeway(routes=[Route("/{name if name == word else "made"}", Response("x"))], openapi_url=None)'
        text += f"{name} = {made}\n" if name == word else f"def {word}:\n    return {made}\n"
    return text


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_application_of_a_layout_is_found(write: Write, command: Command, layout: str) -> None:
    """Usual places, both settings and factories need neither an argument nor an option."""
    files, found = LAYOUTS[layout]
    write({name: source(words) for name, words in files.items()})
    outcome = command("routes")
    assert found in outcome.out + outcome.err, outcome
    assert outcome.status == (0 if found.startswith("/") else 1)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tool = 5", "tool must be a table"),
        ("[tool]\ntypeway = 5", "tool.typeway must be a table, as in [tool.typeway"),
        ("[[tool.typeway]]\napp = 'x'", "tool.typeway must be a table"),
        (
            "[tool.typeway]\ncheck = 5\napp = 'main:app'",
            "tool.typeway.check must be a table, as in [tool.typeway.check]",
        ),
        ("x = " + "[" * 5000, "is not valid TOML"),
    ],
    ids=range(5),
)
def test_settings_that_are_no_table(write: Write, command: Command, text: str, complaint: str) -> None:
    """A wrong pyproject.toml is named in one line, by every command that reads it."""
    write({"pyproject.toml": text, "main.py": "from typeway import Typeway\napp = Typeway()\n"})
    outcomes = [command("check")] + ([command("routes")] if "check" not in complaint else [])
    for outcome in outcomes:
        assert outcome.status in (1, 2)
        assert len(outcome.err.splitlines()) == 1
        assert complaint in outcome.err


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("[tool.typeway]\nap = 'main:app'", "[tool.typeway] takes app, entrypoint, check, not 'ap'; did you mean app"),
        ("[tool.typeway]\nignor = ['TW019']", "not 'ignor'; did you mean ignore under [tool.typeway.check]?"),
        ("[tool.typeway]\ncolour = 1\napp = 'main:app'", "[tool.typeway] takes app, entrypoint, check, not 'colour'"),
        ("[tool.typeway.chek]\nignore = ['TW019']", "not 'chek'; did you mean check under [tool.typeway]?"),
    ],
)
@pytest.mark.parametrize(("arguments", "status"), [(["routes"], 1), (["check"], 2), (["check", "main:app"], 2)])
def test_a_misspelt_setting_is_named(
    write: Write, command: Command, text: str, complaint: str, arguments: list[str], status: int
) -> None:
    """A setting that does not exist would be in force for nobody, so the command says which one is meant."""
    write({"pyproject.toml": text, "main.py": APP.format(name="app")})
    outcome = command(*arguments)
    assert (outcome.status, outcome.err.count("\n")) == (status, 1)
    assert "pyproject.toml: [tool.typeway] takes " in outcome.err
    assert complaint in outcome.err


@pytest.mark.parametrize(
    "text",
    [
        "[tool.typeway]\napp = 'main:app'\n[tool.typeway.check]\nignore = ['TW019']",
        "[tool.typeway.check]\nblocking = ['shop.send']",
        "[tool.fastapi]\nother = 1\nentrypoint = 'main:app'",
        "[tool.typeways]\nother = 1",
        "[typeway]\nother = 1",
    ],
)
def test_settings_of_other_commands_and_programs_are_left_alone(write: Write, command: Command, text: str) -> None:
    """A table of another command is known, and what other programs take is their own affair."""
    write({"pyproject.toml": text, "main.py": APP.format(name="app")})
    assert "/app" in command("routes").out


@pytest.mark.parametrize("named", ["shop.main:app", "shop.main"])
@pytest.mark.parametrize("setting", [True, False])
def test_a_module_below_src_is_found_by_its_name(write: Write, command: Command, named: str, setting: bool) -> None:
    """Projects name their application as they import it once they are installed, which a checkout need not be."""
    files = {"src/shop/__init__.py": "", "src/shop/main.py": APP.format(name="app")}
    write(files | ({"pyproject.toml": f'[tool.fastapi]\nentrypoint = "{named}"\n'} if setting else {}))
    assert "/app" in command("routes", *([] if setting else [named])).out


def test_a_module_of_the_folder_goes_before_one_below_src(write: Write, command: Command) -> None:
    """What Python would import from the current folder is what a name means."""
    write({"shop.py": APP.format(name="here"), "src/shop.py": APP.format(name="there")})
    assert "/here" in command("routes", "shop").out


def test_something_that_raises_beside_the_application_is_no_obstacle(write: Write, command: Command) -> None:
    """A module may have a proxy for settings that raises, before it is set up, when it is asked for its class."""
    proxy = """
class Proxy:
    @property
    def __class__(self):
        raise RuntimeError("not set up")

settings = Proxy()
"""
    write({"main.py": proxy + APP.format(name="app")})
    assert "/app" in command("routes", "main").out
