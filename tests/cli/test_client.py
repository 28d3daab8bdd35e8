"""`typeway client`: what is written, when it is out of date, and what is said without a generator."""

import json
import os
import shutil
import stat
from pathlib import Path

import pytest

from tests.cli.conftest import Command, Write
from typeway.cli.client import MANIFEST, VERSIONS

APP = """
from typeway import Typeway

app = Typeway(title="Shop")

@app.get("/items/{item_id}")
async def read(item_id: int) -> dict[str, str]: ...
"""

# Takes the place of a generator: it writes what its arguments and the document say.
GENERATOR = """#!/bin/sh
set -eu
while [ $# -gt 0 ]; do
    case "$1" in
        *.json) source="$1" ;;
        --output | --output-path) target="$2" ;;
        --package=*) echo "$1" >&2 ;;
    esac
    shift
done
case "$target" in *.d.ts) file="$target" ;; *) mkdir -p "$target"; file="$target/client.py" ;; esac
grep -o '"/[^"]*"' "$source" > "$file"
"""


@pytest.fixture
def generators(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with small programs in the place of npx and uvx, which is all of the path but for the system's tools."""
    folder = tmp_path_factory.mktemp("generators")
    for name in ("npx", "uvx"):
        (folder / name).write_text(GENERATOR)
        (folder / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", os.pathsep.join([str(folder), os.environ["PATH"]]))
    return folder


@pytest.mark.parametrize(("language", "file"), [("ts", "schema.d.ts"), ("python", "client.py")])
@pytest.mark.usefixtures("generators")
def test_a_client_is_written_and_checked(write: Write, command: Command, language: str, file: str) -> None:
    """What is on disk is compared with what would be written; the author's own files beside it stay."""
    folder = write({"main.py": APP})
    made = command("client", language)
    assert made.status == 0, made.err
    assert f"client/{file}" in made.out.splitlines()
    assert (folder / "client" / file).read_text() == '"/items/{item_id}"\n'
    (folder / "client" / "own.txt").write_text("mine")
    assert command("client", language, "--check").status == 0
    assert command("client", language).out == ""


@pytest.mark.parametrize(("language", "file"), [("ts", "schema.d.ts"), ("python", "client.py")])
@pytest.mark.usefixtures("generators")
def test_a_client_that_is_out_of_date_is_found(write: Write, command: Command, language: str, file: str) -> None:
    """Another document, a changed file, a missing one and one that is left over each fail the check, and are mended."""
    folder = write({"main.py": APP, "newer.py": APP.replace("/items", "/things")})
    command("client", language)
    outcome = command("client", language, "newer:app", "--check")
    assert outcome.status == 1
    assert f"the client in client is not that of newer:app, in {file}; to write it: " in outcome.err
    assert f"typeway client {language} newer:app --output client" in outcome.err
    assert command("client", language, "newer:app").out.splitlines() == [f"client/{file}"]

    (folder / "client" / file).unlink()
    assert command("client", language, "newer:app", "--check").status == 1
    command("client", language, "newer:app")
    manifest = folder / "client" / MANIFEST
    written = json.loads(manifest.read_text())
    written["files"].append("old.py")
    manifest.write_text(json.dumps(written))
    (folder / "client" / "old.py").write_text("left over")
    assert command("client", language, "newer:app", "--check").status == 1
    command("client", language, "newer:app")
    assert not (folder / "client" / "old.py").exists()
    assert command("client", language, "newer:app", "--check").status == 0


@pytest.mark.usefixtures("generators")
def test_the_versions_are_part_of_the_client(write: Write, command: Command) -> None:
    """A newer generator makes another client, even if its files were the same."""
    folder = write({"main.py": APP})
    command("client", "ts")
    made_with = json.loads((folder / "client" / MANIFEST).read_text())["made_with"]
    assert made_with == {name: VERSIONS[name] for name in ("openapi-typescript", "openapi-fetch")}
    assert f"openapi-fetch@{VERSIONS['openapi-fetch']}" in (folder / "client" / "client.ts").read_text()


@pytest.mark.usefixtures("generators")
def test_a_folder_with_other_files_is_left_alone(write: Write, command: Command) -> None:
    """A client is not mixed into a folder that has never held one."""
    folder = write({"main.py": APP, "client/notes.txt": "mine"})
    outcome = command("client", "ts")
    assert outcome.status == 1
    assert "client has files that are not those of a client; name another folder with --output" in outcome.err
    assert [path.name for path in (folder / "client").iterdir()] == ["notes.txt"]


def test_without_node_the_message_says_so(
    write: Write, command: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A client in TypeScript needs Node.js."""
    write({"main.py": APP})
    monkeypatch.setenv("PATH", str(tmp_path))
    outcome = command("client", "ts")
    assert outcome.status == 1
    assert "a client in TypeScript needs Node.js" in outcome.err
    assert outcome.err.count("\n") == 1


def test_the_end_of_what_a_generator_prints_is_shown(write: Write, command: Command, generators: Path) -> None:
    """A generator that fails tells why."""
    write({"main.py": APP})
    (generators / "npx").write_text("#!/bin/sh\necho 'no such version' >&2\nexit 3\n")
    outcome = command("client", "ts")
    assert outcome.status == 1
    assert "npx failed with status 3:\nno such version" in outcome.err


# The real generators are downloaded, which takes a while: `TYPEWAY_TEST_CLIENTS=1` tests them.
real = pytest.mark.skipif(
    "TYPEWAY_TEST_CLIENTS" not in os.environ, reason="downloads generators: TYPEWAY_TEST_CLIENTS=1"
)


@real
@pytest.mark.timeout(600)
def test_the_real_generator_for_typescript(write: Write, command: Command) -> None:
    """openapi-typescript writes the types of the paths, which the client uses."""
    if shutil.which("npx") is None:
        pytest.skip("needs Node.js")
    folder = write({"main.py": APP})
    outcome = command("client", "ts")
    assert outcome.status == 0, outcome.err
    assert '"/items/{item_id}"' in (folder / "client" / "schema.d.ts").read_text()
    assert command("client", "ts", "--check").status == 0


@real
@pytest.mark.timeout(600)
def test_the_real_generator_for_python(write: Write, command: Command) -> None:
    """openapi-python-client writes a package that can be imported."""
    folder = write({"main.py": APP})
    outcome = command("client", "python", "-o", "shop_client")
    assert outcome.status == 0, outcome.err
    assert (folder / "shop_client" / "client.py").is_file()
    assert list((folder / "shop_client" / "api").rglob("read*.py"))
    assert command("client", "python", "-o", "shop_client", "--check").status == 0


@pytest.mark.parametrize(
    "manifest", ["nope", "{}", "[]", '{"files": ["../main.py"]}', '{"files": ["/main.py"]}', '{"files": [5]}']
)
@pytest.mark.usefixtures("generators")
def test_a_damaged_manifest_deletes_nothing(write: Write, command: Command, manifest: str) -> None:
    """What a manifest names and is not made any more is deleted: never outside of the client's folder."""
    folder = write({"main.py": APP, f"client/{MANIFEST}": manifest})
    for arguments in ([], ["--check"]):
        outcome = command("client", "ts", *arguments)
        assert outcome.status == 1
        assert f"client/{MANIFEST} is not that of a client" in outcome.err
    assert (folder / "main.py").is_file()
