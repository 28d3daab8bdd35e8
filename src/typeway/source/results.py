"""Know what the methods of database libraries return: sessions, queries, rows, and whether their number is limited."""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from typeway.source.asking import declares
from typeway.source.sql import EVERYTHING, is_limited, is_particular
from typeway.source.values import Columns, Instance, Record, dotted, is_a, is_record
from typeway.watch.catalogue import below, listed_of, names_of, public_name, service_of

Arguments = Sequence[Instance | None]
Give = Callable[[Instance, Arguments, ast.Call], Instance | None]

SYNC_SESSION: Final = frozenset({
    "sqlalchemy.orm.session.Session", "sqlmodel.orm.session.Session", "sqlalchemy.orm.scoping.scoped_session",
})  # fmt: skip
ASYNC_SESSION: Final = frozenset({"sqlalchemy.ext.asyncio.session.AsyncSession"})
SESSION: Final = SYNC_SESSION | ASYNC_SESSION
CONNECTION: Final = frozenset({
    "sqlalchemy.engine.base.Connection", "sqlalchemy.ext.asyncio.engine.AsyncConnection",
})  # fmt: skip
ENGINE: Final = frozenset({"sqlalchemy.engine.base.Engine"})
ASYNC_ENGINE: Final = frozenset({"sqlalchemy.ext.asyncio.engine.AsyncEngine"})
QUERY: Final = frozenset({"sqlalchemy.orm.query.Query"})
SELECT: Final = frozenset({"sqlalchemy.sql.selectable.Select", "sqlmodel.sql.expression.SelectOfScalar"})
ASYNC_COLLECTION: Final = frozenset(
    {"pymongo.asynchronous.collection.AsyncCollection", "motor.core.AgnosticCollection"}
)
COLLECTION: Final = ASYNC_COLLECTION | {"pymongo.synchronous.collection.Collection", "pymongo.collection.Collection"}

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
REDIS: Final = frozenset({"redis.client.Redis", "redis.Redis"})
PATHS: Final = frozenset({"pathlib.Path", "pathlib.PurePath", "pathlib._local.Path"})
# What gives an object of the class that it is asked for.
CONTAINERS: Final = frozenset({
    "dishka.AsyncContainer", "dishka.async_container.AsyncContainer", "dishka.Container", "dishka.container.Container",
    "svcs.Container", "svcs._core.Container", "injector.Injector", "punq.Container", "lagom.Container", "lagom.container.Container",
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
COLUMNS: Final = Instance(Columns)
CURSOR: Final = "sqlite3.Cursor"
CURSORS: Final = frozenset({CURSOR, "pymongo.cursor", "pymongo.asynchronous.cursor"})
# What peewee, Tortoise and Beanie find of a class.
FOUND: Final = "tortoise.queryset.QuerySet"
ROWS: Final = "sqlalchemy.engine.result.Result"
OBJECTS: Final = "sqlalchemy.engine.result.ScalarResult"


def first_argument(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return arguments[0] if arguments else None


def query_of(kind: str) -> Give:
    return lambda owner, arguments, call: Instance(loaded(kind), of=selected(arguments))


def loaded(name: str) -> type[Any] | str:
    """A class by its qualified name, so that it is the same as one that an annotation names; the name where it is not loaded."""
    module, _, own = name.rpartition(".")
    kind = getattr(sys.modules.get(module), own, None)
    return kind if isinstance(kind, type) else name


def selected(arguments: Arguments) -> Instance:
    """What a query finds: objects of a class, all columns of a table, or the columns that it names."""
    first = arguments[0] if len(arguments) == 1 else None
    if first is not None and is_a(first.kind, {"sqlalchemy.sql.schema.Table"}):
        return ROW
    return first if first is not None and isinstance(first.kind, type) and is_orm(first.kind) else COLUMNS


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
            # Of a text only whole rows are known.
            is_text = kind == ROWS
            return Instance(
                kind, of=row_of(call) if is_text else held(None), bounded=not is_text or is_limited(sql_of(call))
            )
        return Instance(kind, of=held(statement.of), bounded=statement.bounded)

    return give


def scalar(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return arguments[0].of if arguments and arguments[0] is not None else None


def rows_of_text(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    """The rows of SQL that is given as text; they are unbounded only where the text can be read and says so."""
    return Instance(CURSOR, of=row_of(call), bounded=is_limited(sql_of(call)))


def rows(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return Instance(list, of=row_of(call), many=True, bounded=is_limited(sql_of(call)))


def found(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    is_async = is_a(owner.kind, ASYNC_COLLECTION)
    return Instance("pymongo.asynchronous.cursor" if is_async else "pymongo.cursor", of=ROW, bounded=False)


def values_of(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return Instance(list, many=True, bounded=True)


def asked(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    """The rows of a class, or of a query of them, that fulfil conditions; what is no name and value is taken to narrow it."""
    found = owner if is_a(owner.kind, {FOUND}) else Instance(FOUND, of=owner)
    return narrowed(replace(found, bounded=found.bounded or bool(call.args)), arguments, call)


def selected_rows(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return Instance(FOUND, of=COLUMNS if call.args else owner)


def documents(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    length = next(iter([*call.args, *(entry.value for entry in call.keywords if entry.arg == "length")]), None)
    is_open = length is None or (isinstance(length, ast.Constant) and length.value is None)
    return Instance(list, of=owner.of or ROW, many=True, bounded=owner.bounded or not is_open)


def row(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    return ROW


def plain(kind: str) -> Give:
    return lambda owner, arguments, call: Instance(kind)


def sql_of(call: ast.Call) -> str:
    """The text of a statement; empty where it cannot be read."""
    text = call.args[0] if call.args else None
    return text.value if isinstance(text, ast.Constant) and isinstance(text.value, str) else ""


def row_of(call: ast.Call) -> Instance:
    """A row of what a statement selects: all columns, or those that it names."""
    return ROW if EVERYTHING.match(sql_of(call)) else COLUMNS


def narrowed(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    """A query with conditions: what belongs to one parent, or is one of some ids, is no more than these have."""
    keywords = any(
        entry.arg is not None and not isinstance(entry.value, ast.Constant) and is_particular(entry.arg)
        for entry in call.keywords
    )
    return replace(owner, bounded=owner.bounded or keywords or any(map(narrows, call.args)))


def joined(owner: Instance, arguments: Arguments, call: ast.Call) -> Instance | None:
    """A query that another table is joined to, which narrows it where the join asks for a value: `join(Share, Share.user == me)`."""
    return replace(owner, bounded=owner.bounded or any(narrows(each) for each in call.args[1:] if not is_link(each)))


def is_link(condition: ast.expr) -> bool:
    """Whether a condition only says which rows of two tables belong together."""
    sides = [condition.left, *condition.comparators] if isinstance(condition, ast.Compare) else [condition]
    names = [getattr(getattr(kept_in(side), "value", None), "id", "") for side in sides]
    return len(names) == 2 and all(name[:1].isupper() for name in names)


def narrows(condition: ast.expr) -> bool:
    """Whether few rows fulfil a condition: of several that all have to be true one is enough, of others each has to."""
    match condition:
        case ast.Call(func=ast.Attribute(attr="in_")):
            return True
        case ast.Call(func=ast.Name(id="or_") | ast.Attribute(attr="or_"), args=[_, *_] as parts):
            return all(map(narrows, parts))
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=parts) if name in ASKS_OTHERS:
            return any(narrows(part) for part in parts if not is_link(part))
        case ast.Call(func=ast.Attribute(value=ast.Call() as inner, attr="where" | "filter" | "select"), args=parts):
            return any(narrows(part) for part in [*parts, inner] if not is_link(part))
        case ast.BinOp(left=left, op=ast.BitAnd(), right=right):
            return narrows(left) or narrows(right)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return narrows(left) and narrows(right)
        case ast.BoolOp(op=operator, values=parts):
            return (any if isinstance(operator, ast.And) else all)(map(narrows, parts))
        case ast.IfExp(body=body, orelse=other):
            return narrows(body) and narrows(other)
        case ast.Compare(left=one, ops=[ast.Eq()], comparators=[other]):
            left, right = sorted(map(kept_in, (one, other)), key=lambda each: not isinstance(each, ast.Attribute))
            # A column that is chosen by its name may be any.
            column = "any" if "getattr" in (called(left), called(right)) else getattr(left, "attr", "")
            return not (is_fixed(left) or is_fixed(right)) and column != "" and is_particular(column)
    return False


def kept_in(value: ast.expr) -> ast.expr:
    """What the database compares in another form: a column in `func.lower(User.name)`, a cast, and `User.name.collate("C")`."""
    while isinstance(value, ast.Call) and called(value).lower() in FORMS:
        held = getattr(value.func, "value", None)
        is_method = not value.args or isinstance(held, ast.Call) or getattr(held, "attr", "func") != "func"
        value = held if isinstance(held, ast.expr) and is_method else [*value.args, ast.Constant(None)][0]
    return value


def called(value: ast.expr) -> str:
    """The name of the function or method of a call."""
    return getattr(value.func, "attr", getattr(value.func, "id", "")) if isinstance(value, ast.Call) else ""


def is_fixed(value: ast.expr) -> bool:
    """Whether a value is the same in every request: `True`, or `true()` of SQLAlchemy."""
    return isinstance(value, ast.Constant) or called(value) in ("true", "false", "null")


# What makes another form of a value, of which different ones mostly stay different.
FORMS: Final = frozenset({"lower", "upper", "trim", "ltrim", "rtrim", "unaccent", "coalesce", "cast", "collate"})
# What asks whether all of some conditions are true, also of rows that belong to one.
ASKS_OTHERS: Final = frozenset({"and_", "any", "has", "exists"})
SHAPING: Final = (
    "order_by", "options", "outerjoin", "group_by", "distinct", "having",
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
    **dict.fromkeys(("filter", "filter_by", "where"), narrowed),
    "join": joined,
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
    (CONNECTION, {
        **dict.fromkeys(("execute", "exec_driver_sql"), run(ROWS, lambda of: COLUMNS if of == COLUMNS else ROW)),
        "scalars": run(OBJECTS, lambda of: of),
    }),
    (ENGINE, dict.fromkeys(("connect", "begin"), plain("sqlalchemy.engine.base.Connection"))),
    (ASYNC_ENGINE, dict.fromkeys(("connect", "begin"), plain("sqlalchemy.ext.asyncio.engine.AsyncConnection"))),
    (QUERY | SELECT | {ROWS, OBJECTS, "select"}, RESULT),
    (frozenset({FOUND}), {
        **RESULT, **dict.fromkeys(("filter", "find", "where"), asked), "paginate": limited, "to_list": documents,
        **dict.fromkeys(("prefetch_related", "select_related", "exclude", "dicts", "objects", "switch", "project"), same),
    }),
    (frozenset({"tortoise.models.Model", "beanie.odm.documents.Document"}),
     dict.fromkeys(("all", "filter", "find", "find_all", "find_many"), asked)),
    (frozenset({"peewee.Model"}), {"select": selected_rows}),
    (CURSORS, {**RESULT, "to_list": documents, "distinct": values_of}),
    (COLLECTION, {"find_one": row, "find": found, "find_one_and_update": row, "aggregate": same, "distinct": values_of}),
    (DBAPI_CONNECTION, {"execute": rows_of_text, "cursor": plain(CURSOR), "executemany": rows_of_text}),
    (DBAPI_CURSOR, {"execute": rows_of_text, "fetchone": one}),
    (FETCHER, {
        **dict.fromkeys(("fetch", "fetch_all"), rows), **dict.fromkeys(("fetchrow", "fetch_one"), lambda owner, arguments, call: row_of(call)),
    }),
    (frozenset({"sqlalchemy.orm.session.sessionmaker"}),
     dict.fromkeys(("begin", "__call__"), plain("sqlalchemy.orm.session.Session"))),
    (frozenset({"sqlalchemy.ext.asyncio.session.async_sessionmaker"}),
     dict.fromkeys(("begin", "__call__"), plain("sqlalchemy.ext.asyncio.session.AsyncSession"))),
    (CONTAINERS, {**dict.fromkeys(("get", "aget", "resolve"), first_argument), "__call__": same}),
    (frozenset({"contextlib.ExitStack", "contextlib.AsyncExitStack"}),
     dict.fromkeys(("enter_context", "enter_async_context"), first_argument)),
    (REDIS, {"pipeline": plain("redis.client.Pipeline"), "from_url": same}),
    (frozenset({"builtins.str"}), dict.fromkeys(("strip", "lower", "upper", "casefold", "replace"), same)),
    (frozenset({"PIL.Image.Image"}), dict.fromkeys(("resize", "convert", "rotate", "filter", "crop", "copy"), same)),
    (PATHS, dict.fromkeys(
        ("resolve", "absolute", "joinpath", "with_suffix", "with_name", "with_stem", "expanduser", "cwd", "home",
         "relative_to", "rename"), same,
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
    **dict.fromkeys(("redis.from_url", "redis.utils.from_url"), plain("redis.client.Redis")),
    **dict.fromkeys(("redis.asyncio.from_url", "redis.asyncio.utils.from_url"), plain("redis.asyncio.client.Redis")),
    "PIL.Image.open": plain("PIL.Image.Image"),
    **dict.fromkeys(("tarfile.open", "tarfile.TarFile.open"), plain("tarfile.TarFile")),
    "builtins.open": plain("io.TextIOWrapper"),
    "_io.open": plain("io.TextIOWrapper"),
    "builtins.list": lambda owner, arguments, call: gone_over(arguments[0]) if arguments else None,
}  # fmt: skip


def given_by(owner: Instance, method: str, arguments: Arguments, call: ast.Call) -> Instance | None:
    """What a call of a method gives; None where that is not known."""
    for kinds, methods in METHODS:
        if method in methods and is_a(owner.kind, kinds):
            return methods[method](owner, arguments, call)
    given = listed_of(owner.kind, method)
    if given:
        return Instance(given)
    if method == "__call__" and isinstance(owner.kind, str) and service_of(owner.kind):
        return Instance(f"{owner.kind}()")
    # A resource of boto3 makes others: `resource("s3").Bucket("x")`.
    makes = method[:1].isupper() and is_a(owner.kind, {"boto3.resources.base.ServiceResource"})
    return Instance("boto3.resources.base.ServiceResource") if makes else None


def made_by(called: Any, arguments: Arguments, call: ast.Call) -> Instance | None:
    """What a call of a function gives, which is known itself or by its name."""
    for name in (called,) if type(called) is str else (dotted(called), public_name(called)):
        if name in FUNCTIONS:
            return FUNCTIONS[name](Instance(object), arguments, call)
        module, _, verb = name.rpartition(".")
        found = (listed_of(public.rpartition(".")[0], verb) for public in names_of(module, verb))
        if (given := next(filter(None, found), "")) != "":
            return Instance(given)
    return None


def held_by(owner: Instance, name: str) -> Instance | None:
    """What an object has under a name or key, where every name or key is one of its own."""
    if (name == "_mapping" and is_record(owner.kind)) or (name == "parent" and is_a(owner.kind, PATHS)):
        return owner
    given = listed_of(owner.kind, name if name == "[]" else f".{name}") or below(owner.kind, name)
    if given:
        return Instance(given)
    if name.startswith("_") or (
        isinstance(owner.kind, type) and inspect.getattr_static(owner.kind, name, None) is not None
    ):
        return None
    return next((Instance(kind) for kinds, kind in HELD if is_a(owner.kind, kinds)), None)


def gone_over(held: Instance | None) -> Instance | None:
    """What a loop goes over, as a list: of a query or its result the rows."""
    if held is None or held.many or not is_a(held.kind, QUERY | CURSORS | {ROWS, OBJECTS, FOUND}):
        return held
    return Instance(list, of=held.of, many=True, bounded=held.bounded)


def constructed(kind: type[Any], arguments: list[Instance | None]) -> Instance | None:
    given = gone_over(arguments[0]) if arguments else None
    if any(kind is each for each in (list, tuple, set, frozenset)) and given is not None and given.many:
        return given
    if kind is dict and arguments and arguments[0] is not None:
        return as_mapping(arguments[0])
    return Instance(kind)


def as_mapping(held: Instance) -> Instance:
    """What `dict()` makes of an object: of a record still a record."""
    return held if is_record(held.kind) or is_orm(held.kind) else Instance(dict)


def is_orm(kind: Any) -> bool:
    """Whether a class is one whose objects are rows of a database."""
    if not isinstance(kind, type):
        return False
    return declares(kind, "__mapper__") or is_a(kind, {
        "peewee.Model", "tortoise.models.Model", "mongoengine.document.Document", "beanie.odm.documents.Document",
        "django.db.models.base.Model", "pony.orm.core.Entity",
    })  # fmt: skip
