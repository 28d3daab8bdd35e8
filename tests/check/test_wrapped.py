"""What other packages wrap: functions by their decorators, and applications by their middleware."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD, endpoint

# The wrapper that `contextmanager` makes is a plain function of the standard library, whatever it wraps.
SPAN = "@contextmanager\ndef span(name='x'):\n    yield\n"
LOAD = SPAN + "@span()\nasync def load() -> int:\n    await pause()\n    time.sleep(1)\n    return 1\n"
KEEPER = (
    SPAN
    + "class Keeper:\n    @span()\n    async def load(self) -> int:\n        await pause()\n        time.sleep(1)\n        return 1\n"
)

WRAPPED = {
    "an endpoint": (SPAN + "@app.get('/x')\n@span()\nasync def show() -> None:\n    await pause()\n    time.sleep(1)\n", ["TW001"]),
    "an endpoint with two": (
        SPAN + "@app.get('/x')\n@span()\n@span('y')\nasync def show() -> None:\n    await pause()\n    time.sleep(1)\n", ["TW001"],
    ),
    "an endpoint that awaits nothing": (SPAN + "@app.get('/x')\n@span()\nasync def show() -> None:\n    urllib.request.urlopen('http://x')\n", ["TW001"]),
    "an endpoint in a thread": (SPAN + "@app.get('/x')\n@span()\ndef show() -> None: time.sleep(1)\n", []),
    "a dependency": (LOAD + "@app.get('/x')\nasync def show(number: Annotated[int, Depends(load)]) -> int: return number\n", ["TW001"]),
    "a function that an endpoint awaits": (LOAD + endpoint("return await load()"), ["TW001"]),
    "a method that an endpoint awaits": (KEEPER + endpoint("return await Keeper().load()"), ["TW001"]),
    "middleware": (
        SPAN + "@app.middleware('http')\n@span()\nasync def around(request, call_next):\n    time.sleep(1)\n    return await call_next(request)\n" + endpoint("return 1"),
        ["TW001"],
    ),
    # A wrapper may wait for it, as `asyncio.run()` does.
    "a function that nothing awaits": (SPAN + "@span()\nasync def load() -> int: return 1\n" + endpoint("load()\nreturn 1"), []),
    "a function that a thread runs": (LOAD + endpoint("return await asyncio.to_thread(lambda: asyncio.run(load()))"), []),
}  # fmt: skip


@pytest.mark.parametrize(("source", "codes"), WRAPPED.values(), ids=WRAPPED)
def test_a_plain_wrapper_of_another_package_hands_on_the_coroutine(check: Check, source: str, codes: list[str]) -> None:
    """The framework awaits what such a wrapper returns, so what is wrapped runs on the event loop."""
    outcome = check(HEAD + source, "--select", "TW001,TW002,TW024")
    assert outcome.codes == codes, outcome.out
    assert "not read" not in outcome.err


# A wrapper of a method stands for it in the class; what it takes after a star is not the object.
STORE = """
def keep(function):
    @wraps(function)
    async def wrapper({taken}): return {called}.load()
    return wrapper

class Store:
    def load(self) -> None: time.sleep(1)
    @keep
    async def fetch(self) -> None: ...

store = Store()
"""
TAKEN = {
    "the object": (("this, **given", "this"), ["TW001"]),
    "the object by position": (("this, /, **given", "this"), ["TW001"]),
    "all, and one by name": (("*given, client=None, **named", "client"), []),
    "nothing but one by name": (("*, client=None", "client"), []),
}


@pytest.mark.parametrize(("shape", "codes"), TAKEN.values(), ids=TAKEN)
def test_the_object_of_a_method_comes_by_position(check: Check, shape: tuple[str, str], codes: list[str]) -> None:
    """A parameter that is only given by name is never what a method is called on."""
    source = "from functools import wraps\n" + HEAD + STORE.format(taken=shape[0], called=shape[1])
    outcome = check(source + endpoint("await store.fetch(client=object())"), "--select", "TW001,TW002")
    assert outcome.codes == codes, outcome.out


ASGI = "    async def __call__(self, scope, receive, send): await self.{0}(scope, receive, send)\n"
LAYER = "class Layer:\n    def __init__(self, inner, **given): self.{0} = inner\n" + ASGI
APPLICATIONS = {
    "middleware of Starlette": "from starlette.middleware.gzip import GZipMiddleware\napp = GZipMiddleware(app)\n",
    "of uvicorn": "from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware\napp = ProxyHeadersMiddleware(app)\n",
    "two": "from starlette.middleware.gzip import GZipMiddleware\napp = GZipMiddleware(GZipMiddleware(app))\n",
    "of one's own": LAYER.format("app") + "app = Layer(app)\n",
    "that calls it something else": LAYER.format("other_asgi_app") + "app = Layer(app)\n",
    "that does, in another": LAYER.format("inner") + "from starlette.middleware.gzip import GZipMiddleware\napp = GZipMiddleware(Layer(app))\n",
    "without a dict": "class Layer:\n    __slots__ = ('app',)\n    def __init__(self, inner): self.app = inner\n" + ASGI.format("app") + "app = Layer(app)\n",
    "a factory of it": LAYER.format("app") + "made = app\ndef app(): return Layer(made)\n",
}  # fmt: skip


@pytest.mark.parametrize("around", APPLICATIONS.values(), ids=APPLICATIONS)
def test_an_application_in_middleware_is_the_one_that_is_checked(check: Check, around: str) -> None:
    """`app = Middleware(app)` hides the application from who imports it, and not from the checker."""
    outcome = check(HEAD + endpoint("time.sleep(1)") + around, "main:app", "--select", "TW001")
    assert outcome.codes == ["TW001"], outcome.out + outcome.err


@pytest.mark.parametrize("inner", ["None", "self", "held", "lambda scope, receive, send: None"])
def test_middleware_without_an_application_says_that_there_is_none(check: Check, inner: str) -> None:
    """What holds nothing, itself or another thing is no application, and looking inside of it ends."""
    layer = f"class Layer:\n    def __init__(self): self.app = {inner}\n" + ASGI.format("app")
    outcome = check(f"class Held: app = None\nheld = Held()\nheld.app = held\n{layer}app = Layer()\n", "main:app")
    assert outcome.status == 2
    assert "is not a Typeway application" in outcome.err
