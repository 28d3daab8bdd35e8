"""`typeway openapi`: formats, and comparisons with a file that is kept."""

import json
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Command, Write

APP = """
from typing import Literal
from typeway import Typeway

app = Typeway(title="Größe")

@app.get("/items/{item_id}")
async def read(item_id: int, order: Literal["up", "down"] = "up") -> list[int]: ...
"""
# One value less, another type in the response, and one operation more.
NEWER = (
    APP.replace('"up", "down"', '"up"').replace("list[int]", "list[str]") + '\n@app.get("/new")\nasync def new(): ...\n'
)


def kept(write: Write, command: Command, name: str) -> Path:
    """A file with the document, and a newer version of the application beside it."""
    folder = write({"main.py": APP, "newer.py": NEWER})
    assert command("openapi", "--output", name).status == 0
    return folder / name


@pytest.mark.parametrize("name", ["api.yaml", "api.YML", "api.json", "api"])
def test_the_ending_of_the_file_chooses_the_format(write: Write, command: Command, name: str) -> None:
    """YAML and JSON say the same; without a known ending it is JSON."""
    text = kept(write, command, name).read_text(encoding="utf-8")
    assert text.startswith("{") is (not name.lower().endswith(("yaml", "yml")))
    document = yaml.safe_load(text)
    assert document == json.loads(command("openapi").out)
    assert "Größe" in text


def test_the_format_can_be_asked_for(write: Write, command: Command) -> None:
    """--format decides, whatever the file is called."""
    write({"main.py": APP})
    assert command("openapi", "--format", "yaml").out.startswith("openapi: 3.1.0\n")
    command("openapi", "--format", "yaml", "-o", "api.json")
    assert Path("api.json").read_text().startswith("openapi: 3.1.0\n")


@pytest.mark.parametrize("name", ["api.yaml", "api.json"])
def test_a_kept_document_is_checked(write: Write, command: Command, name: str) -> None:
    """The same document in any form passes; a different one fails, with the lines that differ and what to do."""
    file = kept(write, command, name)
    assert command("openapi", "--check", name).status == 0
    file.write_text(json.dumps(yaml.safe_load(file.read_text()), sort_keys=True))
    assert command("openapi", "--check", name).status == 0
    outcome = command("openapi", "newer:app", "--check", name)
    assert outcome.status == 1
    added = [line for line in outcome.out.splitlines() if line.startswith("+")]
    assert any("/new" in line for line in added)
    assert any(line.startswith("-") and "down" in line for line in outcome.out.splitlines())
    assert f"to write it: typeway openapi newer:app --output {name}" in outcome.err
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("name", ["api.yaml", "api.json"])
def test_changes_that_break_clients_fail(write: Write, command: Command, name: str) -> None:
    """--diff names each change with its rule, operation and place; what breaks comes first, and the status is 1."""
    kept(write, command, name)
    outcome = command("openapi", "newer:app", "--diff", name)
    assert outcome.status == 1
    assert outcome.out.splitlines() == [
        (
            "breaking    GET /items/{item_id}  query parameter order: the value 'down' is no longer allowed  "
            "[request-parameter-enum-value-removed]"
        ),
        (
            "breaking    GET /items/{item_id}  response 200 application/json []: the type has changed from integer to string  "
            "[response-body-type-changed]"
        ),
        "compatible  GET /new: the operation has been added  [endpoint-added]",
        "2 breaking changes, 1 compatible change",
    ]
    report = json.loads(command("openapi", "newer:app", "--diff", name, "--json").out)
    assert (report["breaking"], report["compatible"], len(report["changes"])) == (2, 1, 3)


def test_changes_that_break_nobody_pass(write: Write, command: Command) -> None:
    """A document without changes, or with compatible ones only, is a success."""
    write({"main.py": APP, "newer.py": APP + '\n@app.get("/new")\nasync def new(): ...\n'})
    command("openapi", "-o", "api.json")
    assert command("openapi", "--diff", "api.json").out == "No changes.\n"
    outcome = command("openapi", "newer:app", "--diff", "api.json")
    assert (outcome.status, outcome.out.splitlines()[-1]) == (0, "0 breaking changes, 1 compatible change")


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("{", "old.json is neither JSON nor YAML: "),
        ("a: [", "old.json is neither JSON nor YAML: "),
        ("[]", "old.json is not an OpenAPI document: it has no member `openapi`"),
        ("{}", "old.json is not an OpenAPI document: it has no member `openapi`"),
        ('{"openapi": 3}', "old.json is not an OpenAPI document: it has no member `openapi` with a version"),
    ],
)
@pytest.mark.parametrize("option", ["--diff", "--check"])
def test_a_file_that_is_no_document_gets_one_line(
    write: Write, command: Command, content: str, complaint: str, option: str
) -> None:
    """A file that is broken or something else is named."""
    write({"main.py": APP, "old.json": content})
    outcome = command("openapi", option, "old.json")
    assert outcome.status == 1
    assert outcome.err.startswith(f"typeway: {complaint}")
    assert outcome.err.count("\n") == 1


