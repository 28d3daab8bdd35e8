"""What providers of containers make is known: of dependency_injector, of which only the shape is needed here."""

import sys
from types import ModuleType
from typing import Any

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD, endpoint


class Provider:
    """Stands in for a provider of dependency_injector, which is not installed where these tests run."""

    overridden: tuple[Any, ...] = ()

    def __init__(self, provides: Any = None, *args: Any, **kwargs: Any) -> None:
        self.provides, self.args, self.kwargs = provides, args, kwargs

    def __call__(self) -> Any:
        raise AssertionError("nothing is run to find out what it makes")

    @property
    def provided(self) -> Any:
        return ProvidedInstance(self)


class ProvidedInstance(Provider):
    def __getattr__(self, name: str) -> Any:
        return AttributeGetter(self, name)


class AttributeGetter(Provider):
    def __init__(self, provides: Any, name: str) -> None:
        super().__init__(provides)
        self.name = name


class Dependency(Provider):
    def __init__(self, instance_of: Any) -> None:
        super().__init__()
        self.instance_of = instance_of


class Selector(Provider):
    def __init__(self, choose: Any, **providers: Any) -> None:
        super().__init__()
        self.providers = providers


class _Marker:
    def __init__(self, provider: Any) -> None:
        self.provider = provider

    def __class_getitem__(cls, provider: Any) -> Any:
        return cls(provider)

    def __call__(self) -> Any:
        return self


class Provide(_Marker): ...


KINDS = ("Factory", "Singleton", "Callable", "Resource", "Object", "Delegate", "Configuration")


@pytest.fixture(autouse=True)
def package(monkeypatch: pytest.MonkeyPatch) -> None:
    providers = [
        ProvidedInstance,
        AttributeGetter,
        Dependency,
        Selector,
        *(type(name, (Provider,), {}) for name in KINDS),
    ]
    declared = type("DeclarativeContainer", (), {})  # a new one, which has no subclasses in other tests
    homes: dict[str, list[type[Any]]] = {
        "providers": [Provider, *providers],
        "containers": [declared],
        "wiring": [_Marker, Provide],
    }
    package = ModuleType("dependency_injector")
    monkeypatch.setitem(sys.modules, package.__name__, package)
    for home, kinds in homes.items():
        module = ModuleType(f"{package.__name__}.{home}")
        monkeypatch.setitem(sys.modules, module.__name__, module)
        setattr(package, home, module)
        for kind in kinds:
            monkeypatch.setattr(kind, "__module__", module.__name__)
            setattr(module, kind.__name__, kind)


SERVICES = """
from dependency_injector import containers, providers
from dependency_injector.wiring import Provide
class Database:
    def __init__(self, url): self._make = make_session
    @contextmanager
    def session(self):
        yield self._make()
    def rows(self): return self._make().execute(select(1)).all()
class Store:
    def __init__(self, session_factory, tracer=None): self.session_factory = session_factory
    def load(self):
        with self.session_factory() as session: return session.execute(select(1)).all()
def connect(): return httpx.Client()
def opened():
    yield httpx.Client()
class Services(containers.DeclarativeContainer):
    config = providers.Configuration()
    db = providers.Singleton(Database, url=config)
    store = providers.Factory(Store, session_factory=db.provided.session)
    client = providers.Callable(connect)
    held = providers.Resource(opened)
    one = providers.Object(httpx.Client())
    told = providers.Dependency(instance_of=Database)
    either = providers.Selector(config, a=db, b=db)
    made = providers.Delegate(db)
    rest = providers.Factory(httpx.AsyncClient)
"""
CALLS = {
    "a method of what a singleton is": ("Services().db().rows()", ["TW001"]),
    "a class of a container": ("Services.db().rows()", ["TW001"]),
    "what is passed to a constructor": ("Services.store().load()", ["TW001"]),
    "what a function gives": ("Services.client().get('http://x')", ["TW001"]),
    "what a generator gives": ("Services.held().get('http://x')", ["TW001"]),
    "an object": ("Services.one().get('http://x')", ["TW001"]),
    "what another container has to give": ("Services.told().rows()", ["TW001"]),
    "one of several": ("Services.either().rows()", ["TW001"]),
    "a provider of a provider": ("Services.made()().rows()", ["TW001"]),
    "a provider that is passed on": ("db = Services.db\ndb().rows()", ["TW001"]),
    "a client that is awaited": ("await Services.rest().get('http://x')", []),
    "settings": ("Services.config()", []),
}


@pytest.mark.parametrize(("body", "codes"), CALLS.values(), ids=CALLS)
def test_what_a_provider_makes_is_known(check: Check, body: str, codes: list[str]) -> None:
    """A call of a provider gives what it has been told to make, and nothing is run to find out."""
    outcome = check(HEAD + SERVICES + endpoint(body), "--all")
    assert outcome.codes == codes, outcome.out


@pytest.mark.parametrize("marker", ["Services.store", "'store'", "Services.made", "Services.store.provided.load"])
def test_what_a_marker_stands_for_is_known(check: Check, marker: str) -> None:
    """Wiring puts in what the marker of a default says."""
    use = {"Services.made": "store().rows()", "Services.store.provided.load": "store()"}.get(marker, "store.load()")
    source = (
        f"@app.get('/x')\nasync def show(store = Depends(Provide[{marker}])) -> Any:\n    await pause()\n    {use}\n"
    )
    outcome = check(HEAD + SERVICES + source, "--all")
    assert outcome.codes == ["TW001"], outcome.out


def test_what_overrides_a_provider_comes_first(check: Check) -> None:
    """A provider that has been overridden gives what the other one makes."""
    source = SERVICES + "Services.db.overridden = (providers.Factory(httpx.AsyncClient),)\n"
    assert check(HEAD + source + endpoint("Services.db().rows()"), "--all").codes == []
