"""Rows of the database as answers: in an envelope, without private names, and encoded by the endpoint itself."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD

# Statements of an endpoint that has a row, what it declares, and how many findings it has.
ANSWERS = {
    "items of __dict__ without private names": (
        "return {k: v for k, v in row.__dict__.items() if not k.startswith('_')}",
        "",
        1,
    ),
    "items of vars()": ("return {k: v for k, v in vars(row).items()}", " -> dict[str, Any]", 1),
    "without one private name": (
        "return {k: v for k, v in vars(row).items() if k != '_sa_instance_state'}",
        "",
        1,
    ),
    "by the first letter": ("return {k: v for k, v in vars(row).items() if k[0] != '_'}", "", 1),
    "without private names and None": (
        "return {k: v for k, v in vars(row).items() if v is not None and not k.startswith('_')}",
        "",
        1,
    ),
    "in an own function": ("return private(row)", " -> dict[str, Any]", 1),
    "attributes without private names": (
        "return {c.name: getattr(row, c.name) for c in row.__table__.columns if not c.name.startswith('_')}",
        "",
        1,
    ),
    "in an envelope": ("return {'ok': True, 'data': row}", "", 1),
    "rows in an envelope": ("return {'items': rows, 'total': len(rows)}", " -> dict[str, Any]", 1),
    "in an envelope by names": ("return dict(ok=True, data=row)", "", 1),
    "a dict in an envelope": ("return {'data': vars(row)}", "", 1),
    "an envelope in an envelope": ("return {'data': {'user': row}}", "", 1),
    "in a response": ("return JSONResponse(jsonable_encoder(row))", "", 1),
    "in a response by name": (
        "return JSONResponse(status_code=201, content=jsonable_encoder(row))",
        " -> JSONResponse",
        1,
    ),
    "in an envelope in a response": ("return JSONResponse({'data': jsonable_encoder(row)})", " -> JSONResponse", 1),
    # The model is for what the endpoint returns, and a response is sent as it is.
    "in a response beside a model": ("return JSONResponse(jsonable_encoder(row))", " -> JSONResponse | Shown", 1),
    "not without a name that is given": (
        "return {k: v for k, v in vars(row).items() if k != 'password'}",
        "",
        0,
    ),
    "not names of a list": ("return {k: v for k, v in vars(row).items() if k in PUBLIC}", "", 0),
    "not what a function of one's own lets through": (
        "return {k: v for k, v in vars(row).items() if not k.startswith('_') and shown(k)}",
        "",
        0,
    ),
    "not values of one type": ("return {k: v for k, v in vars(row).items() if isinstance(v, int)}", "", 0),
    "not only private names": ("return {k: 1 for k, v in vars(row).items() if not k.startswith('_')}", "", 0),
    "not columns in an envelope": ("return {'id': row.id, 'found': row is not None, 'n': len(rows)}", "", 0),
    "not models in an envelope": ("return {'data': Shown.model_validate(row)}", "", 0),
    "not where a dict of models is declared": ("return {'data': row}", " -> dict[str, Shown]", 0),
    "not where a dict of lists is declared": ("return {'data': rows}", " -> dict[str, list[Shown]]", 0),
    "not fields in a response": ("return JSONResponse({'id': row.id})", "", 0),
    "not what the encoder is told": ("return JSONResponse(jsonable_encoder(row, include={'id'}))", "", 0),
    "not whether it is there": (
        "return {'name': row and row.name, 'names': rows and [each.name for each in rows]}",
        "",
        0,
    ),
    "not names of a model": ("return {name: getattr(row, name) for name in Shown.model_fields}", "", 0),
    "not names of a local list": ("names = ['id']\n    return {name: getattr(row, name) for name in names}", "", 0),
    "not chosen columns": (
        "names = [c.name for c in User.__table__.columns if c.name in PUBLIC]\n    return {n: getattr(row, n) for n in names}",
        "",
        0,
    ),
    "not a name that is made of itself": (
        "names = [c.name for c in User.__table__.columns]\n    names = [n for n in names if n[:1] != '_']\n    return {n: getattr(row, n) for n in names}",
        "",
        0,
    ),
    "not names that are each other": (
        "one = two\n    two = one\n    return {name: getattr(row, name) for name in one}",
        "",
        0,
    ),
    "names of all columns": (
        "names = [c.name for c in User.__table__.columns]\n    return {name: getattr(row, name) for name in names}",
        "",
        1,
    ),
    "not what is taken out": ("made = dict(vars(row))\n    made.pop('name')\n    return made", "", 0),
    "not what is deleted": ("made = dict(vars(row))\n    del made['name']\n    return made", "", 0),
    "not headers": ("return JSONResponse({'id': 1}, headers={'x': str(row)})", "", 0),
}


@pytest.mark.parametrize(("statement", "returns", "count"), ANSWERS.values(), ids=list(ANSWERS))
def test_rows_are_seen_in_what_is_returned(check: Check, statement: str, returns: str, count: int) -> None:
    """TW007: an envelope hides no row, nor does a filter that only leaves out what SQLAlchemy keeps for itself."""
    source = (
        "from typeway.encoders import jsonable_encoder\nPUBLIC = ('id',)\ndef shown(name: str) -> bool: return name in PUBLIC\n"
        "def private(row: User): return {k: v for k, v in row.__dict__.items() if not k.startswith('_')}\n"
        f"@app.get('/x'{', response_model=Shown' if '|' in returns else ''})\n"
        f"def show(){returns.split(' |', maxsplit=1)[0]}:\n    row = make_session().get(User, 1)\n"
        f"    rows = make_session().scalars(select(User).limit(9)).all()\n    {statement}\n"
    )
    assert check(HEAD + source, "--all", "--select", "TW007").codes == ["TW007"] * count


RUN = "return database().execute({}).fetchone()"
TEXTS = {
    "a text": (RUN.format("'SELECT * FROM users'"), 1),
    "a name": ("query = 'select * from users where id = ?'\n    " + RUN.format("query, (1,)"), 1),
    "a name of the module": (RUN.format("QUERY + ' WHERE id = 1'"), 1),
    "parts that are known": (RUN.format("f'SELECT u.* FROM {TABLE} u'"), 1),
    "what a cursor has executed": ("found = database().cursor()\n    found.execute(QUERY)\n    return found.fetchone()", 1),
    "not columns that are named": (RUN.format("'SELECT id FROM users'"), 0),
    "not columns of a query in another one": (RUN.format("'SELECT * FROM (SELECT id FROM users)'"), 0),
    "not columns of what holds all of them": (RUN.format("'SELECT id FROM (SELECT * FROM users)'"), 0),
    "not a number": (RUN.format("'SELECT count(*) FROM users'"), 0),
    "not a part that is not known": (RUN.format("f'SELECT {n} FROM {TABLE}'"), 0),
    "not a text of two": ("query = QUERY\n    if n: query = 'SELECT id FROM users'\n    " + RUN.format("query"), 0),
    "not what one of two has executed": (
        "found = database().cursor()\n    found.execute(QUERY)\n    found.execute('SELECT id FROM users')\n    return found.fetchone()",
        0,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("statement", "count"), TEXTS.values(), ids=list(TEXTS))
def test_rows_of_sql_text_are_seen(check: Check, statement: str, count: int) -> None:
    """TW007: a text may have a name or be put together, and a cursor gives the rows of what it has executed."""
    source = (
        "TABLE, QUERY = 'users', 'SELECT * FROM users'\ndef database() -> sqlite3.Connection: return sqlite3.connect('x')\n"
        f"@app.get('/x')\ndef show(n: int = 0):\n    {statement}\n"
    )
    assert check(HEAD + source, "--all", "--select", "TW007").codes == ["TW007"] * count
