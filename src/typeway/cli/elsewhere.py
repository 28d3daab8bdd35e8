"""Check an application in the environment in which it is installed, with the framework of this one.

An application may pin versions of Starlette and Pydantic that cannot be installed beside Typeway. So its own interpreter is started on
`overlay.py`, which takes these packages from here and all others from there.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata, util
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement

from typeway.cli.check import Asked
from typeway.cli.error import CommandError

OVERLAY: Final = Path(__file__).with_name("overlay.py")
VERSION: Final = f"{sys.version_info.major}.{sys.version_info.minor}"


def perform_elsewhere(asked: Asked, python: Path, show_traceback: bool) -> int:
    """Carry out `typeway check` with another interpreter.

    Parameters:
        asked: what the command line asks for.
        python: the interpreter of the application's environment, or the folder of the environment.
        show_traceback: whether to print the traceback of an error in the application.

    Returns:
        The exit status.

    Raises:
        CommandError: there is no such interpreter, or it is of another version of Python.
    """
    if python.is_dir():
        python = next(
            (path for path in (python / "bin/python", python / "Scripts/python.exe") if path.exists()), python
        )
    if python.exists():
        python = python.absolute()  # a name without a folder would be looked for in PATH
    # Compiled packages, such as Pydantic's core, are made for one version.
    question = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        answer = subprocess.run([python, "-c", question], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or "it did not answer within a minute"
        raise CommandError(
            f"--python {python}: it cannot be run: {reason}; name the interpreter, or its environment"
        ) from error
    if answer.stdout.strip() != VERSION:
        raise CommandError(
            f"--python {python} is Python {answer.stdout.strip() or 'of an unknown version'}, and Typeway is installed for "
            f"{VERSION}: install it for the same version, as in `uvx --python {answer.stdout.strip() or '3.12'} ...`"
        )
    given = {"asked": asdict(asked), "packages": dict(needs()), "traceback": show_traceback}
    return subprocess.run([python, OVERLAY, json.dumps(given)], check=False).returncode  # noqa: S603


def needs() -> Iterator[tuple[str, str]]:
    """The modules that the framework itself needs, with the folders that they are in."""
    # Named here, because an editable installation does not say which modules it has.
    yield "typeway", str(Path(__file__).parents[2])
    waiting, seen = ["typeway"], set[str]()
    owners = metadata.packages_distributions()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        for module in [module for module, names in owners.items() if name in map(canonical, names)]:
            spec = util.find_spec(module)
            origin = next(iter((spec and spec.submodule_search_locations) or ()), spec.origin if spec else None)
            if origin is not None:
                yield module, str(Path(origin).parent)
        for text in metadata.requires(name) or ():
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(canonical(requirement.name))


def canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")
