"""Which errors leave an endpoint as a 500: what is around it, what was asked before, and what is raised in their place."""

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from tests.check.test_rules import HEAD, endpoint

CONVERTS = "@app.get('/x/{key}'){around}\ndef show(key: str) -> Any: return int(key)\n"
MIDDLEWARE = """
@app.middleware("http")
async def middleware(request: Request, go_on):
{body}
"""
AROUND = {
    "answers": "    try: return await go_on(request)\n    except ValueError: return JSONResponse({}, 400)",
    "logs and raises again": "    try: return await go_on(request)\n    except ValueError:\n        print('x')\n        raise",
    "raises another one": "    try: return await go_on(request)\n    except ValueError as error: raise HTTPException(400) from error",
    "tries something else": "    try: request.scope['x']\n    except KeyError: pass\n    return await go_on(request)",
    "answers another one": "    try: return await go_on(request)\n    except KeyError: return JSONResponse({}, 400)",
    "only cleans up": "    try: return await go_on(request)\n    finally: print('x')",
}


@pytest.mark.parametrize("body", AROUND.values(), ids=AROUND)
def test_middleware_answers_only_what_it_catches_behind_it(check: Check, body: str) -> None:
    """A `try` around something else, and a handler that raises the same again, answer nothing."""
    expected = [] if body in (AROUND["answers"], AROUND["raises another one"]) else ["TW017"]
    source = HEAD + MIDDLEWARE.replace("{body}", body) + CONVERTS.replace("{around}", "")
    assert check(source, "--all", "--select", "TW017").codes == expected


ASGI = """
class Around:
    def __init__(self, app): self.inner = app
    async def __call__(self, scope, receive, send):
{body}
app.add_middleware(Around)
"""
CALLS = {
    "answers another one": (
        "        try: await self.inner(scope, receive, send)\n        except KeyError: pass",
        ["TW017"],
    ),
    "answers some": (
        "        try: await self.inner(scope, receive, send)\n        except (KeyError, ValueError): pass",
        [],
    ),
    "answers what is missing in the scope": (
        "        try: scope['x']\n        except ValueError: pass\n        await self.inner(scope, receive, send)",
        ["TW017"],
    ),
    "answers": ("        try: await self.inner(scope, receive, None)\n        except ValueError: pass", []),
    "reads a setting": (
        "        try: self.level\n        except AttributeError: pass\n        await self.inner(scope, receive, send)",
        ["TW017"],
    ),
}


@pytest.mark.parametrize(("body", "codes"), CALLS.values(), ids=CALLS)
def test_asgi_middleware_answers_only_what_it_catches_behind_it(check: Check, body: str, codes: list[str]) -> None:
    """Whatever the attribute is called that holds what comes next."""
    source = HEAD + ASGI.replace("{body}", body) + CONVERTS.replace("{around}", "")
    assert check(source, "--all", "--select", "TW017").codes == codes


BY_HAND = """
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount, Router as Plain
class Around:
    def __init__(self, app): self.inner = app
    async def __call__(self, scope, receive, send):
        try: await self.inner(scope, receive, send)
        except ValueError as error:
            {then}
class Dispatching(BaseHTTPMiddleware):
    async def dispatch(self, request, call_next):
        try: return await call_next(request)
        except ValueError as error:
            {then}
inner = Router()
@inner.get('/x/{key}')
def show(key: str) -> Any: return int(key)
"""
PLACES = {
    "around a router": ("app.mount('/in', Around(inner))", True),
    "around a router, twice": ("app.mount('/in', Around(Dispatching(inner)))", True),
    "around a router, with dispatch": ("app.mount('/in', Dispatching(inner))", True),
    "at a mount": ("app.router.routes.append(Mount('/in', app=inner, middleware=[Middleware(Around)]))", True),
    "around a router in a router": ("app.mount('/out', Around(Plain([Mount('/in', app=inner)])))", True),
    "around nothing": ("app.mount('/in', inner)", False),
    "around another router": ("app.mount('/out', Around(Router()))\napp.mount('/in', inner)", False),
    "around an application": ("sub = Typeway()\nsub.include_router(inner)\napp.mount('/in', Around(sub))", False),
    "around the whole": ("app.include_router(inner)\napp = Around(app)", False),
}


