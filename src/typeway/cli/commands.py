"""Declare the commands and their options, and print a failure as one line with an exit status.

Only the commands that serve import uvicorn, so that the others start fast.
"""

import functools
import os
import shlex
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Final, ParamSpec

import typer
from typer.core import TyperCommand

from typeway.cli.add import add_auth, add_docker, add_resource
from typeway.cli.discover import find_app
from typeway.cli.error import CommandError, UsageError, print_failure
from typeway.cli.leave import leave
from typeway.cli.load import Loaded, load
from typeway.cli.new import new
from typeway.cli.options import (
    APPLICATION,
    CompatOption,
    DevOptions,
    DocumentFormat,
    FactoryOption,
    Grouped,
    Language,
    RunOptions,
    TracebackOption,
    option,
    taking,
)
from typeway.cli.output import prints_on_stderr, write_output
from typeway.scaffold.error import ScaffoldError
from typeway.version import __version__

Parameters = ParamSpec("Parameters")

cli: Final[typer.Typer] = typer.Typer(
    name="typeway",
    help="Run and inspect Typeway applications.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"auto_envvar_prefix": "TYPEWAY", "help_option_names": ["-h", "--help"]},
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
        "[tool.typeway] or [tool.fastapi] of pyproject.toml, or else main.py, app.py, api.py or server.py, in this folder, in "
        "app/ or below src/. Without an application in it, its function create_app() or make_app().",
    ),
]


def run_command(arguments: Sequence[str] | None) -> None:
    """Run one command and exit the process: 0 for success, 1 for a failure, 2 for wrong usage."""
    try:
        typer.main.get_command(cli).main(None if arguments is None else list(arguments), prog_name="typeway")
    except SystemExit as ended:
        if arguments is None and sys.argv[1:2] == ["check"]:
            leave(ended.code)
        raise


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
        print_failure(error, show_traceback=show_traceback)
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
    from typeway.cli.dev import serve_dev

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
        serve_dev(_load(target, options.factory, options.compat), options)


