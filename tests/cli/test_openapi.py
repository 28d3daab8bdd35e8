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
        (None, "cannot read old.json: No such file or directory"),
        ("{", "old.json is neither JSON nor YAML: "),
        ("a: [", "old.json is neither JSON nor YAML: "),
        ("[]", "old.json is not an OpenAPI document: it has no member `openapi`"),
        ("{}", "old.json is not an OpenAPI document: it has no member `openapi`"),
    ],
)
@pytest.mark.parametrize("option", ["--diff", "--check"])
def test_a_file_that_is_no_document_gets_one_line(
    write: Write, command: Command, content: str | None, complaint: str, option: str
) -> None:
    """A file that is missing, broken or something else is named."""
    write({"main.py": APP} if content is None else {"main.py": APP, "old.json": content})
    outcome = command("openapi", option, "old.json")
    assert outcome.status == 1
    assert outcome.err.startswith(f"typeway: {complaint}")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--check", "a", "--diff", "b"], ["--json"]])
def test_options_that_do_not_belong_together(write: Write, command: Command, arguments: list[str]) -> None:
    """Two comparisons, or the form of a comparison without one, are a mistake of the arguments."""
    write({"main.py": APP})
    assert command("openapi", *arguments).status == 2
