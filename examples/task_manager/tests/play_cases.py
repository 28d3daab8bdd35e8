"""Send the HTTP cases to the application and print the responses as JSON.

python -m examples.task_manager.tests.play_cases typeway
python -m examples.task_manager.tests.play_cases fastapi
"""

import json
import sys
import tempfile
from pathlib import Path

from examples import alias_framework
from examples.compare_frameworks import Answer, Comparable, send
from examples.task_manager.tests.http_cases import CASES

COMPARED = Comparable(
    headers=(
        "access-control-allow-methods",
        "access-control-allow-origin",
        "access-control-expose-headers",
        "allow",
        "cache-control",
        "content-type",
        "etag",
        "location",
        "vary",
        "www-authenticate",
        "x-total-count",
    ),
    present=("link", "x-process-time-ms", "x-request-id"),
    unstable=frozenset({"access_token", "refresh_token", "created_at", "updated_at"}),
)


def play() -> dict[str, Answer]:
    """Start the application with an empty database and send every case."""
    from examples.task_manager.api import create_api
    from examples.task_manager.config import Settings
    from typeway.testclient import TestClient

    answers: dict[str, Answer] = {}
    # Tokens by user name; a case that logs in adds one.
    tokens: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as directory:
        settings = Settings(
            demo=True,
            database_url=f"sqlite+aiosqlite:///{Path(directory)}/tasks.db",
            attachments_folder=Path(directory) / "attachments",
            cors_origins=["https://app.example"],
            log_level="ERROR",
            argon2_time_cost=1,
            argon2_memory_kib=32,
        )
        with TestClient(create_api(settings), raise_server_exceptions=False, follow_redirects=False) as client:
            for case in CASES:
                response = send(client, case, tokens[case.person] if case.person else None)
                if case.form is not None and response.status_code == 200:
                    tokens[case.form["username"]] = response.json()["access_token"]
                answers[case.name] = COMPARED.parts_of(response)
    return answers


if __name__ == "__main__":
    (framework,) = sys.argv[1:]
    if framework == alias_framework.TARGET:
        alias_framework.install()
    sys.stdout.write(json.dumps(play()))
