"""Make a typed client for an application, in TypeScript or Python, with the generators that are best kept for each."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from typeway.cli.error import CommandError
from typeway.cli.options import Language

# The versions with which clients are made. They are exact, so that everybody gets the same files for the same document.
VERSIONS: Final[Mapping[str, str]] = {
    "openapi-typescript": "7.13.0",
    "openapi-fetch": "0.17.0",
    # The generator uses the compiler of TypeScript 5.
    "typescript": "5.9.3",
    "openapi-python-client": "0.29.1",
    # It formats what the generator for Python writes.
    "ruff": "0.17.6",
}

# The file in the folder of a client that says what has been written there, and with what.
MANIFEST: Final = ".typeway-client.json"

# How long a generator may take in seconds; the first time it is downloaded.
PATIENCE: Final = 600

# How many lines of a generator's complaint are shown.
MOST_LINES: Final = 15

TYPESCRIPT_CLIENT: Final = """\
// Written by `typeway client ts`, which overwrites it. Needs: npm install openapi-fetch@{version}
import createClient, {{ type ClientOptions }} from "openapi-fetch";
import type {{ paths }} from "./schema.js";

export type {{ components, operations, paths }} from "./schema.js";

/** Return a client whose methods take the paths of the API: `client.GET("/items", {{ params: {{ query: {{ limit: 5 }} }} }})`. */
export const connect = (options?: ClientOptions) => createClient<paths>(options);
"""


def make_client(document: Mapping[str, Any], language: Language, folder: Path) -> list[str]:
    """Write a client into a folder, and return the names of the files that are new, changed or gone.

    Parameters:
        document: the OpenAPI document.
        folder: the folder, which is made; files in it that belong to no client stay.

    Raises:
        CommandError: the generator is missing or fails, or the folder has other files.
    """
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MANIFEST).is_file():
        raise CommandError(f"{folder} has files that are not those of a client; name another folder with --output")
    with tempfile.TemporaryDirectory() as place:
        made = generate(document, language, Path(place))
        changed = differences(made, folder)
        try:
            write(made, changed, folder)
        except OSError as error:
            raise CommandError(f"cannot write the client into {folder}: {error}") from error
    return changed


def write(made: Mapping[str, bytes], changed: Sequence[str], folder: Path) -> None:
    """Write the files that have changed, and delete those that are not made any more."""
    for name in changed:
        if name not in made:
            (folder / name).unlink(missing_ok=True)
            continue
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(made[name])


def check_client(document: Mapping[str, Any], language: Language, folder: Path) -> list[str]:
    """Return the names of the files in which the client in a folder is not what would be written now.

    Raises:
        CommandError: the generator is missing or fails.
    """
    with tempfile.TemporaryDirectory() as place:
        return differences(generate(document, language, Path(place)), folder)


def differences(made: Mapping[str, bytes], folder: Path) -> list[str]:
    """Return the names of the files that are missing, that differ, or that were written once and are not any more."""
    different = [name for name in made if not has_content(folder / name, made[name])]
    return sorted({*different, *(name for name in written(folder) if name not in made and (folder / name).is_file())})


def written(folder: Path) -> list[str]:
    """Return the names of the files that the manifest of a client has, all of which are below its folder.

    Raises:
        CommandError: it cannot be read, or names something else: that would be deleted.
    """
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return []
    try:
        names = json.loads(manifest.read_text(encoding="utf-8"))["files"]
        if not all((folder / name).resolve().is_relative_to(folder.resolve()) for name in names):
            raise ValueError("it names files elsewhere")
        return list(names)
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise CommandError(
            f"{manifest} is not that of a client ({reason}); delete {folder}, or name another"
        ) from error


def has_content(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content


def generate(document: Mapping[str, Any], language: Language, place: Path) -> dict[str, bytes]:
    """Let a generator write a client into an empty folder, and return the files by their names, with the manifest."""
    source, target = place / "openapi.json", place / "client"
    source.write_text(json.dumps(document), encoding="utf-8")
    used = GENERATORS[language](source, target)
    files = {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in sorted(target.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts and ".ruff_cache" not in path.parts
    }
    manifest = {"made_with": {name: VERSIONS[name] for name in used}, "files": list(files)}
    return {**files, MANIFEST: (json.dumps(manifest, indent=2) + "\n").encode()}


def typescript(source: Path, target: Path) -> Sequence[str]:
    """Write the types of the API, and a client that uses them; return the packages that it is made with."""
    npx = shutil.which("npx")
    if npx is None:
        raise CommandError("a client in TypeScript needs Node.js, which has the command npx: https://nodejs.org")
    target.mkdir()
    packages = [f"--package={name}@{VERSIONS[name]}" for name in ("openapi-typescript", "typescript")]
    run([npx, "--yes", *packages, "--", "openapi-typescript", str(source), "--output", str(target / "schema.d.ts")])
    client = TYPESCRIPT_CLIENT.format(version=VERSIONS["openapi-fetch"])
    (target / "client.ts").write_text(client, encoding="utf-8")
    return "openapi-typescript", "openapi-fetch"


def python(source: Path, target: Path) -> Sequence[str]:
    """Write a package with a function and models for the operations; return the packages that it is made with."""
    packages = ("openapi-python-client", "ruff")
    pinned = [f"{name}=={VERSIONS[name]}" for name in packages]
    arguments = ["generate", "--path", str(source), "--output-path", str(target), "--meta", "none"]
    uvx = shutil.which("uvx") or shutil.which("uvx", path=str(Path(sys.executable).parent))
    if uvx is not None:
        run([uvx, "--from", pinned[0], "--with", pinned[1], "openapi-python-client", *arguments])
        return packages
    # Not in the environment of the application, whose own packages may exclude those of the generator.
    environment = source.parent / "environment"
    scripts = environment / ("Scripts" if os.name == "nt" else "bin")
    run([sys.executable, "-m", "venv", str(environment)])
    run([str(scripts / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pinned])
    path = os.pathsep.join([str(scripts), os.environ.get("PATH", "")])
    run([str(scripts / "openapi-python-client"), *arguments], PATH=path)
    return packages


GENERATORS: Final[Mapping[Language, Callable[[Path, Path], Sequence[str]]]] = {
    Language.TYPESCRIPT: typescript,
    Language.PYTHON: python,
}


def run(command: Sequence[str], **environment: str) -> None:
    """Run a generator.

    Raises:
        CommandError: it fails, or takes too long; the message has the end of what it printed.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(  # noqa: S603  the commands are written in this module
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=PATIENCE,
            check=False,
            env={**os.environ, **environment},
        )
    except subprocess.TimeoutExpired as error:
        raise CommandError(f"{name} had not ended after {PATIENCE} seconds") from error
    if done.returncode != 0:
        end = "\n".join(done.stdout.strip().splitlines()[-MOST_LINES:])
        raise CommandError(f"{name} failed with status {done.returncode}:\n{end}")