@pytest.mark.parametrize(("place", "is_inside"), PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("then", ["return JSONResponse({}, 400)", "raise"])
def test_what_is_put_around_a_router_by_hand_answers(check: Check, place: str, is_inside: bool, then: str) -> None:
    """Around a whole application it comes too late: that has sent its 500 before it raises the error again."""
    source = f"{HEAD}{BY_HAND.replace('{then}', then)}{place}\n"
    expected = [] if is_inside and then != "raise" else ["TW017"]
    assert check(source, "main:app", "--all", "--select", "TW017").codes == expected


def test_a_wrapper_that_wraps_itself_ends(check: Check) -> None:
    """What an endpoint wraps is looked for in a limited number of wrappers."""
    source = HEAD + "def wrap(inner):\n    def wrapper(*args, **kwargs): return inner(*args, **kwargs)\n"
    source += "    wrapper.__wrapped__ = wrapper\n    wrapper.__signature__ = __import__('inspect').signature(inner)\n    return wrapper\n"
    source += CONVERTS.replace("{around}", "\n@wrap")
    assert check(source, "--all", "--select", "TW017").status in (0, 1)


ROUTE = """
from typeway.routing import APIRoute
class Logged(APIRoute):
    def get_route_handler(self):
        handler = super().get_route_handler()
        async def handle(request: Request):
{body}
        return handle
app.router.route_class = Logged
"""


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("            print('x')\n            return await handler(request)", ["TW017"]),
        (
            "            try: return await handler(request)\n            except ValueError: return JSONResponse({}, 400)",
            [],
        ),
    ],
    ids=["logs", "answers"],
)
def test_a_route_class_answers_only_what_it_catches(check: Check, body: str, codes: list[str]) -> None:
    """Most of them log or measure."""
    source = HEAD + ROUTE.replace("{body}", body) + CONVERTS.replace("{around}", "")
    assert check(source, "--all", "--select", "TW017").codes == codes


WRAPPERS = {
    "passes all on": ("return inner(*args, **kwargs)", ["TW017"]),
    "catches": ("try: return inner(*args, **kwargs)\n        except ValueError: raise HTTPException(400)", []),
    "logs and raises again": (
        "try: return inner(*args, **kwargs)\n        except ValueError:\n            print('x')\n            raise",
        ["TW017"],
    ),
    "asks an own function before": (
        "try: return inner(*args, **kwargs)\n        except ValueError as error:\n            answer(error)\n            raise",
        [],
    ),
    "raises another by its name": (
        "try: return inner(*args, **kwargs)\n        except ValueError as e:\n            e = HTTPException(400)\n            raise e",
        [],
    ),
    "passes something else": ("return inner(*args, key='1')", []),
}


@pytest.mark.parametrize(("body", "codes"), WRAPPERS.values(), ids=WRAPPERS)
def test_an_own_wrapper_passes_errors_on(check: Check, body: str, codes: list[str]) -> None:
    """What a wrapper is given by name, the endpoint gets, and its errors leave the wrapper too."""
    wrapper = "def wrap(inner):\n    @functools.wraps(inner)\n    def wrapper(*args, **kwargs):\n        {}\n    return wrapper\n"
    source = HEAD + wrapper.replace("{}", body) + CONVERTS.replace("{around}", "\n@wrap")
    assert check(source, "--all", "--select", "TW017").codes == codes


def test_a_wrapper_of_another_package_may_do_anything(check: Check) -> None:
    """Also below an own one."""
    source = HEAD + "known = {}\nexec(compile('''\ndef foreign(inner):\n    def wrapper(*args, **kwargs):\n"
    source += "        try: return inner(*args, **kwargs)\n        except ValueError: return None\n"
    source += (
        "    return functools.wraps(inner)(wrapper)\n''', '<foreign>', 'exec'), {'functools': functools}, known)\n"
    )
    source += "foreign = known['foreign']\n"
    source += "def own(inner):\n    return functools.wraps(inner)(lambda *args, **kwargs: inner(*args, **kwargs))\n"
    for around in ("\n@foreign", "\n@own\n@foreign", "\n@foreign\n@own"):
        assert check(source + CONVERTS.replace("{around}", around), "--all", "--select", "TW017").codes == [], around


ABSENT = """
class NotFoundError(Exception):
    def __init__(self, key):
        super().__init__(key){more}
def find(key):
    if key == '1': raise NotFoundError(key)
def change(key):
    if key == '1': raise NotFoundError(key)
@app.post('/x/{key}')
def show(key: str, other: str) -> Any:
    try: find({first})
    except NotFoundError: raise HTTPException(404)
    change(key)
"""


@pytest.mark.parametrize(("first", "codes"), [("key", []), ("other", ["TW017"])])
def test_what_was_there_a_line_before_is_there(check: Check, first: str, codes: list[str]) -> None:
    """Where the same was looked for and answered, only a race brings the error about."""
    source = HEAD + ABSENT.replace("{first}", first).replace("{more}", "")
    assert check(source, "--select", "TW017").codes == codes


