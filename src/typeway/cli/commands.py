"""Declare the commands and their options, and print a failure as one line with an exit status.

Only the commands that serve import uvicorn, so that the others start fast.
"""

import os
import shlex
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from typeway.cli.discover import AppLocation, find_app
from typeway.cli.error import CommandError, UsageError
from typeway.cli.load import Loaded, load
from typeway.cli.options import (
    CompatOption,
    DevOptions,
    FactoryOption,
    Grouped,
    RunOptions,
    TracebackOption,
    taking,
)
from typeway.cli.show import openapi_text, plan_lines, route_table, routes_json
from typeway.compat.importing.launch import begin
from typeway.version import __version__

cli = typer.Typer(
    name="typeway",
    help="Run and inspect Typeway applications.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"auto_envvar_prefix": "TYPEWAY"},
)


class ReportFormat(StrEnum):
    """The formats in which `typeway check` prints its findings."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"


AppArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="APP",
        help="The application: module:app, module, or the path of a file or package. Without it: the setting in "
        "[tool.typeway] of pyproject.toml, or else main.py, app.py or api.py, in this folder or in app/.",
    ),
]


def run_command(arguments: Sequence[str] | None) -> None:
    """Run one command and exit the process: 0 for success, 1 for a failure, 2 for wrong usage."""
    typer.main.get_command(cli).main(None if arguments is None else list(arguments), prog_name="typeway")


@contextmanager
def _one_line_failures(show_traceback: bool, status: int | None = None) -> Iterator[None]:
    """Print a failure as one line on stderr and exit; the traceback of the application is printed on request.

    Parameters:
        show_traceback: whether to print the traceback.
        status: the exit status; None for that of the failure.
    """
    try:
        yield
    except CommandError as error:
        if show_traceback and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        print(f"typeway: {error}", file=sys.stderr)
        raise typer.Exit(error.status if status is None else status) from error


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


@cli.command(cls=Grouped)
@taking(RunOptions)
def run(target: AppArgument = None, *, options: RunOptions) -> None:
    """Serve an application in production.

    Each option can also come from the environment: TYPEWAY_RUN_GRACEFUL_TIMEOUT=60 is --graceful-timeout 60.
    """
    from typeway.cli.serve import serve

    with _one_line_failures(options.show_traceback):
        if options.reload:
            raise UsageError(f"run does not reload; use: typeway dev{f' {target}' if target else ''}")
        _read_environment(options.env_file)
        serve(_load(target, options.factory, options.compat), options)


@cli.command(cls=Grouped)
@taking(DevOptions)
def dev(target: AppArgument = None, *, options: DevOptions) -> None:
    """Serve an application during development: on this machine only, with a restart when a file changes.

    Sets TYPEWAY_ENV=development for the application, and with --compat FASTAPI_ENV as well, unless the variable is set.

    Code that blocks the event loop for TYPEWAY_WATCHDOG seconds (default: 0.1) is logged; 0 switches that off.
    """
    from typeway.cli.serve import serve

    for name in ("TYPEWAY_ENV", "FASTAPI_ENV") if options.compat else ("TYPEWAY_ENV",):
        os.environ.setdefault(name, "development")
    os.environ.setdefault("TYPEWAY_WATCHDOG", "0.1")
    with _one_line_failures(options.show_traceback):
        if options.workers != 1:
            raise UsageError(
                f"dev serves with one process; use: typeway run{f' {target}' if target else ''} "
                f"--workers {options.workers}"
            )
        _read_environment(options.env_file)
        serve(_load(target, options.factory, options.compat), options)


@cli.command()
def routes(
    target: AppArgument = None,
    plan: Annotated[bool, typer.Option("--plan", help="Show which functions each route calls, in order.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """List the routes of an application: methods, path, name, where the endpoint is defined, and policies."""
    from typeway.cli.framework import require_typeway

    with _one_line_failures(show_traceback):
        loaded = _load(target, factory, compat)
        application = loaded.application()
        if plan and as_json:
            raise UsageError("--json shows the routes without their plans: leave out --plan or --json")
        show = routes_json if as_json else route_table
        print(plan_lines(application, loaded.folder) if plan else show(application))
        require_typeway(application, loaded.import_string)


@cli.command()
def openapi(
    target: AppArgument = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write; default: stdout.")] = None,
    indent: Annotated[int, typer.Option(min=0, help="The number of spaces per level; 0 for one line.")] = 2,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """Write the OpenAPI document of an application as JSON."""
    with _one_line_failures(show_traceback):
        _write(openapi_text(_load(target, factory, compat), indent or None), output)


@cli.command()
def check(
    target: AppArgument = None,
    report_format: Annotated[
        ReportFormat, typer.Option("--format", help="The format of the report.")
    ] = ReportFormat.TEXT,
    select: Annotated[
        list[str] | None,
        typer.Option(help="The rules to check, as codes or their first letters, separated by commas; default: all."),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="The rules to leave out.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write; default: stdout.")] = None,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """Check an application for known pitfalls, without serving it.

    Exits with 0 if there are no findings, with 1 if there are some, and with 2 if the application cannot be checked.
    """
    from typeway.check.report import report
    from typeway.cli.check import check, choose, files_of, read_settings

    with _one_line_failures(show_traceback, status=2):
        folder = Path.cwd()
        settings = read_settings(folder)
        choice = choose(settings, select or (), ignore or ())
        location = _find(target, compat)
        files = files_of(location, settings, folder)
        findings = check(lambda: _load_from(location, factory, compat), files, choice)
        _write(report(findings, files, folder, report_format.value), output)
    if findings:
        raise typer.Exit(1)


@cli.command()
def explain(
    topics: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="TOPIC",
            help="Codes of rules, such as TW001, and names of exceptions, such as DeclarationError. Without one: all topics are listed.",
        ),
    ] = None,
) -> None:
    """Print the page of a rule of `typeway check`, or of an exception: what is wrong, why, examples, the fix, and the address.

    The pages are part of the package: no network is needed.
    """
    from typeway.cli import explain as pages

    with _one_line_failures(show_traceback=False):
        print(pages.explain(topics or ()))


@cli.command()
def migrate(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The folder of the project, or one file.")] = Path(),
    target: AppArgument = None,
    tests: Annotated[bool, typer.Option("--tests", help="Run the tests on both frameworks, and compare them.")] = False,
    test_args: Annotated[str, typer.Option(help="Further arguments of pytest, for example: 'tests -x'.")] = "",
    test_timeout: Annotated[float, typer.Option(help="How long the tests may take on each, in seconds.")] = 600,
    write: Annotated[bool, typer.Option("--write", help="Change the imports of FastAPI, and nothing else.")] = False,
    json_output: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write; default: stdout.")] = None,
    factory: FactoryOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """Report what a project that is written for FastAPI will find different on Typeway.

    Reads its source and its requirements, loads its application in processes of their own on FastAPI, if that is installed, in compat
    mode and with Typeway's own conventions, and compares routes and OpenAPI documents. Nothing is changed without --write.

    Exits with 0 if nothing needs a decision, with 1 if something does, and with 2 if the project cannot be looked at.
    """
    from typeway.cli import migrate as migration
    from typeway.migrate.finding import as_json, as_text

    with _one_line_failures(show_traceback, status=2):
        arguments = shlex.split(test_args) if tests else None
        report = migration.migrate(path, target, factory=factory, tests=arguments, seconds=test_timeout)
        _write(as_json(report) if json_output else as_text(report), output)
        if write:
            print("\n".join(migration.write(path)), file=sys.stderr)
    if not report.is_clear:
        raise typer.Exit(1)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        print(text)
        return
    try:
        output.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot write {output}: {error.strerror}") from error


def _read_environment(file: Path | None) -> None:
    """Set the environment variables of a file that are not set yet; other processes inherit them."""
    if file is not None:
        from dotenv import load_dotenv

        load_dotenv(file)


def _load(target: str | None, factory: bool, compat: bool) -> Loaded:
    return _load_from(_find(target, compat), factory, compat)


def _find(target: str | None, compat: bool) -> AppLocation:
    return find_app(target, Path.cwd(), ("typeway", "fastapi") if compat else ("typeway",))


def _load_from(location: AppLocation, factory: bool, compat: bool) -> Loaded:
    if compat:
        try:
            begin()
        except RuntimeError as error:
            raise CommandError(str(error)) from error
    return load(location, factory=factory)