def test_a_file_that_is_missing_gets_one_line(write: Write, command: Command) -> None:
    """Where the document shall be kept, the line says how to write it; for a comparison there is nothing to write."""
    write({"main.py": APP})
    outcome = command("openapi", "--check", "old.json")
    assert (outcome.status, outcome.err) == (
        1,
        "typeway: there is no old.json; to write it: typeway openapi main:app --output old.json\n",
    )
    outcome = command("openapi", "--diff", "old.json")
    assert (outcome.status, outcome.err) == (1, "typeway: cannot read old.json: No such file or directory\n")


@pytest.mark.parametrize("arguments", [["--check", "a", "--diff", "b"], ["--json"]])
def test_options_that_do_not_belong_together(write: Write, command: Command, arguments: list[str]) -> None:
    """Two comparisons, or the form of a comparison without one, are a mistake of the arguments."""
    write({"main.py": APP})
    assert command("openapi", *arguments).status == 2


@pytest.mark.parametrize("how", ["--check", "--diff"])
def test_yaml_writes_statuses_and_dates_without_quotes(write: Write, command: Command, how: str) -> None:
    """`200:` and `"200":` are the same name, and a date is the text that it was written as."""
    file = kept(write, command, "api.yaml")
    text = file.read_text(encoding="utf-8")
    assert "'200':" in text
    file.write_text(text.replace("'200':", "200:").replace("'422':", "422:"), encoding="utf-8")
    assert command("openapi", how, "api.yaml").status == 0


NO_DOCUMENTS = {
    "": "no member `openapi`",
    "5": "no member `openapi`",
    "openapi:": "no member `openapi`",
    "openapi: 3.1.0\npaths: &a\n  /x: *a\n": "contains itself",
    '{"openapi": "3.1.0", "x": ' + "[" * 5000 + "]" * 5000 + "}": "nesting is too deep",
    "openapi: 3.1.0\nx: " + "[" * 2000 + "]" * 2000: "nesting is too deep",
    "openapi: 3.1.0\npaths: !!set {a, b}\n": "JSON has no set",
    "openapi: 3.1.0\nx: !!binary aGk=\n": "JSON has no bytes",
    "openapi: 3.1.0\n\tx": "neither JSON nor YAML",
    "openapi: !!python/object:os.system x": "neither JSON nor YAML",
}


@pytest.mark.parametrize("how", ["--check", "--diff"])
@pytest.mark.parametrize("text", NO_DOCUMENTS, ids=range(len(NO_DOCUMENTS)))
def test_a_file_that_is_no_document_is_named(write: Write, command: Command, text: str, how: str) -> None:
    """One line says what is wrong with the file, whatever is in it."""
    write({"main.py": APP, "api.yaml": text})
    outcome = command("openapi", how, "api.yaml")
    assert outcome.status == 1
    assert len(outcome.err.splitlines()) == 1
    assert NO_DOCUMENTS[text] in outcome.err


def test_a_document_of_the_wrong_shape_is_not_compared(write: Write, command: Command) -> None:
    """The place is named; an empty list of changes would say that nothing breaks."""
    write({"main.py": APP, "api.yaml": "openapi: 3.1.0\npaths: [/items]\n"})
    outcome = command("openapi", "--diff", "api.yaml")
    assert (outcome.status, outcome.out) == (1, "")
    assert "api.yaml is not an OpenAPI document: there has to be an object at #/paths, not list" in outcome.err


@pytest.mark.parametrize(("result", "said"), [("{'x': {1}}", "cannot be JSON"), ("None", "returned no document")])
def test_an_application_without_a_proper_document(write: Write, command: Command, result: str, said: str) -> None:
    """What an overridden `openapi()` returns may be no document: one line says so."""
    write({"main.py": f"from typeway import Typeway\napp = Typeway()\napp.openapi = lambda: {result}\n"})
    outcome = command("openapi")
    assert (outcome.status, outcome.out) == (1, "")
    assert said in outcome.err
