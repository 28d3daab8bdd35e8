"""Parameters in the path, the query string, headers and cookies."""

import datetime as dt
import decimal
import enum
import uuid
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    AliasChoices,
    AliasPath,
    AnyUrl,
    BeforeValidator,
    Field,
    Json,
    SecretStr,
    StringConstraints,
)

from tests.conformance.cases import case
from tests.describe.applications.models import Color, Level
from tests.frameworks import asked


@case("GET /3/red/x /x/red/x /3/green/x /3/red/toolong /3/red/%20 /0/red/x /3.0/red/x /-1/red/x /%31/red/x")
def path(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/{number}/{color}/{text}")
    def read(
        number: Annotated[int, web.Path(ge=1, title="N")],
        color: Color,
        text: str = web.Path(max_length=3, pattern="^[a-z]"),
    ):
        return [number, color, text]

    return app


@case("GET /1/2/3/4 /x/2/3/4 /1/x/x/x")
def path_aliases(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/{a-b}/{va}/{second}/{own}")
    def read(
        a: int = web.Path(alias="a-b"),
        b: int = web.Path(alias="ignored", validation_alias="va"),
        c: int = web.Path(validation_alias=AliasChoices("first", "second")),
        own: int = web.Path(serialization_alias="other"),
    ):
        return [a, b, c, own]

    return app


@case("GET /1 /x /true /2020-01-01")
def path_unions(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/{value}")
    def read(value: int | bool | dt.date | str):
        return repr(value)

    return app


@case("GET /7", document=False)
def a_default_of_an_inferred_path_parameter(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/{value}")
    def read(value: int = 3):
        return value

    return app


@case(
    "GET / /?n=1 /?n= /?n /?n=x /?n=1&n=2 /?n=1&s=&s=b /?n=1&m= /?n=1&m=null /?n=1.0 /?n=%201%20 /?n=1_000 /?n=1e3",
    "GET /?n=1&b=yes /?n=1&b=ON /?n=1&b=2 /?n=1&b= /?n=9007199254740993 /?n=1&f=nan /?n=1&f=inf&d=NaN /?&&n=1&",
    "GET /?n=1;s=2 /?n=+1 /?n=%2B1 /?%6E=1 /?n=1&s=%ff /?n=1&s=a+b%20c /?n=%E0%B8%93 /?N=1",
)
def query_scalars(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(
        n: int,
        m: int | None = None,
        s: str = "default",
        b: bool = False,
        f: float = 1.5,
        d: decimal.Decimal | None = None,
    ):
        return repr([n, m, s, b, f, d])

    return app


@case(
    "GET /",
    "GET /?moment=2020-01-01T00:00:00%2B01:00 /?moment=1577836800 /?moment=x /?day=2020-01-32 /?span=PT1H /?span=90",
    "GET /?key=x /?key=12345678-1234-5678-1234-567812345678 /?color=red&level=2 /?color=RED /?level=low /?literal=1",
    "GET /?literal=x /?url=http://x.y /?url=x /?secret=s /?raw=%ff /?raw=a /?anything=1 /?parsed=[1] /?parsed=[x] /?at=12:30",
)
def query_types(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(
        moment: dt.datetime | None = None,
        day: dt.date = dt.date(2020, 1, 1),
        at: dt.time | None = None,
        span: dt.timedelta = dt.timedelta(hours=1),
        key: uuid.UUID | None = None,
        color: Color = Color.red,
        level: Level = Level.low,
        literal: Literal["x", 1] = "x",
        url: AnyUrl | None = None,
        secret: SecretStr = SecretStr("abc"),
        raw: bytes = b"x",
        anything: Any = None,
        parsed: Annotated[Json[list[int]] | None, web.Query()] = None,
    ):
        return repr([moment, day, at, span, key, color, level, literal, url, secret, raw, anything, parsed])

    return app


@case(
    "GET / /?a=1 /?a=1&a=2 /?a= /?a=x&a=1 /?s=1&s=1 /?t=1&t=x /?t=1 /?o=1 /?u=1 /?u=1&u=2 /?q=a&q=b&q= /?e=red&e=blue"
)
def query_lists(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(
        a: list[int] = web.Query([]),
        s: Annotated[set[int], web.Query(max_length=1)] = {3},  # noqa: B006  what is shared is tested below
        t: tuple[int, str] = web.Query((1, "x")),
        o: list[int] | None = web.Query(None),
        u: int | list[int] = web.Query(0),
        q: Annotated[list[str], web.Query(min_length=2)] = ["d"],  # noqa: B006
        e: list[Color] = web.Query([]),
    ):
        return repr([a, s, t, o, u, q, e])

    return app


@case("GET / /?more=1 /", document=False)
def defaults_are_not_shared(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(more: bool = False, a: list[int] = web.Query([]), b: list[int] = web.Query(default_factory=list)):
        if more:
            a.append(1)
            b.append(1)
        return [a, b]

    return app


@case(
    "GET /?A%20A=1 /?va=1 /?a=1 /?A%20A=1&va=x&b_1=1&c2=1 /?va=1&b_1=1&c2=2&c1=1 /?va=1&b=1&c=1 /?va=1&b_1=1&c1=1&p=7&p=8",
    "GET /?va=1&b_1=1&c1=1&title=1",
)
def query_aliases(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(
        a: int = web.Query(alias="A A", validation_alias="va"),
        b: int = web.Query(alias="b_1", serialization_alias="bs", title="title"),
        c: int = web.Query(validation_alias=AliasChoices("c1", "c2")),
        d: int = web.Query(0, validation_alias=AliasPath("p", 1)),
    ):
        return [a, b, c, d]

    return app


@case(
    "GET /?gt=1&le=6 /?gt=0 /?le=5 /?step=3 /?step=4 /?text=abc /?text=ABC /?text=a /?text=abcdef /?finite=inf /?digits=1.234",
    "GET /?strict=1 /?many=1&many=2&many=3",
)
def constraints(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(
        gt: int = web.Query(1, gt=0, lt=10),
        le: float = web.Query(1, ge=0, le=5),
        step: int = web.Query(0, multiple_of=4),
        text: str = web.Query("abc", min_length=2, max_length=5, pattern="^[a-z]+$"),
        finite: float = web.Query(1, allow_inf_nan=False),
        digits: decimal.Decimal = web.Query(decimal.Decimal(1), max_digits=3, decimal_places=1),
        strict: int = web.Query(1, strict=True),
        many: list[int] = web.Query([], max_length=2),
    ):
        return repr([gt, le, step, text, finite, digits, strict, many])

    return app


@case("GET / /?a=5 /?a=1 /?b=%20x%20 /?c=x /?c=3 /?d=1,2 /?e=7", document=True)
def metadata_of_other_libraries(web: Any) -> Any:
    def odd(value: int) -> int:
        if value % 2 == 0:
            raise ValueError("even")
        return value

    app = web.FastAPI()

    @app.get("/")
    def read(
        a: Annotated[int, Field(ge=3, description="three"), web.Query(le=9)] = 3,
        b: Annotated[str, StringConstraints(strip_whitespace=True, to_upper=True)] = "b",
        c: Annotated[int, AfterValidator(odd)] = 1,
        d: Annotated[list[int], BeforeValidator(lambda value: value[0].split(",")), web.Query()] = [],  # noqa: B006
        e: Annotated[int, Field(gt=1), Field(lt=5)] = 2,
    ):
        return repr([a, b, c, d, e])

    return app


@case("GET / /?a=1", document=False)
def defaults_are_validated_on_demand(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(a: int = web.Query("x"), b: int = web.Query("3", validate_default=True)):
        return repr([a, b])

    return app


@case(
    asked("GET /", headers=[("x-token", "t")]),
    asked("GET /", headers=[("X-TOKEN", "t"), ("x-number", "3")]),
    asked("GET /", headers=[("x_token", "t")]),
    asked("GET /", headers=[("x-token", ""), ("x-number", "")]),
    asked("GET /", headers=[("x-token", "a"), ("x-token", "b")]),
    asked("GET /", headers=[("x-token", "t"), ("x-many", "a, b"), ("x-many", "c")]),
    asked("GET /", headers=[("x-token", "t"), ("literal_name", "l"), ("Own_Alias", "o")]),
    asked("GET /", headers=[("x-token", b"\xe9\xff"), ("x-number", " 3 ")]),
    asked("GET /", headers={"x-token": "t", "user-agent": "me"}),
)
def headers(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(
        x_token: Annotated[str, web.Header()],
        user_agent: str | None = web.Header(None),
        x_number: int | None = web.Header(None, ge=1),
        x_many: list[str] = web.Header([]),
        literal_name: str = web.Header("-", convert_underscores=False),
        own: str = web.Header("-", alias="Own_Alias"),
        chosen: str = web.Header("-", validation_alias=AliasChoices("x-first", "x-second")),
    ):
        return [x_token, user_agent == "testclient", x_number, x_many, literal_name, own, chosen]

    return app


@case(
    asked("GET /", headers={"cookie": "session=abc; n=3"}),
    asked("GET /", headers={"cookie": "session=abc; n=x"}),
    asked("GET /", headers={"cookie": "n=1"}),
    asked("GET /", headers={"cookie": "session=a; session=b; n=1; n=2"}),
    asked("GET /", headers=[("cookie", "session=a"), ("cookie", "n=5")]),
    asked("GET /", headers={"cookie": 'session="quoted; x"; e-e=1'}),
    asked("GET /", headers={"cookie": "session; =x; e-e=%20; n="}),
    asked("GET /", headers={"cookie": "session=; many=a; many=b"}),
)
def cookies(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(
        session: Annotated[str, web.Cookie(min_length=1)],
        n: int = web.Cookie(0),
        aliased: str = web.Cookie("-", alias="e-e"),
        many: list[str] = web.Cookie([]),
    ):
        return [session, n, aliased, many]

    return app


@case("GET /1?q=x /x?q=1 /x", asked("GET /x", headers={"h": "x", "cookie": "c=x"}))
def errors_in_every_location(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/{p}")
    def read(c: int = web.Cookie(), h: int = web.Header(), q: int = web.Query(), p: int = web.Path()):
        return [p, q, h, c]

    return app


@case("GET /?first=1&second=2 /?self=1", document=True)
def names_that_mean_something_else(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(
        first: int = 0, self: str = "s", model_config: str = "m", schema: str = "c", validate: int = 0, _hidden: int = 0,
        copy: str = "", json: str = "", dict: str = "",
    ):  # fmt: skip
        return [first, self, model_config, schema, validate, _hidden, copy, json, dict]

    return app


@case("GET /?args=1&kwargs=2 /", document=True)
def variable_arguments(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(*args, **kwargs):
        return [args, kwargs]

    return app


@case("GET /?a=1&b=2 /?a=1")
def kinds_of_parameters(web: Any) -> Any:
    app = web.FastAPI()

    @app.get("/")
    def read(a: int, b: int = 1, *, c: int = 2):
        return [a, b, c]

    return app


@case("GET /?status=on /?status=x /?state=1")
def texts_of_enumerations(web: Any) -> Any:
    class Status(str, enum.Enum):  # noqa: UP042  applications have these
        """The docstring."""

        on = "on"
        off = "off"

    class State(enum.IntFlag):
        one = 1
        two = 2

    app = web.FastAPI()

    @app.get("/")
    def read(status: Status = Status.off, state: State | None = None, several: list[Status] = web.Query([Status.on])):
        return [status, repr(state), several]

    return app
