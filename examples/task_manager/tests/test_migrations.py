"""Migrate a database: forwards, backwards, by several workers at once, and refuse one that is not as expected."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import render_python_code
from alembic.config import Config
from alembic.operations.ops import MigrationScript
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Column, Connection, Table, inspect, text

from examples.task_manager import schema
from examples.task_manager.config import Settings
from examples.task_manager.database import keep_a_write_ahead_log
from examples.task_manager.models import Base
from examples.task_manager.models.base import UtcDateTime
from examples.task_manager.resources import open_resources
from examples.task_manager.schema import SchemaError, newest_revision, prepare, revision_of
from examples.task_manager.tests.databases import opened

pytestmark = pytest.mark.anyio

Database = str


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database(request: pytest.FixtureRequest, tmp_path: Path) -> Database:
    """The URL of a database without tables."""
    if request.param == "sqlite":
        return f"sqlite+aiosqlite:///{tmp_path}/empty.db"
    url: Database = request.getfixturevalue("empty_postgresql")
    return url


def described(connection: Connection) -> dict[str, Any]:
    """Describe all tables of a database: columns, keys, constraints and indexes."""
    found = inspect(connection)
    return {
        table: {
            "columns": [
                (column["name"], str(column["type"]), column["nullable"], column["default"])
                for column in sorted(found.get_columns(table), key=lambda column: column["name"])
            ],
            "primary key": found.get_pk_constraint(table),
            "foreign keys": found.get_foreign_keys(table),
            "unique": sorted(found.get_unique_constraints(table), key=str),
            "indexes": sorted(found.get_indexes(table), key=str),
        }
        for table in sorted(found.get_table_names())
        if table not in ("alembic_version", "sqlite_sequence")
    }


async def tables_of(url: Database) -> dict[str, Any]:
    """Describe the tables of a database."""
    async with opened(url) as engine, engine.connect() as connection:
        return await connection.run_sync(described)


async def run(url: Database, *commands: Any) -> None:
    """Run commands of Alembic on a database, as the program `alembic` does."""

    def carry_out(connection: Connection) -> None:
        config = schema.configuration()
        config.attributes["connection"] = connection
        for step, *arguments in commands:
            step(config, *arguments)

    async with opened(url) as engine, schema.in_turn(engine) as connection:
        await connection.run_sync(carry_out)


async def test_migrations_make_the_tables_of_the_models(empty_database: Database, tmp_path: Path) -> None:
    """Columns, types, defaults, keys, constraints and indexes are those that the models describe."""
    await run(empty_database, (command.upgrade, "head"), (command.check,))
    migrated = await tables_of(empty_database)
    await run(empty_database, (command.downgrade, "base"))
    async with opened(empty_database) as engine, engine.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    assert migrated == await tables_of(empty_database)
    assert set(migrated) == {"users", "tasks", "logins", "attachments"}


async def test_each_migration_can_be_undone(empty_database: Database) -> None:
    """One step back and forth again leaves the same tables, for each step; the first one leaves none."""
    revisions = [*sorted(schema.known_revisions())]
    before: list[dict[str, Any]] = [{}]
    for revision in revisions:
        await run(empty_database, (command.upgrade, revision))
        before.append(await tables_of(empty_database))
    for expected in reversed(before[:-1]):
        await run(empty_database, (command.downgrade, "-1"))
        assert await tables_of(empty_database) == expected


async def test_rows_survive_a_migration(empty_database: Database) -> None:
    """A task of the first revision gets a version, and stays what it was."""
    await run(empty_database, (command.upgrade, "0001"))
    async with opened(empty_database) as engine, engine.begin() as connection:
        now = "CURRENT_TIMESTAMP"
        await connection.execute(text(f"INSERT INTO users VALUES (1, 'Alice', 'alice', 'x', {now})"))
        await connection.execute(text(f"INSERT INTO tasks VALUES (7, 1, 'Buy milk', '', 3, 'todo', {now}, {now})"))
    await run(empty_database, (command.upgrade, "head"))
    async with opened(empty_database) as engine, engine.connect() as connection:
        rows = await connection.execute(text("SELECT id, title, priority, version FROM tasks"))
        assert [tuple(row) for row in rows] == [(7, "Buy milk", 3, 1)]


async def test_generated_migrations_need_no_types_of_the_application(empty_database: Database) -> None:
    """What `alembic revision --autogenerate` writes stays what it was when the application changes."""
    written: list[str] = []

    def look(context: MigrationContext, _revision: object, directives: list[MigrationScript]) -> None:
        operations = directives[0].upgrade_ops
        assert operations is not None
        written.append(render_python_code(operations, render_item=context.opts.get("render_item")))
        # Without directives no file is written.
        directives.clear()

    def generate(config: Config) -> None:
        command.revision(config, autogenerate=True, process_revision_directives=look)

    await run(empty_database, (command.upgrade, "head"))
    added = Table("samples", Base.metadata, Column("at", UtcDateTime()))
    try:
        await run(empty_database, (generate,))
    finally:
        Base.metadata.remove(added)
    assert "examples." not in written[0]
    assert "sa.Column('at', sa.DateTime(timezone=True)" in written[0]


async def test_workers_may_start_together(empty_database: Database, settings: Settings) -> None:
    """Several workers can migrate an empty database at the same time; a later start changes nothing."""
    changed = settings.model_copy(update={"database_url": empty_database, "migrate": True})

    async def start() -> None:
        async with open_resources(changed):
            await asyncio.sleep(0)

    await asyncio.gather(*(start() for _ in range(4)))
    async with opened(empty_database) as engine, engine.connect() as connection:
        assert await connection.run_sync(revision_of) == newest_revision()


async def test_workers_change_the_mode_of_a_file_together(tmp_path: Path) -> None:
    """SQLite refuses at once to change a mode that another worker changes: none of them fails for that."""
    for number in range(30):
        async with AsyncExitStack() as stack:
            url = f"sqlite+aiosqlite:///{tmp_path / str(number)}.db"
            engines = [await stack.enter_async_context(opened(url)) for _ in range(4)]
            await asyncio.gather(*map(keep_a_write_ahead_log, engines))


async def test_missing_migrations_are_refused(empty_database: Database) -> None:
    """Where the deployment migrates, an application whose database is behind does not start, and says what to run."""
    async with opened(empty_database) as engine:
        with pytest.raises(SchemaError, match=r"has revision None, .* run `alembic -c .*alembic.ini upgrade head`"):
            await prepare(engine, migrate=False)


async def test_the_old_release_runs_on_the_new_tables(empty_database: Database) -> None:
    """While a new release is deployed, processes of the old one may start on a database that is ahead of them."""
    await run(empty_database, (command.upgrade, "head"))
    async with opened(empty_database) as engine:
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await prepare(engine, migrate=False)


async def test_tables_without_migrations_are_refused(empty_database: Database) -> None:
    """Tables that something else has made are left alone."""
    async with opened(empty_database) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(Base.metadata.create_all)
        with pytest.raises(SchemaError, match="without migrations"):
            await prepare(engine, migrate=True)


def test_a_database_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """`alembic upgrade head` fails with one line that says what to do, without the password."""
    monkeypatch.setenv("DATABASE_URL", "postgresql+asyncpg://somebody:hidden@127.0.0.1:1/nowhere")
    with pytest.raises(CommandError, match=r"^cannot connect to .*/nowhere: .*DATABASE_URL names them") as caught:
        command.upgrade(schema.configuration(), "head")
    assert "\n" not in str(caught.value)
    assert "hidden" not in str(caught.value)
