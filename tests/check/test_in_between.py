"""What is known although something stands between: a tuple, an object that passes on, a cache, a dict under a name."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD, endpoint

MAYBE = """
@contextmanager
def maybe(session: Session | None = None) -> Iterator[tuple[Session, bool]]:
    if session:
        yield session, False
        return
    with make_session() as made:
        yield made, True
def pair(n): return make_session(), n
"""
UNPACKED = {
    "what a context manager yields": ("with maybe() as (session, is_own):\n    session.commit()", ["TW001"]),
    "what a function returns": ("session, number = pair(1)\nsession.commit()", ["TW001"]),
    "into a list of names": ("[session, number] = pair(1)\nsession.commit()", ["TW001"]),
    "the rest behind a star": ("session, *rest = pair(1)\nsession.commit()", ["TW001"]),
    "the other part": ("number, session = pair(1)\nsession.commit()", []),
    "behind a star": ("*rest, session = pair(1)\nsession.commit()", []),
    "a part of a part": ("(session, other), number = pair(1), 1\nother.commit()", []),
    "too few": ("a, b, session = pair(1)\nsession.commit()", []),
}


@pytest.mark.parametrize(("body", "codes"), UNPACKED.values(), ids=UNPACKED)
def test_the_parts_of_a_tuple_are_known(check: Check, body: str, codes: list[str]) -> None:
    """Each name gets what is in its place, in every tuple that may come."""
    assert check(HEAD + MAYBE + endpoint(body), "--all").codes == codes


PASSING_ON = """
class Database:
    @property
    def session(self) -> Session: return make_session()
    async def ask(self): await pause()
class Proxy:
    def __init__(self, inner: Database | None = None): self.inner = inner
    def __getattr__(self, name): {body}
proxy = Proxy({given})
class Around:
    def __getattr__(self, name): return getattr(around, name)
around = Around()
"""
BODIES = {
    "set up": ("return getattr(self.inner, name)", "Database()", "proxy.session.commit()", ["TW001"]),
    "by what it says": ("return getattr(self.inner, name)", "", "proxy.session.commit()", ["TW001"]),
    "by another name": ("inner = self.inner; return getattr(inner, name, None)", "", "proxy.session.commit()", ["TW001"]),
    "what does not block": ("return getattr(self.inner, name)", "", "await proxy.ask()", []),
    "another attribute": ("return getattr(self.inner, name[1:])", "", "proxy.session.commit()", []),
    "made up": ("return lambda: None", "", "proxy.session.commit()", []),
    "itself": ("return getattr(self.inner, name)", "", "around.session.commit()", []),
}  # fmt: skip


@pytest.mark.parametrize(("body", "given", "call", "codes"), BODIES.values(), ids=BODIES)
def test_an_object_that_passes_on_has_what_the_other_one_has(
    check: Check, body: str, given: str, call: str, codes: list[str]
) -> None:
    """A proxy has every attribute of what it looks up in, and of nothing else."""
    source = HEAD + PASSING_ON.replace("{body}", body).replace("{given}", given)
    assert check(source + endpoint(call), "--all").codes == codes


CACHE = """
def written(code, **known):
    exec(compile(code, '<written>', 'exec'), known)
    return known
Cache = written('''
class Cache:
    __slots__ = ("__wrapped__", "__dict__")
    def __init__(self, inner):
        update_wrapper(self, inner)
        self.__signature__ = signature(inner)
    def cache_info(self): pass
    async def __call__(self, *args, **kwargs): return await self.__wrapped__(*args, **kwargs)
''', update_wrapper=functools.update_wrapper, signature=__import__('inspect').signature)['Cache']
"""


@pytest.mark.parametrize(("parameters", "codes"), [("", []), ("name: str", ["TW001"])])
def test_an_endpoint_behind_a_cache_of_coroutines_is_read(check: Check, parameters: str, codes: list[str]) -> None:
    """What is remembered for each of its arguments runs again for others; what has none runs once."""
    source = f"{HEAD}{CACHE}@app.get('/x')\n@Cache\nasync def show({parameters}) -> Any:\n    await pause()\n    time.sleep(1)\n"
    assert check(source + endpoint("await pause()").replace("/x", "/y"), "--all").codes == codes


NAMED = {
    "under a name": ("data = {'id': self.id}\n        return data", []),
    "with more": ("data = {'id': self.id}\n        data['more'] = self.id\n        return data", []),
    "with a type": ("data: dict[str, Any] = {'id': self.id}\n        return data", []),
    "merged": ("data = {'id': self.id}\n        return {**data, 'more': 1}", []),
    "of another method": ("data = self.base()\n        return data", []),
    "all of it": ("data = {**vars(self)}\n        return data", ["TW007"]),
    "all of it in a loop": ("data = {name: getattr(self, name) for name in dir(self)}\n        return data", ["TW007"]),
    "all of it under a name": ("data = vars(self)\n        return data", ["TW007"]),
    "one or the other": ("data = {'id': self.id}\n        data = vars(self)\n        return data", ["TW007"]),
    "by itself": ("data = {}\n        data = data\n        return data", ["TW007"]),
}


@pytest.mark.parametrize(("body", "codes"), NAMED.values(), ids=NAMED)
def test_a_dict_of_named_columns_is_declared(check: Check, body: str, codes: list[str]) -> None:
    """Where somebody has named what is in a dict, no other column gets out, whatever the dict is called."""
    method = f"    def to_dict(self):\n        {body}\n    def base(self): return {{'id': self.id}}\n"
    source = HEAD.replace("class User(Base):\n", f"class User(Base):\n{method}")
    found = "@app.get('/x')\ndef show() -> Any:\n    return make_session().get(User, 1).to_dict()\n"
    assert check(source + found, "--all", "--select", "TW007").codes == codes


REPOSITORY = """
from typing import Generic, TypeVar
Kind = TypeVar("Kind")
class Repository(Generic[Kind]):
    model: type[Kind]
    def find(self, key): return make_session().query(self.model).filter(self.model.id == key).first()
class Users(Repository[User]):
    {model}
@app.get('/x/{{key}}')
def show(key: int) -> Any: return Users().find(key)
"""


@pytest.mark.parametrize(("model", "codes"), [("model = User", ["TW007"]), ("pass", [])])
def test_what_a_repository_works_with_is_known(check: Check, model: str, codes: list[str]) -> None:
    """A class that is an attribute of a class is what the base class asks the database for."""
    assert check(HEAD + REPOSITORY.format(model=model), "--all", "--select", "TW007").codes == codes
