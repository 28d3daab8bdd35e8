"""Fixtures: an application with its own database, a client, and a logged-in user."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typeway import Typeway
from typeway.testclient import TestClient

from app.accounts import AccountResponse, current_account
from app.config import Settings
from app.main import create_app


@pytest.fixture
def app(tmp_path: Path) -> Typeway:
    """Create a new application with an empty database."""
    return create_app(Settings(database_url=f"sqlite+aiosqlite:///{tmp_path}/test.db"))


@pytest.fixture
def client(app: Typeway) -> Iterator[TestClient]:
    """Create a client; `with` runs the lifespan, which opens and closes the database."""
    with TestClient(app) as client:
        yield client


@pytest.fixture
def logged_in(app: Typeway) -> None:
    """Authenticate every request as Ada, without a password or a token."""
    app.dependency_overrides[current_account] = lambda: AccountResponse(id=1, name="ada")