@cli.command()
def routes(
    target: AppArgument = None,
    as_tree: Annotated[bool, typer.Option("--tree", help="Show the paths as a tree.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Show which functions each route calls, in order.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
    method: Annotated[list[str] | None, typer.Option(help="Only routes with this method; repeatable.")] = None,
    path: Annotated[
        str | None, typer.Option(help="Only routes whose path contains this; * and ? stand for any text.")
    ] = None,
    tag: Annotated[str | None, typer.Option(help="Only routes with this tag.")] = None,
    name: Annotated[
        str | None, typer.Option(help="Only routes whose name contains this; * and ? stand for any text.")
    ] = None,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """List the routes of an application: methods, path, name, where the endpoint is defined, and policies.

    They are in the order in which they are tried, those of the documentation last.
    """
    from typeway.cli import show
    from typeway.cli.framework import require_typeway

    with _one_line_failures(show_traceback):
        if as_tree + plan + as_json > 1:
            raise UsageError("--tree, --plan and --json are three ways to show the routes: leave out all but one")
        loaded = _load_to_read(target, factory, compat)
        application = loaded.application()
        found = show.entries(application, show.Wanted(method or (), path, tag, name))
        if not found and (method or path or tag or name):
            print("no route fits; without these options all are listed", file=sys.stderr)
        if plan:
            write_output(show.plan_lines(found, loaded.folder), None)
        else:
            write_output(
                (show.route_tree if as_tree else show.routes_json if as_json else show.route_table)(found), None
            )
        require_typeway(application, loaded.import_string)


@cli.command()
def openapi(
    target: AppArgument = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="The file to write; default: stdout.")] = None,
    document_format: Annotated[
        DocumentFormat | None,
        typer.Option("--format", help="The format; default: that of the file's ending, or else json."),
    ] = None,
    indent: Annotated[int, typer.Option(min=0, help="The number of spaces per level; 0 for one line of JSON.")] = 2,
    check: Annotated[
        Path | None, typer.Option(help="Write nothing; fail if the document in this file is not the application's.")
    ] = None,
    diff: Annotated[
        Path | None,
        typer.Option(help="Write the changes since the document in this file; fail if one breaks clients."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write the changes of --diff as JSON.")] = False,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """Write the OpenAPI document of an application, or compare it with a file.

    Exits with 1 if --check finds a difference, or --diff a change that breaks clients.
    """
    from typeway.cli import openapi as documents
    from typeway.compare import Verdict, as_text
    from typeway.compare import as_json as changes_as_json

    with _one_line_failures(show_traceback):
        if check is not None and diff is not None:
            raise UsageError("--check and --diff are two ways to compare: leave one out")
        if as_json and diff is None:
            raise UsageError("--json shows the changes of --diff; for the document say --format json")
        loaded = _load_to_read(target, factory, compat)
        document = documents.document_of(loaded)
        if diff is not None:
            changes = documents.changes_since(diff, document)
            write_output(changes_as_json(changes) if as_json else as_text(changes), output)
            if any(change.verdict is Verdict.BREAKING for change in changes):
                raise typer.Exit(1)
        elif check is not None:
            difference = documents.drift(check, document, loaded.import_string)
            if difference is not None:
                print(difference)
                raise CommandError(
                    f"{check} is not the document of {loaded.import_string}; "
                    f"to write it: typeway openapi {loaded.import_string} --output {check}"
                )
        else:
            kind = documents.format_for(output, document_format)
            write_output(documents.written(document, kind, indent), output)


@cli.command()
def client(
    language: Annotated[Language, typer.Argument(metavar="LANGUAGE", help="The language of the client.")],
    target: AppArgument = None,
    output: Annotated[Path, typer.Option("--output", "-o", help="The folder of the client.", file_okay=False)] = Path(
        "client"
    ),
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; fail if the client is not what would be written.")
    ] = False,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """Make a typed client for an application: with openapi-typescript and openapi-fetch, or openapi-python-client.

    The generators are downloaded, in versions that stay the same; ts needs Node.js. Exits with 1 if --check finds a difference.
    """
    from typeway.cli.client import check_client, make_client
    from typeway.cli.openapi import document_of

    with _one_line_failures(show_traceback):
        loaded = _load_to_read(target, factory, compat)
        document = document_of(loaded)
        if check:
            different = check_client(document, language, output)
            if different:
                raise CommandError(
                    f"the client in {output} is not that of {loaded.import_string}, in {', '.join(different)}; to write "
                    f"it: typeway client {language.value} {loaded.import_string} --output {output}"
                )
            return
        for name in make_client(document, language, output):
            print(output / name)


@cli.command()
def shell(
    target: AppArgument = None,
    command: Annotated[
        str | None, typer.Option("--command", "-c", help="Run this code instead of a prompt.", metavar="CODE")
    ] = None,
    env_file: Annotated[
        Path | None, option(APPLICATION, "A file with environment variables, set before APP is imported.", exists=True)
    ] = None,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """Start an application and run a Python prompt in it, with `app`, `resolve` and `await`."""
    from typeway.cli.shell import shell as run_shell

    with _one_line_failures(show_traceback):
        _read_environment(env_file)
        status = run_shell(_load_to_read(target, factory, compat), command)
    if status:
        raise typer.Exit(status)


class CheckCommand(TyperCommand):
    """`check`, whose `--changed` without a revision means HEAD, as in `git diff`."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the arguments; only the last one and one before another option can be without a revision."""
        named = [
            "--changed=HEAD" if arg == "--changed" and after.startswith("-") else arg
            for arg, after in zip(args, [*args[1:], "-"], strict=False)
        ]
        return super().parse_args(ctx, named)


@cli.command(cls=CheckCommand)
def check(
    target: AppArgument = None,
    report_format: Annotated[
        ReportFormat, typer.Option("--format", help="The format of the report.")
    ] = ReportFormat.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    select: Annotated[
        list[str] | None,
        typer.Option(help="The rules to check, as codes or their first letters, separated by commas; default: all."),
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="The rules to leave out.")] = None,
    everything: Annotated[
        bool,
        typer.Option("--all", help="Show findings of low confidence too, and check rules that are off by default."),
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Change the source, for findings where that is safe.")] = False,
    diff: Annotated[bool, typer.Option("--diff", help="Show what --fix would change, and change nothing.")] = False,
    baseline: Annotated[str | None, typer.Option(metavar="FILE", help="Leave out the findings in this file.")] = None,
    write_baseline: Annotated[
        str | None, typer.Option(metavar="FILE", help="Write all findings to this file, for --baseline.")
    ] = None,
    changed: Annotated[
        str | None,
        typer.Option(
            metavar="[REV]", help="Show only what has changed since a revision of git, such as main; default: HEAD."
        ),
    ] = None,
    python: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The Python of the application's environment, if that is another one."),
    ] = None,
    cache: Annotated[bool, typer.Option("--cache/--no-cache", help="Keep findings until something changes.")] = True,
    output: Annotated[str | None, typer.Option("--output", "-o", help="The file to write; default: stdout.")] = None,
    factory: FactoryOption = False,
    compat: CompatOption = False,
    show_traceback: TracebackOption = False,
) -> None:
    """Check an application for known pitfalls, without serving it.

    Exits with 0 if there are no findings, with 1 if there are some, and with 2 if the application cannot be checked.
    """
    from typeway.cli.check import Asked, perform
    from typeway.cli.elsewhere import perform_elsewhere

    asked = Asked(
        target=target, form="json" if as_json else report_format.value, select=tuple(select or ()),
        ignore=tuple(ignore or ()), everything=everything, output=output, fix=fix, diff=diff, baseline=baseline,
        write_baseline=write_baseline, changed=changed, cached=cache, factory=factory, compat=compat,
    )  # fmt: skip
    with _one_line_failures(show_traceback, status=2):
        if as_json and report_format not in (ReportFormat.TEXT, ReportFormat.JSON):
            raise UsageError(f"--json and --format {report_format.value} are two formats: leave one out")
        status = perform(asked) if python is None else perform_elsewhere(asked, python, show_traceback)
    if status:
        raise typer.Exit(status)


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
        write_output(pages.explain(topics or ()), None)


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
        write_output(as_json(report) if json_output else as_text(report), output)
        if write:
            print("\n".join(migration.write(path)), file=sys.stderr)
    if not report.is_clear:
        raise typer.Exit(1)


def _in_one_line(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Return a command of another module whose failures are printed as those of the commands above."""

    @functools.wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        with _one_line_failures(show_traceback=False):
            try:
                command(*args, **kwargs)
            except ScaffoldError as error:
                raise CommandError(str(error)) from error

    return run


cli.command("new")(_in_one_line(new))
additions: Final[typer.Typer] = typer.Typer(
    name="add", help="Add a part to the project in this folder, which `typeway new` has made.", no_args_is_help=True
)
additions.command("resource")(_in_one_line(add_resource))
additions.command("auth")(_in_one_line(add_auth))
additions.command("docker")(_in_one_line(add_docker))
cli.add_typer(additions)


def _read_environment(file: Path | None) -> None:
    """Set the environment variables of a file that are not set yet; other processes inherit them."""
    if file is not None:
        from dotenv import load_dotenv

        load_dotenv(file)


def _load(target: str | None, factory: bool, compat: bool) -> Loaded:
    return load(find_app(target, Path.cwd()), factory=factory, compat=compat)


def _load_to_read(target: str | None, factory: bool, compat: bool) -> Loaded:
    """Load an application that serves no files: its frontend may not be built yet, for example because its client is made first."""
    from typeway.check.folders import without_folders

    with without_folders(), prints_on_stderr():
        loaded = _load(target, factory, compat)
        return replace(loaded, value=loaded.application(), is_factory=False)
