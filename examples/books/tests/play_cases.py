"""Send the HTTP cases to the application with each of its stores, and print the responses as JSON.

python -m examples.books.tests.play_cases typeway
python -m examples.books.tests.play_cases fastapi
"""

import json
import sys
import tempfile
from pathlib import Path

from pydantic import SecretStr

from examples import alias_framework
from examples.books.tests.http_cases import CASES
from examples.compare_frameworks import Answer, Comparable, send

COMPARED = Comparable(
    headers=("allow", "content-type", "location", "www-authenticate"),
    present=("x-process-time", "x-request-id"),
)
TOKENS = {"alice": "alice-may-read"}


def play(database_url: str | None) -> dict[str, Answer]:
    """Start the application with an empty store and send every case."""
    from examples.books.config import Settings
    from examples.books.main import create_app
    from typeway.testclient import TestClient

    settings = Settings(database_url=database_url, readers={name: SecretStr(token) for name, token in TOKENS.items()})
    with TestClient(create_app(settings), raise_server_exceptions=False, follow_redirects=False) as client:
        return {
            case.name: COMPARED.parts_of(send(client, case, TOKENS[case.person] if case.person else None))
            for case in CASES
        }


if __name__ == "__main__":
    (framework,) = sys.argv[1:]
    if framework == alias_framework.TARGET:
        alias_framework.install()
    with tempfile.TemporaryDirectory() as directory:
        database = f"sqlite+aiosqlite:///{Path(directory)}/books.db"
        answers = {"memory": play(None), "database": play(database)}
    sys.stdout.write(json.dumps(answers))
