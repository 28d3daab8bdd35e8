"""Send the same requests to an application on Typeway and on FastAPI, and say where the answers differ.

Nothing here imports a framework: the process that plays the requests decides which one `typeway` is.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[1]
FRAMEWORKS = ("typeway", "fastapi")
SECONDS_TO_PLAY = 50

# One answer: its parts by name.
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One request. The cases are played in order, on one store that is empty at first."""

    name: str
    method: str
    path: str
    # Whose token is sent.
    person: str | None = None
    json: Any = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """What the two frameworks answer differently to one case, and why that is so.

    Each mapping goes from a part of the answer to its value; `...` leaves the value open. All other parts are equal.
    """

    reason: str
    typeway: Mapping[str, Any]
    fastapi: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparable:
    """Which parts of an answer are compared beside its status and its body."""

    headers: tuple[str, ...]
    # Headers that are there, but never the same twice.
    present: tuple[str, ...] = ()
    # Fields of a body that change with every run.
    unstable: frozenset[str] = frozenset()

    def parts_of(self, response: Any) -> Answer:
        """Take an httpx response apart."""
        body = body_of(response)
        return {
            "status": response.status_code,
            "error": body.get("error") if isinstance(body, dict) else None,
            "body": self._stable(body),
            **{name: response.headers.get(name) for name in self.headers},
            **{name: name in response.headers for name in self.present},
        }

    def _stable(self, value: Any) -> Any:
        """Replace what changes with every run."""
        if isinstance(value, list):
            return [self._stable(item) for item in value]
        if isinstance(value, dict):
            return {name: f"<{name}>" if name in self.unstable else self._stable(item) for name, item in value.items()}
        return value


def body_of(response: Any) -> Any:
    """Return a body as the value that its JSON stands for, or as text."""
    is_json = response.headers.get("content-type") == "application/json" and response.text
    return response.json() if is_json else response.text


def send(client: Any, case: Case, token: str | None) -> Any:
    """Send one case with the token of its person."""
    headers = dict(case.headers)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return client.request(case.method, case.path, headers=headers, json=case.json, data=case.form, content=case.content)


def answers_of(player: str, framework: str, directory: Path) -> Any:
    """Run a module that plays cases, in a process of its own, and return the JSON that it prints.

    Parameters:
        player: the module's name; it is given the framework's name as its only argument.
        framework: one of `FRAMEWORKS`.
        directory: where the process works.
    """
    played = subprocess.run(  # noqa: S603 - our own interpreter and a module of ours
        [sys.executable, "-m", player, framework],
        cwd=directory,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
        timeout=SECONDS_TO_PLAY,
    )
    assert played.returncode == 0, played.stderr
    return json.loads(played.stdout)


def surprises(
    ours: Mapping[str, Answer], theirs: Mapping[str, Answer], differences: Mapping[str, Difference]
) -> dict[str, Answer]:
    """Return, by case, the parts that are neither equal nor different in the way that was chosen."""
    found = {name: surprise(ours[name], theirs[name], differences.get(name)) for name in ours}
    return {name: parts for name, parts in found.items() if parts}


def surprise(ours: Answer, theirs: Answer, difference: Difference | None) -> Answer:
    """Return the parts of two answers that are not as promised."""
    promised_ours, promised_theirs = ours, ours
    if difference is not None:
        promised_ours, promised_theirs = {**ours, **difference.typeway}, {**ours, **difference.fastapi}
    return {
        part: {"typeway": ours[part], "fastapi": theirs[part]}
        for part in ours
        if not fits(ours[part], promised_ours[part]) or not fits(theirs[part], promised_theirs[part])
    }


def fits(value: Any, promised: Any) -> bool:
    """Tell whether a part of an answer is as promised."""
    return promised is ... or value == promised


def assert_names_are_sound(cases: list[Case], differences: Mapping[str, Difference]) -> None:
    """A repeated name would hide a case, an unknown one would excuse nothing, and a half difference says nothing."""
    names = [case.name for case in cases]
    assert len(names) == len(set(names))
    assert set(differences) <= set(names)
    for name, difference in differences.items():
        assert set(difference.typeway) == set(difference.fastapi), name
