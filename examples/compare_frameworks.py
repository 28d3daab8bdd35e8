"""Send the same requests to an application on Typeway and on FastAPI, and report where the responses differ.

Nothing here imports a framework: the process that sends the requests decides which framework `typeway` is.
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

# One response: its parts by name.
Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """One request. The cases are played in order, on one store that is empty at first."""

    name: str
    method: str
    path: str
    # The user whose token is sent.
    person: str | None = None
    json: Any = None
    form: Mapping[str, str] | None = None
    content: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Difference:
    """The differences between the two frameworks in one case, and the reason.

    Each mapping goes from a part of the response to its value; `...` allows any value. All other parts are equal.
    """

    reason: str
    typeway: Mapping[str, Any]
    fastapi: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparable:
    """The headers that are compared, besides the status and the body."""

    headers: tuple[str, ...]
    # Headers that are present, but different in every run.
    present: tuple[str, ...] = ()
    # Fields of a body that change with every run.
    unstable: frozenset[str] = frozenset()

    def parts_of(self, response: Any) -> Answer:
        """Split an httpx response into its parts."""
        body = body_of(response)
        return {
            "status": response.status_code,
            "error": body.get("error") if isinstance(body, dict) else None,
            "body": self._stable(body),
            **{name: response.headers.get(name) for name in self.headers},
            **{name: name in response.headers for name in self.present},
        }

    def _stable(self, value: Any) -> Any:
        """Replace values that change with every run."""
        if isinstance(value, list):
            return [self._stable(item) for item in value]
        if isinstance(value, dict):
            return {name: f"<{name}>" if name in self.unstable else self._stable(item) for name, item in value.items()}
        return value


def body_of(response: Any) -> Any:
    """Return a body as parsed JSON, or as text."""
    is_json = response.headers.get("content-type") == "application/json" and response.text
    return response.json() if is_json else response.text


def send(client: Any, case: Case, token: str | None) -> Any:
    """Send one case with the token of its user."""
    headers = dict(case.headers)
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return client.request(case.method, case.path, headers=headers, json=case.json, data=case.form, content=case.content)


def answers_of(player: str, framework: str, directory: Path) -> Any:
    """Run a module that sends cases, in a separate process, and return the JSON that it prints.

    Parameters:
        player: the module's name; the framework's name is its only argument.
        framework: one of `FRAMEWORKS`.
        directory: the working directory of the process.
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
    """Return, by case, the parts that are neither equal nor an intended difference."""
    found = {name: surprise(ours[name], theirs[name], differences.get(name)) for name in ours}
    return {name: parts for name, parts in found.items() if parts}


def surprise(ours: Answer, theirs: Answer, difference: Difference | None) -> Answer:
    """Return the parts of two responses that are not as expected."""
    promised_ours, promised_theirs = ours, ours
    if difference is not None:
        promised_ours, promised_theirs = {**ours, **difference.typeway}, {**ours, **difference.fastapi}
    return {
        part: {"typeway": ours[part], "fastapi": theirs[part]}
        for part in ours
        if not fits(ours[part], promised_ours[part]) or not fits(theirs[part], promised_theirs[part])
    }


def fits(value: Any, promised: Any) -> bool:
    """Return whether a part of a response is as expected."""
    return promised is ... or value == promised


def assert_names_are_sound(cases: list[Case], differences: Mapping[str, Difference]) -> None:
    """A repeated name would hide a case, an unknown name would have no effect, and a difference needs both sides."""
    names = [case.name for case in cases]
    assert len(names) == len(set(names))
    assert set(differences) <= set(names)
    for name, difference in differences.items():
        assert set(difference.typeway) == set(difference.fastapi), name
