"""The options of the commands that serve, each said once: name, type, default, help and group."""

import inspect
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer
from typer.core import TyperCommand


class Language(StrEnum):
    """The languages in which clients are made."""

    TYPESCRIPT = "ts"
    PYTHON = "python"


class DocumentFormat(StrEnum):
    """The formats in which the OpenAPI document is written."""

    JSON = "json"
    YAML = "yaml"


class LogLevel(StrEnum):
    """The levels of the server's log messages; messages below the given level are not logged."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"
    TRACE = "trace"


class LogFormat(StrEnum):
    """How log messages are written."""

    TEXT = "text"
    JSON = "json"


class HTTPClass(StrEnum):
    """What reads HTTP from the connections."""

    TYPEWAY = "typeway"
    UVICORN = "uvicorn"


LISTENING, APPLICATION, PROXY = "Where it listens", "The application", "Behind a proxy"
STOPPING, LIMITS, TLS, LOGS = "Processes and stopping", "Limits (bytes and seconds)", "TLS", "Logs"


def option(group: str, help: str, *names: str, **more: Any) -> Any:
    return typer.Option(*names, help=help, rich_help_panel=group, **more)


# The options that the other commands have as well.
FactoryOption = Annotated[bool, option(APPLICATION, "APP is a function that returns the application.", "--factory")]
CompatOption = Annotated[
    bool, option(APPLICATION, "APP is written for FastAPI: let `import fastapi` import Typeway.", "--compat")
]
TracebackOption = Annotated[
    bool, option(APPLICATION, "Show the traceback of an error in the application.", "--traceback")
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingOptions:
    """The options that `run` and `dev` have in common."""

    port: Annotated[
        int, option(LISTENING, "The port to listen on; 0 for a free one.", min=0, max=65535, envvar="PORT")
    ] = 8000
    uds: Annotated[Path | None, option(LISTENING, "A Unix socket to listen on, instead of an address.")] = None
    fd: Annotated[int | None, option(LISTENING, "The number of an open socket to listen on.", min=0)] = None
    factory: FactoryOption = False
    compat: CompatOption = False
    env_file: Annotated[
        Path | None,
        option(APPLICATION, "A file with environment variables, set before APP is imported.", exists=True),
    ] = None
    show_traceback: TracebackOption = False
    root_path: Annotated[str, option(PROXY, "The path prefix that a proxy in front of the server strips.")] = ""
    http: Annotated[HTTPClass, option(LIMITS, "What reads HTTP; the limits below are those of `typeway`.")] = (
        HTTPClass.TYPEWAY
    )
    log_level: Annotated[LogLevel, option(LOGS, "The least important level of messages that is logged.")] = (
        LogLevel.INFO
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions(ServingOptions):
    """The options of `run`."""

    # A server in production must be reachable.
    host: Annotated[str, option(LISTENING, "The address to listen on.")] = "0.0.0.0"  # noqa: S104
    backlog: Annotated[
        int, option(LISTENING, "How many connections may wait in the operating system to be accepted.", min=1)
    ] = 2048
    proxy_headers: Annotated[
        bool, option(PROXY, "Trust X-Forwarded-For and X-Forwarded-Proto from trusted proxies.")
    ] = True
    forwarded_allow_ips: Annotated[
        str | None,
        option(
            PROXY, "The trusted proxies: addresses or networks, separated by commas, or *.",
            envvar="FORWARDED_ALLOW_IPS", show_default="127.0.0.1",
        ),
    ] = None  # fmt: skip
    workers: Annotated[int, option(STOPPING, "The number of processes.", min=1, envvar="WEB_CONCURRENCY")] = 1
    graceful_timeout: Annotated[
        int, option(STOPPING, "How long requests may finish after a signal to stop, before they are cancelled.", min=0)
    ] = 30
    drain_delay: Annotated[
        float,
        option(
            STOPPING,
            "How long connections are still accepted after a signal to stop, while typeway.health.ready answers 503.",
            min=0,
        ),
    ] = 0
    max_requests: Annotated[
        int | None, option(STOPPING, "Replace a worker after this many requests, against leaking memory.", min=1)
    ] = None
    max_requests_jitter: Annotated[
        int, option(STOPPING, "Add up to this many to --max-requests, so that not all are replaced at once.", min=0)
    ] = 0
    keep_alive: Annotated[int, option(LIMITS, "How long an idle connection is kept.", min=0)] = 5
    header_timeout: Annotated[float, option(LIMITS, "How long the head of a request may take.", min=0.1)] = 15
    body_rate: Annotated[
        float, option(LIMITS, "The slowest body, in bytes per second, after 5 seconds; 0 for any.", min=0)
    ] = 240
    write_timeout: Annotated[
        float, option(LIMITS, "How long a client may leave a response unread before it is cut.", min=0.1)
    ] = 30
    request_line_size: Annotated[int, option(LIMITS, "The longest request target.", min=64)] = 8192
    header_size: Annotated[int, option(LIMITS, "The longest header field.", min=64)] = 16384
    headers_size: Annotated[int, option(LIMITS, "The largest head of a request.", min=256)] = 65536
    header_count: Annotated[int, option(LIMITS, "The largest number of header fields.", min=1)] = 100
    max_body_size: Annotated[
        int | None, option(LIMITS, "The largest body; without it, the application's own limits count.", min=0)
    ] = None
    pipeline: Annotated[int, option(LIMITS, "How many requests of one connection may wait for their turn.", min=1)] = 64
    limit_concurrency: Annotated[
        int | None, option(LIMITS, "Answer 503 above this number of connections or running requests.", min=1)
    ] = None
    ws_origin: Annotated[
        list[str] | None,
        option(LIMITS, "An origin whose pages may open WebSockets, like https://example.com; repeatable."),
    ] = None
    ws_max_size: Annotated[int, option(LIMITS, "The largest WebSocket message.", min=1)] = 16 * 1024 * 1024
    ssl_certfile: Annotated[Path | None, option(TLS, "The certificate, with its chain.", exists=True)] = None
    ssl_keyfile: Annotated[Path | None, option(TLS, "The private key of the certificate.", exists=True)] = None
    ssl_keyfile_password: Annotated[str | None, option(TLS, "The password of the private key.")] = None
    ssl_ca_certs: Annotated[
        Path | None,
        option(TLS, "The authorities whose client certificates are accepted; others are refused.", exists=True),
    ] = None
    access_log: Annotated[bool, option(LOGS, "Log every request.")] = True
    log_format: Annotated[LogFormat, option(LOGS, "Lines of text, or one JSON object per message.")] = LogFormat.TEXT
    log_config: Annotated[
        Path | None,
        option(LOGS, "A file in the format of logging.config (JSON, YAML or INI), instead of the above.", exists=True),
    ] = None
    reload: Annotated[bool, typer.Option("--reload", hidden=True)] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DevOptions(ServingOptions):
    """The options of `dev`."""

    host: Annotated[str, option(LISTENING, "The address to listen on.")] = "127.0.0.1"
    reload: Annotated[bool, option(APPLICATION, "Restart when a file changes.")] = True
    reload_dir: Annotated[
        list[Path] | None,
        option(
            APPLICATION, "A folder to watch instead of the current one; repeatable.", exists=True, file_okay=False
        ),
    ] = None  # fmt: skip
    full_traceback: Annotated[
        bool,
        option(
            LOGS, "Show every frame of an unhandled error, not only those in your files.", "--full-traceback"
        ),
    ] = False  # fmt: skip
    workers: Annotated[int, typer.Option("--workers", hidden=True)] = 1


def taking(kind: type[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Let a command take a record of options, and show its fields as options of the command.

    The command is called with its other parameters and `options`, an instance of the record.
    """
    hints = get_type_hints(kind, include_extras=True)
    names = [entry.name for entry in fields(kind)]
    keyword = inspect.Parameter.KEYWORD_ONLY

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        def call(**given: Any) -> None:
            options = kind(**{name: given.pop(name) for name in names})
            command(**given, options=options)

        own = [entry for entry in inspect.signature(command).parameters.values() if entry.name != "options"]
        shown = [
            inspect.Parameter(entry.name, keyword, annotation=hints[entry.name], default=entry.default)
            for entry in fields(kind)
            if entry.default is not MISSING
        ]
        parameters = [entry.replace(kind=keyword) for entry in own] + shown
        call.__name__, call.__doc__ = command.__name__, command.__doc__
        shown_call: Any = call
        shown_call.__signature__ = inspect.Signature(parameters)
        call.__annotations__ = {entry.name: entry.annotation for entry in parameters}
        return call

    return decorate


class Grouped(TyperCommand):
    """A command whose help shows its options in groups."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments first, then the options, each group under its title, those without a group last."""
        groups: dict[str, list[tuple[str, str]]] = {}
        for parameter in sorted(self.get_params(ctx), key=position):
            record = parameter.get_help_record(ctx)
            if record is not None:
                groups.setdefault(group_of(parameter), []).append(record)
        for title, records in groups.items():
            with formatter.section(title):
                formatter.write_dl(records)


def group_of(parameter: Any) -> str:
    return getattr(parameter, "rich_help_panel", None) or (
        "Arguments" if parameter.param_type_name == "argument" else "Other options"
    )


def position(parameter: Any) -> int:
    """Return the rank of a parameter's group in the help."""
    order = ("Arguments", LISTENING, APPLICATION, STOPPING, LIMITS, PROXY, TLS, LOGS, "Other options")
    return order.index(group_of(parameter))
