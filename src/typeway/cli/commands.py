"""Declare the commands and their options, and turn failures into one line and an exit status.

Uvicorn is imported by the commands that serve, so that the others start fast.
"""

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from typeway.cli.discover import Target, find_target
from typeway.cli.failure import Failure, Misuse
from typeway.cli.load import Loaded, load
from typeway.cli.show import openapi_text, route_table
from typeway.compat.importing.launch import begin
from typeway.version import __version__

cli = typer.Typer(
    name="typeway",
    help="Run and inspect Typeway applications.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


class LogLevel(StrEnum):
    """What uvicorn logs: this level and those above it."""

    CRITICAL = "critical"
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    DEBUG = "debug"
    TRACE = "trace"


class Form(StrEnum):
    """How `typeway check` reports."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


TargetArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="APP",
        help="module:app, module, or the path of a file or package. Without it: [tool.typeway] in pyproject.toml, "
        "else main.py, app.py, api.py, here or in app/.",
    ),
]
HostOption = Annotated[str, typer.Option(help="The address to listen on.")]
PortOption = Annotated[int, typer.Option(min=0, max=65535, envvar="PORT", help="The port to listen on; 0 for any.")]
FactoryOption = Annotated[bool, typer.Option("--factory", help="APP is a function that makes the application.")]
CompatOption = Annotated[
    bool, typer.Option("--compat", help="APP is written for FastAPI: in it, `import fastapi` means Typeway.")
]
RootPathOption = Annotated[str, typer.Option(help="The prefix that a proxy in front takes off the path.")]
ProxyHeadersOption = Annotated[
    bool, typer.Option(help="Believe X-Forwarded-For and X-Forwarded-Proto of trusted proxies.")
]
ForwardedOption = Annotated[
    str | None,
    typer.Option(
        envvar="FORWARDED_ALLOW_IPS", help="The trusted proxies: addresses or networks with commas, or *.",
        show_default="127.0.0.1",
    ),
]  # fmt: skip
LogLevelOption = Annotated[LogLevel, typer.Option(help="What the server logs.")]
AccessLogOption = Annotated[bool, typer.Option(help="Log a line for each request.")]
TracebackOption = Annotated[
    bool, typer.Option("--traceback", help="Show the traceback of an error in the application.")
]


def run_command(arguments: Sequence[str] | None) -> None:
    """Run one command and exit the process: 0 done, 1 failed, 2 wrong arguments or not our application."""
    typer.main.get_command(cli).main(None if arguments is None else list(arguments), prog_name="typeway")


@contextmanager
def _one_line_failures(show_traceback: bool, status: int | None = None) -> Iterator[None]:
    """Say what failed on one line of stderr and exit; the user's own traceback comes on request.

    Parameters:
        status: what to exit with; the failure says it where it is None.
    """
    try:
        yield
    except Failure as failure:
        if show_traceback and failure.__cause__ is not None:
            traceback.print_exception(failure.__cause__)
        print(f"typeway: {failure}", file=sys.stderr)
        raise typer.Exit(failure.status if status is None else status) from failure


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"Typeway {__version__}")
        raise typer.Exit


@cli.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Run and inspect Typeway applications."""


@cli.command()
def run(
    target: TargetArgument = None,
    host: HostOption = "0.0.0.0",  # noqa: S104 (a server in production is there to be reached)
    port: PortOption = 8000,
    workers: Annotated[int, typer.Option(min=1, envvar="WEB_CONCURRENCY", help="How many processes serve.")] = 1,
    root_path: RootPathOption = "",
    proxy_headers: ProxyHeadersOption = True,
    forwarded_allow_ips: ForwardedOption = None,
    log_level: LogLevelOption = LogLevel.INFO,
    access_log: AccessLogOption = True,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
    reload: Annotated[bool, typer.Option("--reload", hidden=True)] = False,
) -> None:
    """Serve an application, as in production."""
    from typeway.cli.serve import Serving, serve

    serving = Serving(
        host=host,
        port=port,
        workers=workers,
        root_path=root_path,
        proxy_headers=proxy_headers,
        forwarded_allow_ips=forwarded_allow_ips,
        log_level=log_level.value,
        access_log=access_log,
    )
    with _one_line_failures(show_traceback):
        if reload:
            raise Misuse(f"run does not reload; use: typeway dev{f' {target}' if target else ''}")
        serve(_load(target, factory, compat), serving)


@cli.command()
def dev(
    target: TargetArgument = None,
    host: HostOption = "127.0.0.1",
    port: PortOption = 8000,
    reload: Annotated[bool, typer.Option(help="Start again when a file changes.")] = True,
    reload_dir: Annotated[
        list[Path] | None,
        typer.Option(exists=True, file_okay=False, help="A folder to watch instead of this one; may be repeated."),
    ] = None,
    root_path: RootPathOption = "",
    log_level: LogLevelOption = LogLevel.INFO,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
    workers: Annotated[int, typer.Option("--workers", hidden=True)] = 1,
) -> None:
    """Serve an application while you write it: on this machine only, started again when a file changes.

    Sets TYPEWAY_ENV=development for the application, with --compat FASTAPI_ENV too, unless the variable is set.

    What holds up the event loop for TYPEWAY_WATCHDOG seconds, 0.1 unless it is set, is logged; 0 switches that off.
    """
    from typeway.cli.serve import Serving, serve

    for name in ("TYPEWAY_ENV", "FASTAPI_ENV") if compat else ("TYPEWAY_ENV",):
        os.environ.setdefault(name, "development")
    os.environ.setdefault("TYPEWAY_WATCHDOG", "0.1")
    serving = Serving(
        host=host,
        port=port,
        reload=reload,
        reload_dirs=tuple(str(folder) for folder in reload_dir or ()),
        root_path=root_path,
        log_level=log_level.value,
    )
    with _one_line_failures(show_traceback):
        if workers != 1:
            raise Misuse(
                f"dev serves with one process; use: typeway run{f' {target}' if target else ''} --workers {workers}"
            )
        serve(_load(target, factory, compat), serving)


@cli.command()
def routes(
    target: TargetArgument = None,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """List an application's routes: methods, path, name, and where the endpoint stands."""
    from typeway.cli.ours import refuse_foreign

    with _one_line_failures(show_traceback):
        loaded = _load(target, factory, compat)
        application = loaded.application()
        print(route_table(application))
        refuse_foreign(application, loaded.import_string)


@cli.command()
def openapi(
    target: TargetArgument = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write; stdout without it.")] = None,
    indent: Annotated[int, typer.Option(min=0, help="How far to indent; 0 for one line.")] = 2,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """Write an application's OpenAPI document as JSON."""
    with _one_line_failures(show_traceback):
        _write(openapi_text(_load(target, factory, compat), indent or None), output)


@cli.command()
def check(
    target: TargetArgument = None,
    form: Annotated[Form, typer.Option("--format", help="How to report.")] = Form.TEXT,
    select: Annotated[
        list[str] | None, typer.Option(help="Rules that count, by code or its beginning, with commas; all without it.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Rules that do not count.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write; stdout without it.")] = None,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """Look for known pitfalls in an application, without serving it.

    Exits with 0 where there are none, with 1 where there are some, and with 2 where it cannot look.
    """
    from typeway.check.report import report
    from typeway.cli.check import check, choose, files_of, read_settings

    with _one_line_failures(show_traceback, status=2):
        folder = Path.cwd()
        settings = read_settings(folder)
        choice = choose(settings, select or (), ignore or ())
        found = _find(target, compat)
        files = files_of(found, settings, folder)
        findings = check(lambda: _load_found(found, factory, compat), files, choice)
        _write(report(findings, files, folder, form.value), output)
    if findings:
        raise typer.Exit(1)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print(text)
        return
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write {output}: {error.strerror}") from error


def _load(target: str | None, factory: bool, compat: bool) -> Loaded:
    return _load_found(_find(target, compat), factory, compat)


def _find(target: str | None, compat: bool) -> Target:
    return find_target(target, Path.cwd(), ("typeway", "fastapi") if compat else ("typeway",))


def _load_found(found: Target, factory: bool, compat: bool) -> Loaded:
    if compat:
        try:
            begin()
        except RuntimeError as error:
            raise Failure(str(error)) from error
    return load(found, factory=factory)
