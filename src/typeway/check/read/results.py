"""Know what the methods of database libraries return: sessions, queries, rows, and whether their number is limited."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from typeway.check.read.values import Instance, Record, is_a

Arguments = Sequence[Instance | None]
Give = Callable[[Instance, Arguments, ast.Call], Instance | None]

SYNC_SESSION: Final = frozenset({"sqlalchemy.orm.session.Session", "sqlmodel.orm.session.Session"})
ASYNC_SESSION: Final = frozenset({"sqlalchemy.ext.asyncio.session.AsyncSession"})
SESSION: Final = SYNC_SESSION | ASYNC_SESSION
CONNECTION: Final = frozenset({
    "sqlalchemy.engine.base.Connection", "sqlalchemy.ext.asyncio.engine.AsyncConnection",
})  # fmt: skip
ENGINE: Final = frozenset({"sqlalchemy.engine.base.Engine"})
ASYNC_ENGINE: Final = frozenset({"sqlalchemy.ext.asyncio.engine.AsyncEngine"})
QUERY: Final = frozenset({"sqlalchemy.orm.query.Query"})
SELECT: Final = frozenset({"sqlalchemy.sql.selectable.Select", "sqlmodel.sql.expression.SelectOfScalar"})
COLLECTION: Final = frozenset({
    "pymongo.synchronous.collection.Collection", "pymongo.collection.Collection",
    "pymongo.asynchronous.collection.AsyncCollection", "motor.core.AgnosticCollection",
})  # fmt: skip

# What every name or key of some objects is.
HELD: Final[tuple[tuple[frozenset[str], str], ...]] = (
    (frozenset({"pymongo.MongoClient", "pymongo.synchronous.mongo_client.MongoClient"}), "pymongo.database.Database"),
    (frozenset({"pymongo.synchronous.database.Database", "pymongo.database.Database"}), "pymongo.collection.Collection"),
    (frozenset({"pymongo.AsyncMongoClient", "pymongo.asynchronous.mongo_client.AsyncMongoClient",
                "motor.motor_asyncio.AsyncIOMotorClient", "motor.core.AgnosticClient"}), "motor.core.AgnosticDatabase"),
    (frozenset({"pymongo.asynchronous.database.AsyncDatabase", "motor.core.AgnosticDatabase"}),
     "motor.core.AgnosticCollection"),
)  # fmt: skip
DBAPI_CONNECTION: Final = frozenset({
    "sqlite3.Connection", "aiosqlite.core.Connection", "psycopg.Connection", "psycopg.connection.Connection",
    "psycopg.connection_async.AsyncConnection", "psycopg2.extensions.connection", "pymysql.connections.Connection",
})  # fmt: skip
DBAPI_CURSOR: Final = frozenset({
    "sqlite3.Cursor", "aiosqlite.cursor.Cursor", "psycopg.cursor.Cursor", "psycopg2.extensions.cursor",
    "psycopg.cursor_async.AsyncCursor", "pymysql.cursors.Cursor",
})  # fmt: skip
FETCHER: Final = frozenset({
    "asyncpg.connection.Connection", "asyncpg.pool.Pool", "asyncpg.pool.PoolConnectionProxy", "databases.core.Database",
})  # fmt: skip

# What talks to a database, in any of its forms.
DATABASE: Final = (
    SESSION | CONNECTION | QUERY | COLLECTION | DBAPI_CONNECTION | DBAPI_CURSOR | FETCHER
    | {"redis.client.Redis", "redis.asyncio.client.Redis"}
)  # fmt: skip
# Their methods that make a round trip.
ROUND_TRIPS: Final = frozenset({
    "execute", "executemany", "executescript", "exec", "scalar", "scalars", "get", "get_one", "commit", "flush",
    "refresh", "merge", "stream", "all", "first", "one", "one_or_none", "count", "fetch", "fetchrow", "fetchval",
    "fetch_one", "fetch_all", "fetch_val", "fetchone", "fetchall", "find_one", "find", "insert_one", "insert_many",
    "update_one", "update_many", "delete_one", "delete_many", "replace_one", "aggregate", "count_documents",
    "find_one_and_update", "find_one_and_delete", "set", "hget", "hset", "hgetall", "incr", "expire",
})  # fmt: skip

ROW: Final = Instance(Record)
CURSOR: Final = "sqlite3.Cursor"
ROWS: Final = "sqlalchemy.engine.result.Result"
OBJECTS: Final = "sqlalchemy.engine.result.ScalarResult"


def first_argument(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return arguments[0] if arguments else None


def query_of(kind: str) -> Give:
    return lambda owner, arguments, call: Instance(
        kind, of=arguments[0] if len(arguments) == 1 and arguments[0] is not None else ROW
    )


def same(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return owner


def limited(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return replace(owner, bounded=True)


def one(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return owner.of


def every(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return Instance(list, of=owner.of, many=True, bounded=owner.bounded)


def run(kind: str, held: Callable[[Instance | None], Instance | None]) -> Give:
    """What executing a statement returns: a result of some kind, as bounded as the statement."""

    def give(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
        statement = arguments[0] if arguments else None
        if statement is None or not is_a(statement.kind, SELECT | {"select"}):
            return Instance(kind, of=held(None), bounded=True)
        return Instance(kind, of=held(statement.of), bounded=statement.bounded)

    return give


def scalar(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return arguments[0].of if arguments and arguments[0] is not None else None


def rows_of_text(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    """The rows of SQL that is given as text; they are unbounded only where the text can be read and says so."""
    return Instance(CURSOR, of=ROW, bounded=is_limited(call))


def listed(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return Instance(list, of=ROW, many=True, bounded=is_limited(call))


def found(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return Instance("pymongo.cursor", of=ROW, bounded=False)


def documents(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    length = (
        call.args[0] if call.args else next((entry.value for entry in call.keywords if entry.arg == "length"), None)
    )
    is_open = length is None or (isinstance(length, ast.Constant) and length.value is None)
    return Instance(list, of=ROW, many=True, bounded=owner.bounded or not is_open)


def row(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return ROW


def plain(kind: str) -> Give:
    return lambda owner, arguments, call: Instance(kind)


def is_limited(call: ast.Call) -> bool:
    """Whether a statement is not known to be without a limit: its text says LIMIT, or cannot be read."""
    text = call.args[0] if call.args else None
    if isinstance(text, ast.Call) and text.args:
        text = text.args[0]
    if not isinstance(text, ast.Constant) or not isinstance(text.value, str):
        return True
    words = text.value.upper().split()
    return "SELECT" not in words[:1] or bool({"LIMIT", "FETCH", "TOP"} & set(words)) or "COUNT(" in text.value.upper()


SHAPING: Final = (
    "filter", "filter_by", "where", "order_by", "options", "join", "outerjoin", "group_by", "distinct", "having",
    "execution_options", "with_for_update", "select_from", "add_columns", "unique", "sort", "skip", "offset",
    "populate_existing", "yield_per",
)  # fmt: skip
RESULT: Final[Mapping[str, Give]] = {
    **dict.fromkeys(("all", "fetchall", "to_list", "scalars_all"), every),
    **dict.fromkeys(
        ("first", "one", "one_or_none", "scalar", "scalar_one", "scalar_one_or_none", "fetchone", "next"), one
    ),
    **dict.fromkeys(("scalars", "mappings", "tuples", "columns"), same),
    **dict.fromkeys(SHAPING, same),
    **dict.fromkeys(("limit", "fetchmany", "slice", "partitions", "batch_size", "fetch"), limited),
}

# What a method of a class gives.
METHODS: Final[tuple[tuple[frozenset[str], Mapping[str, Give]], ...]] = (
    (SESSION, {
        "get": first_argument, "get_one": first_argument, "merge": first_argument,
        "query": query_of("sqlalchemy.orm.query.Query"),
        "scalars": run(OBJECTS, lambda of: of), "exec": run(OBJECTS, lambda of: of),
        "scalar": scalar, "execute": run(ROWS, lambda of: of or ROW),
        "connection": plain("sqlalchemy.engine.base.Connection"),
    }),
    (CONNECTION, {"execute": run(ROWS, lambda of: ROW), "scalars": run(OBJECTS, lambda of: of)}),
    (ENGINE, dict.fromkeys(("connect", "begin"), plain("sqlalchemy.engine.base.Connection"))),
    (ASYNC_ENGINE, dict.fromkeys(("connect", "begin"), plain("sqlalchemy.ext.asyncio.engine.AsyncConnection"))),
    (QUERY | SELECT | {ROWS, OBJECTS, "select"}, RESULT),
    (frozenset({CURSOR, "pymongo.cursor"}), {**RESULT, "to_list": documents}),
    (COLLECTION, {
        "find_one": row, "find": found, "find_one_and_update": row, "aggregate": same,
    }),
    (DBAPI_CONNECTION, {"execute": rows_of_text, "cursor": plain(CURSOR), "executemany": rows_of_text}),
    (DBAPI_CURSOR, {"execute": rows_of_text, "fetchone": row}),
    (FETCHER, {
        **dict.fromkeys(("fetch", "fetch_all"), listed), **dict.fromkeys(("fetchrow", "fetch_one"), row),
    }),
    (frozenset({"concurrent.futures._base.Executor"}), {"submit": plain("concurrent.futures._base.Future")}),
    (frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib._local.Path"}), dict.fromkeys(
        ("resolve", "absolute", "joinpath", "with_suffix", "with_name", "expanduser"), same,
    )),
)  # fmt: skip

# What a function gives.
FUNCTIONS: Final[Mapping[str, Give]] = {
    **dict.fromkeys(
        ("sqlalchemy.sql._selectable_constructors.select", "sqlmodel.sql._expression_select_gen.select",
         "sqlmodel.sql._expression_select_cls.select", "sqlalchemy.select", "sqlmodel.select"),
        query_of("select"),
    ),
    **dict.fromkeys(("sqlite3.connect", "_sqlite3.connect"), plain("sqlite3.Connection")),
    "aiosqlite.core.connect": plain("aiosqlite.core.Connection"),
    "asyncio.tasks.run_coroutine_threadsafe": plain("concurrent.futures._base.Future"),
    "asyncio.run_coroutine_threadsafe": plain("concurrent.futures._base.Future"),
    "boto3.client": plain("botocore.client.BaseClient"),
    "builtins.open": plain("io.TextIOWrapper"),
    "_io.open": plain("io.TextIOWrapper"),
    "builtins.list": lambda owner, arguments, call: arguments[0] if arguments else None,
}  # fmt: skip


def given_by(owner: Instance, method: str, arguments: Arguments, call: ast.Call) -> Instance | None:
    """What a call of a method gives; None where that is not known."""
    for kinds, methods in METHODS:
        if method in methods and is_a(owner.kind, kinds):
            return methods[method](owner, arguments, call)
    return None


def made_by(name: str, arguments: Arguments, call: ast.Call) -> Instance | None:
    """What a call of a function gives."""
    give = FUNCTIONS.get(name)
    return give(Instance(object), arguments, call) if give is not None else None


def held_by(owner: Instance, name: str) -> Instance | None:
    """What an object has under a name or key, where every name or key is one of its own."""
    if name == "_mapping" and owner.kind is Record:
        return owner
    if name.startswith("_") or (
        isinstance(owner.kind, type) and inspect.getattr_static(owner.kind, name, None) is not None
    ):
        return None
    return next((Instance(kind) for kinds, kind in HELD if is_a(owner.kind, kinds)), None)


def as_mapping(held: Instance) -> Instance:
    """What `dict()` makes of an object: of a record still a record."""
    return held if held.kind is Record or is_orm(held.kind) else Instance(dict)


def is_orm(kind: Any) -> bool:
    """Whether a class is one whose objects are rows of a database."""
    if not isinstance(kind, type):
        return False
    if hasattr(kind, "__mapper__"):
        return True
    return is_a(kind, {
        "peewee.Model", "tortoise.models.Model", "mongoengine.document.Document", "beanie.odm.documents.Document",
        "django.db.models.base.Model", "pony.orm.core.Entity",
    })  # fmt: skip
