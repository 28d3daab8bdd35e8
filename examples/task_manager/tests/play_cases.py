"""Play the HTTP cases to the application and print the answers as JSON.

python -m examples.task_manager.tests.play_cases typeway
python -m examples.task_manager.tests.play_cases fastapi
"""

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from examples.task_manager.tests import alias_framework
from examples.task_manager.tests.http_cases import CASES, Case

COMPARED_HEADERS = (
    "access-control-allow-methods",
    "access-control-allow-origin",
    "access-control-expose-headers",
    "allow",
    "cache-control",
    "content-type",
    "location",
    "vary",
    "www-authenticate",
    "x-total-count",
)
# Present, but never the same twice.
PRESENT_HEADERS = ("x-process-time-ms", "x-request-id")
UNSTABLE_FIELDS = frozenset({"access_token", "created_at", "updated_at"})


def play() -> dict[str, dict[str, Any]]:
    """Start the application on an empty database and send it every case."""
    from examples.task_manager.config import Settings
    from examples.task_manager.main import create_app
    from typeway.testclient import TestClient

    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(
            demo=True,
            database_url=f"sqlite+aiosqlite:///{Path(directory)}/tasks.db",
            cors_origins=["https://app.example"],
            log_level="ERROR",
            argon2_time_cost=1,
            argon2_memory_kib=32,
        )
        with TestClient(create_app(settings), raise_server_exceptions=False, follow_redirects=False) as client:
            tokens: dict[str, str] = {}
            return {case.name: answer(client, case, tokens) for case in CASES}


def answer(client: Any, case: Case, tokens: dict[str, str]) -> dict[str, Any]:
    """Send one case and return the parts of its answer that can be compared."""
    headers = dict(case.headers)
    if case.person is not None:
        headers["Authorization"] = f"Bearer {tokens[case.person]}"
    response = client.request(
        case.method, case.path, headers=headers, json=case.json, data=case.form, content=case.content
    )
    body: Any = response.text
    if response.headers.get("content-type") == "application/json" and body:
        body = response.json()
    if case.form is not None and response.status_code == 200:
        tokens[case.form["username"]] = body["access_token"]
    return {
        "status": response.status_code,
        "error": body.get("error") if isinstance(body, dict) else None,
        "body": stable(body),
        **{name: response.headers.get(name) for name in COMPARED_HEADERS},
        **{name: name in response.headers for name in PRESENT_HEADERS},
    }


def stable(value: Any) -> Any:
    """Replace what changes with every run."""
    if isinstance(value, list):
        return [stable(item) for item in value]
    if isinstance(value, dict):
        return {name: f"<{name}>" if name in UNSTABLE_FIELDS else stable(item) for name, item in value.items()}
    return value


if __name__ == "__main__":
    (framework,) = sys.argv[1:]
    # The application module cannot be imported without a secret or the demo.
    os.environ["TASK_MANAGER_DEMO"] = "1"
    if framework == alias_framework.TARGET:
        alias_framework.install()
    sys.stdout.write(json.dumps(play()))
