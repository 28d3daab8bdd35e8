"""`typeway routes`: filters, the tree, and where the documentation stands."""

import json

import pytest

from tests.cli.conftest import Command, Write

SHOP = """
from typeway import Router, Typeway

app = Typeway()
items = Router(prefix="/items", tags=["Items"])

@items.get("/")
async def list_items(): ...

@items.post("/")
async def create_item(): ...

@items.get("/{item_id}")
async def read_item(item_id: int): ...

@items.get("/{item_id}/parts")
async def read_parts(item_id: int): ...

app.include_router(items)

@app.get("/health", tags=["Operations"])
async def health(): ...

@app.websocket("/feed")
async def feed(socket): ...
""".replace("async def feed(socket)", "async def feed(socket: WebSocket)").replace(
    "Typeway\n", "Typeway, WebSocket\n", 1
)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], ["list_items", "create_item", "read_item", "read_parts", "health", "feed"]),
        (["--method", "post"], ["create_item"]),
        (["--method", "POST", "--method", "WEBSOCKET"], ["create_item", "feed"]),
        (["--path", "parts"], ["read_parts"]),
        (["--path", "/items/*"], ["list_items", "create_item", "read_item", "read_parts"]),
        (["--path", "/items/{item_id}"], ["read_item", "read_parts"]),
        (["--path", "*/{item_id}"], ["read_item"]),
        (["--tag", "items"], ["list_items", "create_item", "read_item", "read_parts"]),
        (["--name", "READ_*"], ["read_item", "read_parts"]),
        (["--tag", "Items", "--method", "GET", "--name", "item"], ["list_items", "read_item"]),
        (["--tag", "nothing"], []),
    ],
)
def test_routes_are_filtered(write: Write, command: Command, arguments: list[str], names: list[str]) -> None:
    """Filters are joined by "and"; text is found anywhere, patterns match the whole, and case does not matter."""
    write({"main.py": SHOP})
    shown = json.loads(command("routes", "--json", *arguments).out)
    assert [row["name"] for row in shown if row["endpoint"].startswith("main.py")] == names
    assert {tuple(row["tags"]) for row in shown if row["path"].startswith("/items")} <= {("Items",)}
    if arguments:
        assert len(shown) == len(names)
        plans = command("routes", "--plan", *arguments).out.split()
        assert [name for name in names if name not in plans] == []


def test_filters_that_no_route_fits_are_said(write: Write, command: Command) -> None:
    """An empty table is no mistake, but it may be one of spelling: a line beside the output says that nothing fits."""
    write({"main.py": SHOP})
    outcome = command("routes", "--method", "PSOT")
    assert (outcome.status, outcome.err) == (0, "no route fits; without these options all are listed\n")
    assert command("routes", "--method", "POST").err == ""


def test_routes_of_the_documentation_are_last(write: Write, command: Command) -> None:
    """They are registered first, but an author looks for the application's own."""
    write({"main.py": SHOP})
    places = [line.split()[-1] for line in command("routes").out.splitlines()[1:]]
    own = [place.startswith("main.py") for place in places]
    assert own == sorted(own, reverse=True)
    assert not own[-1]


def test_the_tree_has_a_branch_for_each_segment(write: Write, command: Command) -> None:
    """Paths that begin alike share a branch, which names the routes there."""
    write({"main.py": SHOP})
    assert command("routes", "--tree", "--path", "/items*").out.splitlines() == [
        "/",
        "└── items  GET list_items; POST create_item",
        "    └── {item_id}  GET read_item",
        "        └── parts  GET read_parts",
    ]


def test_only_one_way_to_show_them(write: Write, command: Command) -> None:
    """Two forms at once are a mistake of the arguments."""
    write({"main.py": SHOP})
    outcome = command("routes", "--tree", "--plan")
    assert outcome.status == 2
    assert "leave out all but one" in outcome.err


@pytest.mark.parametrize("arguments", [["-h"], ["routes", "-h"], ["run", "-h"], ["client", "-h"]])
def test_the_short_form_of_help(command: Command, arguments: list[str]) -> None:
    """-h is --help, for the program and for each command."""
    outcome = command(*arguments)
    assert outcome.status == 0
    assert outcome.out == command(*arguments[:-1], "--help").out


@pytest.mark.parametrize(("typed", "offered"), [("typeway rou", "routes"), ("typeway dev --full", "--full-traceback")])
def test_the_shell_completes_commands_and_options(
    command: Command, monkeypatch: pytest.MonkeyPatch, typed: str, offered: str
) -> None:
    """What a shell asks for, when the user presses the tab key, is answered by the program itself."""
    monkeypatch.setenv("_TYPEWAY_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", typed)
    monkeypatch.setenv("COMP_CWORD", str(len(typed.split()) - 1))
    assert offered in command().out.split()