def test_an_error_that_raises_another_one_leaves_nothing(check: Check) -> None:
    """An own class whose `__init__` raises an HTTPException never gets further."""
    source = HEAD + ABSENT.replace("{first}", "other").replace("{more}", "\n        raise HTTPException(404)")
    assert check(source, "--all", "--select", "TW017").codes == []


LOOKED = """
TABLE, OTHERS = {1: 'a'}, {2: 'b'}
class NotFoundError(Exception): ...
def find(key):
    if key not in TABLE: raise NotFoundError(key)
    return TABLE[key]
@app.get('/x/{key}')
async def show(key: int) -> Any:
"""
ASKED = {
    "keys": ("if key in TABLE.keys(): return find(key)", []),
    "a set": ("if key in set(TABLE): return find(key)", []),
    "what is sorted": ("return key in sorted(TABLE.keys()) and find(key)", []),
    "keys of another one": ("if key in OTHERS.keys(): return find(key)", ["TW017"]),
    "nothing": ("return find(key)", ["TW017"]),
}


@pytest.mark.parametrize(("body", "codes"), ASKED.values(), ids=ASKED)
def test_what_has_the_same_members_is_asked_before(check: Check, body: str, codes: list[str]) -> None:
    """A table, its keys, and a set of them have the same in them."""
    assert check(f"{HEAD}{LOOKED}    {body}\n", "--all", "--select", "TW017").codes == codes


TRIED = {
    "leaves": ("try: int(key)\nexcept ValueError: return None", []),
    "raises": ("try: number = int(key)\nexcept ValueError as error: raise HTTPException(400) from error", []),
    "goes on": ("try: int(key)\nexcept ValueError: print(key)", ["TW017"]),
    "tries something else": ("try: int(other)\nexcept ValueError: return None", ["TW017"]),
}


@pytest.mark.parametrize(("before", "codes"), TRIED.values(), ids=TRIED)
def test_what_has_been_tried_before_does_not_fail(check: Check, before: str, codes: list[str]) -> None:
    """The same conversion in a `try` before, which goes no further where it fails."""
    lines = "".join(f"    {line}\n" for line in [*before.splitlines(), "return int(key)"])
    source = f"{HEAD}@app.get('/x/{{key}}')\nasync def show(key: str, other: str) -> Any:\n{lines}"
    assert check(source, "--all", "--select", "TW017").codes == codes


@pytest.mark.parametrize(
    ("handler", "codes"), [("json.JSONDecodeError", []), ("ValueError", []), ("KeyError", ["TW017"])]
)
def test_json_that_is_no_json_raises_its_own_error(check: Check, handler: str, codes: list[str]) -> None:
    """`except json.JSONDecodeError` catches all that `json.loads` raises about a text."""
    body = f"    try: return json.loads(text)\n    except {handler}: raise HTTPException(400)\n"
    source = f"{HEAD}import json\n@app.get('/x')\ndef show(text: str) -> Any:\n{body}"
    assert check(source, "--all", "--select", "TW017").codes == codes


FLAGS = {
    "a setting": ("if settings.TESTING:", []),
    "a global": ("if TESTING:", []),
    "of pytest": ("if settings.is_pytest_run:", []),
    "what a client sends": ("if testing:", ["TW001"]),
    "not": ("if not settings.TESTING:", ["TW001"]),
    "another setting": ("if settings.TEST_MODE:", ["TW001"]),
}


@pytest.mark.parametrize(("test", "codes"), FLAGS.values(), ids=FLAGS)
def test_what_runs_only_in_tests_blocks_nobody(check: Check, test: str, codes: list[str]) -> None:
    """Nobody serves an application whose settings say that its tests run."""
    settings = "class Settings:\n    def __init__(self): self.TESTING = self.TEST_MODE = self.is_pytest_run = bool(time.time() < 0)\n"
    source = HEAD + settings + "settings = Settings()\nTESTING = bool(time.time() < 0)\n"
    body = endpoint(f"{test}\n    time.sleep(1)").replace("show()", "show(testing: bool = False)")
    assert check(source + body, "--all", "--select", "TW001").codes == codes


def test_the_backend_of_authentication_runs_for_every_request(check: Check) -> None:
    """What the middleware asks who is there, it asks on the event loop."""
    source = HEAD + "from starlette.authentication import AuthenticationBackend\n"
    source += "from starlette.middleware.authentication import AuthenticationMiddleware\n"
    source += "class Backend(AuthenticationBackend):\n    async def authenticate(self, conn):\n        make_session().get(User, 1)\n"
    source += "app.add_middleware(AuthenticationMiddleware, backend=Backend())\n"
    assert check(source + endpoint("await pause()"), "--all").codes == ["TW001"]
