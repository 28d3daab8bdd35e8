"""`typeway check`: forms of reports, choice of rules, ignore comments, settings, exit statuses."""

import ast
import json
import sys
from pathlib import Path

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check

SLEEPY = """
import time
from typeway import Typeway

app = Typeway()


@app.get("/nap")
async def nap() -> str:
    time.sleep(1){comment}
    return "awake"
"""
CLEAN = SLEEPY.format(comment="").replace("async def", "def")
COUNTING = """

import sqlite3


@app.get("/count")
async def count() -> int:
    return sqlite3.connect("tasks.db").execute("SELECT 1").rowcount
"""
SOMETIMES = """

@app.get("/naps")
async def naps(number: int) -> None:
    rest(number)


def rest(number: int) -> None:
    if number:
        time.sleep(1)
"""
BUSY = SLEEPY.format(comment="") + COUNTING


def test_findings_are_status_1_and_none_is_status_0(check: Check) -> None:
    """Scripts can tell by the exit status whether something was found."""
    assert check(SLEEPY.format(comment="")).status == 1
    clean = check(CLEAN)
    assert (clean.status, clean.findings) == (0, [])


def test_text_shows_place_line_reason_and_fix(check: Check) -> None:
    """The report for people says everything that is needed to fix the line."""
    lines = check(SLEEPY.format(comment=""), "--select", "TW001", form=None).out.splitlines()
    assert lines[0].startswith("main.py:10: TW001 time.sleep() waits for time to pass and blocks the event loop")
    assert lines[0].endswith("it is reached from GET /nap: nap(). (high)")
    assert lines[1:3] == ["    10 | time.sleep(1)", "    Fix: await `asyncio.sleep(...)` instead."]
    assert [line for line in lines if line.startswith(("    -", "    +")) and "sleep" in line] == [
        "    -    time.sleep(1)",
        "    +    await asyncio.sleep(1)",
    ]
    assert lines[-1] == ("1 finding in 1 file, 1 of which `--fix` can change. Read more: typeway explain TW001")
    assert check(CLEAN, form=None).out == "No findings.\n"


def test_text_shows_how_sure_each_finding_is(check: Check) -> None:
    """Whoever reads a finding sees what it is worth, in the words of the other forms."""
    out = check(SLEEPY.format(comment="") + SOMETIMES, "--all", "--select", "TW001", form=None).out
    heads = [line for line in out.splitlines() if ": TW001 " in line]
    assert [line.rpartition(" ")[2] for line in heads] == ["(high)", "(medium)"]


SEPARATORS = ["\f", "\v", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\r", "\r\n"]


@pytest.mark.parametrize("separator", SEPARATORS)
@pytest.mark.parametrize("comment", ["", "  # typeway: ignore[TW001]"])
def test_lines_are_counted_as_python_counts_them(check: Check, separator: str, comment: str) -> None:
    """A form feed or a separator of Unicode ends no line, a carriage return does: for quoted lines and for comments."""
    source = f'TEXT = """a{separator}b"""\n\f\n' + SLEEPY.format(comment=comment)
    endpoint = ast.parse(source).body[-1]
    assert isinstance(endpoint, ast.AsyncFunctionDef)
    line = endpoint.body[0].lineno
    lines = check(source, "--select", "TW001", form=None).out.splitlines()
    if comment:
        assert lines == ["No findings."]
    else:
        assert lines[0].startswith(f"main.py:{line}: TW001")
        assert lines[1] == f"    {line} | time.sleep(1)"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1"])
def test_files_are_read_in_the_encoding_that_they_declare(check: Check, tmp_path: Path, encoding: str) -> None:
    """A byte order mark and a comment with the encoding count for the checker as for Python."""
    declared = encoding.removesuffix("-sig")
    source = f"# coding: {declared}\nNAME = 'é'\n" + SLEEPY.format(comment="").lstrip("\n")
    (tmp_path / "other.py").write_bytes(source.encode(encoding))
    assert check("from other import app", "--select", "TW001").places == ["TW001 other.py:11"]


def test_json_has_the_same_keys_for_every_finding(check: Check) -> None:
    """The report for programs is one object with a list of flat findings."""
    finding = check(SLEEPY.format(comment=""), "--select", "TW001").findings[0]
    assert list(finding) == [
        *("code", "path", "line", "message", "fix"),
        *("confidence", "entry", "chain", "also"),
        *("rule", "page", "diff", "fingerprint"),
    ]
    assert (finding["rule"], finding["page"]) == ("blocking-call", "docs/check/TW001.md")
    assert "+    await asyncio.sleep(1)" in str(finding["diff"])
    assert (finding["code"], finding["path"], finding["line"]) == ("TW001", "main.py", 10)
    assert (finding["confidence"], finding["entry"], finding["chain"]) == ("high", "GET /nap", ["nap"])


def test_sarif_is_what_the_standard_asks_for(check: Check) -> None:
    """Every result names a rule of the driver by id and index, and a region of a file by a relative URI."""
    log = json.loads(check(SLEEPY.format(comment=""), form="sarif").out)
    assert (log["version"], log["$schema"]) == ("2.1.0", "https://json.schemastore.org/sarif-2.1.0.json")
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    assert [result["ruleId"] for result in run["results"]] == ["TW001"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert result["message"]["text"]
        location = result["locations"][0]["physicalLocation"]
        assert location["artifactLocation"] == {"uri": "main.py"}
        assert location["region"]["startLine"] >= 1
        assert result["partialFingerprints"]
        (change,) = result["fixes"][0]["artifactChanges"]
        assert [one["insertedContent"]["text"] for one in change["replacements"]] == [
            "import asyncio\n",
            "await asyncio.sleep",
        ]


@pytest.mark.parametrize(
    ("name", "uri"),
    [("a b.py", "a%20b.py"), ("50%.py", "50%25.py"), ("shöp.py", "sh%C3%B6p.py"), ("a-b_c.py", "a-b_c.py")],
)
def test_sarif_names_files_by_valid_addresses(check: Check, name: str, uri: str) -> None:
    """A file name may have characters that an address may not have; they are escaped (SARIF 2.1.0 section 3.4.3)."""
    outcome = check("", name, "--select", "TW001", form="sarif", **{name: SLEEPY.format(comment="")})
    (result,) = json.loads(outcome.out)["runs"][0]["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == uri
    assert result["fixes"][0]["artifactChanges"][0]["artifactLocation"]["uri"] == uri


def test_github_gets_one_command_per_finding(check: Check) -> None:
    """Annotations name file, line and rule, and stay on one line."""
    out = check(SLEEPY.format(comment=""), "--select", "TW001", form="github").out
    assert out.startswith("::warning file=main.py,line=10,title=TW001 blocking-call::time.sleep() waits")
    assert len(out.splitlines()) == 1
    assert "%0A+    await asyncio.sleep(1)%0A" in out
    assert out.endswith("%0ARead more: typeway explain TW001\n")


def test_the_way_to_a_finding_is_shown(check: Check) -> None:
    """Where the line is not in the endpoint itself, the report names the functions that lead there."""
    source = """
    from typeway import Typeway

    app = Typeway()


    @app.get("/")
    def read() -> int:
        return count()


    def count(seen: list[int] = []) -> int:
        seen.append(1)
        return len(seen)
    """
    assert "    Way: GET / → read() → count()" in check(source, form=None).out.splitlines()


def test_rules_are_chosen(check: Check) -> None:
    """--select and --ignore take codes or their beginnings, repeated or with commas."""
    source = BUSY
    assert check(source).codes == ["TW001", "TW002"]
    assert check(source, "--select", "TW003,TW001").codes == ["TW001", "TW001"]
    assert check(source, "--select", "TW003", "--select", "TW002").codes == ["TW002"]
    assert check(source, "--ignore", "TW001").codes == ["TW002"]
    assert check(source, "--select", "TW00", "--ignore", "TW001").codes == ["TW002"]


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("  # typeway: ignore[TW001]", []),
        ("  # typeway: ignore[TW003, TW001] (a test)", []),
        ("  # typeway: ignore", []),
        ("  # typeway: ignore[TW003]", ["TW001"]),
        ("; note = '# typeway: ignore[TW001]'", ["TW001"]),
        # What else is written for a list of codes.
        ("  # typeway: ignore TW001", []),
        ("  # typeway: ignore: TW001", []),
        ("  # typeway: ignore [TW001]", []),
        ("  # typeway:ignore:tw001", []),
        ("  # typeway: ignore=TW001", []),
        ("  # typeway: ignore TW003, TW001 shorter than a thread switch", []),
        ("  # typeway: ignore[TW001", []),
        ("  # typeway: ignore TW003", ["TW001"]),
        ("  # typeway: ignore: TW003", ["TW001"]),
        ("  # typeway: ignore: TW003 -- TW001 is another matter", ["TW001"]),
        ("  # typeway: ignore [TW003]", ["TW001"]),
        # All rules, with a reason or a comment for another program.
        ("  # typeway: ignore -- shorter than a thread switch", []),
        ("  # typeway: ignore (TW001 does not matter)", []),
        ("  # typeway: ignore, because it is short", []),
        ("  # typeway: ignore  # noqa: ASYNC251", []),
        ("  # noqa: ASYNC251  # typeway: ignore", []),
        # Something else.
        ("  # typeway: ignoreall", ["TW001"]),
        ("  # typeway: ignore-file", ["TW001"]),
        ("  # typeway: ignored by nobody", ["TW001"]),
    ],
)
def test_a_comment_silences_its_line(check: Check, comment: str, codes: list[str]) -> None:
    """An ignore comment counts for the statement that it stands on, and for the codes that it names."""
    assert check(SLEEPY.format(comment=comment)).codes == codes


@pytest.mark.parametrize(
    ("comment", "told"),
    [
        ("ignore TW999", "there is no rule TW999"),
        ("ignore[TW001, TW9, E501]", "there is no rule E501, TW9"),
        ("ignore: TW001 TWO01", "there is no rule TWO01"),
        ("ignore TW-001", "there is no rule TW-001"),
        ("ignore[blocking-call]", "there is no rule BLOCKING-CALL"),
        ("ignore[]", "it names no rule"),
        ("ignore: it is short", "it names no rule"),
    ],
)
def test_a_comment_with_an_unknown_code_is_told(check: Check, comment: str, told: str) -> None:
    """A misspelt code silences nothing, and a comment that does nothing is told, for an unchanged application too."""
    source = SLEEPY.format(comment=f"  # typeway: {comment}")
    for arguments in ([], ["--cache"], ["--cache"]):
        outcome = check(source, *arguments)
        assert outcome.codes == ([] if "TW001" in comment else ["TW001"])
        assert outcome.err == f"main.py:10: # typeway: ignore: {told}; `typeway explain` lists them\n"


def test_comments_that_are_told_are_those_of_the_application(check: Check, tmp_path: Path) -> None:
    """What another package says to its own checks is not the application's affair, nor is a text."""
    (tmp_path / "site-packages").mkdir()
    (tmp_path / "site-packages/bought.py").write_text("A = 1  # typeway: ignore[TW999]\n")
    sys.path.insert(0, str(tmp_path / "site-packages"))
    source = "import bought\nNOTE = '# typeway: ignore[TW999]'\n" + SLEEPY.format(comment="  # typeway: ignore")
    assert (check(source).codes, check(source).err) == ([], "")


def test_a_comment_on_a_decorator_silences_the_function(check: Check) -> None:
    """What is found about a function may be silenced anywhere before its body."""
    source = BUSY.replace('@app.get("/count")', '@app.get("/count")  # typeway: ignore[TW002]')
    assert check(source, "--ignore", "TW001").codes == []
    # Now nothing says it better than TW001.
    assert check(source).codes == ["TW001", "TW001"]


def test_settings_come_from_pyproject(check: Check) -> None:
    """[tool.typeway.check] chooses rules and leaves files out; the command line's selection goes first."""
    source = BUSY
    settings = {"pyproject.toml": '[tool.typeway.check]\nselect = ["TW002"]\n'}
    assert check(source, **settings).codes == ["TW002"]
    assert check(source, "--select", "TW001", **settings).codes == ["TW001", "TW001"]
    assert check(source, **{"pyproject.toml": '[tool.typeway.check]\nexclude = ["main.py"]\n'}).codes == []
    assert check(source, **{"pyproject.toml": '[tool.typeway.check]\nignore = ["TW"]\n'}).codes == []


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        (["--select", "TW9"], "", "there is no rule TW9"),
        (["--ignore", "E501"], "", "there is no rule E501"),
        ([], "[tool.typeway.check]\nselect = 'TW001'\n", "must be a list of strings"),
        (
            [],
            "[tool.typeway.check]\nlevel = ['high']\n",
            "takes select, ignore, include, exclude, blocking, not 'level'",
        ),
        ([], "[tool.typeway.check]\nignor = ['TW019']\n", "not 'ignor'; did you mean ignore under"),
        ([], "[tool", "is not valid TOML"),
        ([], "[tool.typeway.check]\nblocking = ['send mail']\n", 'must have names such as "shop.mail.send"'),
        ([], "[tool.typeway.check]\nblocking = ['']\n", 'must have names such as "shop.mail.send"'),
        ([], "[tool.typeway.check]\nexclude = ['migrations/*']\n", "takes files and folders, not patterns"),
        (["nowhere:app"], "", "there is no module 'nowhere'"),
        (["--fix", "--diff"], "", "--fix and --diff cannot be given together"),
        (["--write-baseline", "known.json", "--fix"], "", "--write-baseline and --fix cannot be given together"),
        (["--write-baseline", "known.json", "--diff"], "", "--write-baseline and --diff cannot be given together"),
        (
            ["--write-baseline", "known.json", "--changed"],
            "",
            "--write-baseline and --changed cannot be given together",
        ),
        (["--json", "--format", "sarif"], "", "--json and --format sarif are two formats"),
        (["--baseline", "."], "", "cannot read .: Is a directory"),
        (["nowhere:app", "--changed", "main:app"], "", "--changed main:app: "),
        (["--changed", ""], "", "--changed '': "),
        (["--format", "html"], "", "Invalid value"),
        (["--output", "missing/report.json"], "", "cannot write"),
    ],
)
def test_what_cannot_be_done_is_status_2(check: Check, arguments: list[str], settings: str, message: str) -> None:
    """A mistake of whoever asks is never taken for a finding."""
    outcome = check(SLEEPY.format(comment=""), *arguments, form=None, **{"pyproject.toml": settings})
    assert outcome.status == 2
    assert message in " ".join(outcome.err.split())


def test_another_frameworks_application_is_refused(check: Check) -> None:
    """An application for FastAPI is checked with --compat, and without it the command says so."""
    outcome = check("from starlette.responses import PlainTextResponse\napp = PlainTextResponse('x')\n", "main:app")
    assert outcome.status == 2
    assert "add --compat" in outcome.err


def test_an_application_that_fails_is_no_finding(check: Check) -> None:
    """An error in the application's own code is told like by the other commands, with its line."""
    outcome = check("1 / 0\n", "main:app")
    assert (outcome.status, outcome.out) == (2, "")
    assert "main.py:1: ZeroDivisionError" in outcome.err


def test_the_report_goes_to_a_file(check: Check) -> None:
    """--output writes the report and leaves the exit status as it is."""
    outcome = check(SLEEPY.format(comment=""), "--output", "report.json")
    assert (outcome.status, outcome.out) == (1, "")


def test_a_refused_declaration_is_a_finding(check: Check) -> None:
    """What the framework refuses at import is reported at its line, in every form, not as a traceback."""
    source = """
    from typing import Annotated
    from typeway import Path, Typeway

    app = Typeway()


    @app.get("/{number}")
    async def read(number: Annotated[int, Path()] = 1) -> int:
        return number
    """
    outcome = check(source)
    assert (outcome.status, outcome.places, outcome.err) == (1, ["TW000 main.py:8"], "")
    # Nothing else has been checked, so that no other choice of rules says that there is nothing.
    for choice in (("--ignore", "TW000"), ("--select", "TW016")):
        outcome = check(source, *choice)
        assert (outcome.status, outcome.out) == (2, "")
        assert "main.py:8" in outcome.err


def test_a_refusal_without_a_place_gets_the_authors_line(check: Check) -> None:
    """Where the framework names no place, the finding points at the line of the application that caused it."""
    assert check('from typeway import Router\n\n\nrouter = Router(prefix="tasks")\n', "main:router").places == [
        "TW000 main.py:4"
    ]


def test_a_refusal_that_comes_late_is_a_finding_too(check: Check) -> None:
    """A declaration that turns out to be impossible when its plan is built is reported beside the other findings."""
    source = (
        SLEEPY.format(comment="")
        + """

def broken() -> int:
    return 1


def depends_on_itself(value: int = 0) -> int:
    return value


from typeway import Depends

app.get("/broken")(depends_on_itself)
depends_on_itself.__defaults__ = (Depends(depends_on_itself),)
for route in app.routes:
    if getattr(route, "path", "") == "/broken":
        from typeway.declare.signature import read_declaration
        route.declaration = read_declaration(depends_on_itself)
"""
    )
    assert set(check(source).codes) == {"TW001", "TW013"}


def test_an_installed_application_is_checked_by_its_package(check: Check, tmp_path: Path) -> None:
    """What is installed belongs to somebody else, unless it is the application itself, imported or refused."""
    packages = tmp_path / "site-packages"
    for name, source in {
        "bought": SLEEPY.format(comment=""),
        "refused": 'from typeway import Router\nRouter(prefix="x")\n',
    }.items():
        (packages / name).mkdir(parents=True)
        (packages / name / "__init__.py").write_text(source)
    sys.path.insert(0, str(packages))
    assert "no endpoint of main:app can be read" in check("from bought import app\n").err
    assert check("", "bought:app").places == [
        "TW001 site-packages/bought/__init__.py:10",
    ]
    assert check("", "refused:app").places == ["TW000 site-packages/refused/__init__.py:2"]


def test_an_application_for_fastapi_is_checked(check: Check) -> None:
    """With --compat, `import fastapi` means Typeway, and the rules see the application as any other."""
    source = SLEEPY.format(comment="").replace("from typeway import Typeway", "from fastapi import FastAPI as Typeway")
    outcome = check(source, "--compat")
    assert (outcome.status, outcome.codes) == (1, ["TW001"])


@pytest.mark.parametrize("named", ["typeway", "fastapi"])
@pytest.mark.parametrize("is_elsewhere", [False, True])
def test_a_fix_names_modules_as_the_application_imports_them(check: Check, named: str, is_elsewhere: bool) -> None:
    """Whoever writes `from fastapi import …` is told to import from there; a file without either is like the others."""
    kind = {"typeway": "Typeway", "fastapi": "FastAPI"}[named]
    wait = "import time\n\n\ndef wait():\n    time.sleep(1)\n\n\nasync def rest():\n    wait()\n"
    head = f"from {named} import {kind}\n\n"
    end = f"\n\napp = {kind}()\napp.get('/rest')(rest)\n"
    source, files = (
        (f"from resting import rest\n{head}{end}", {"resting": wait}) if is_elsewhere else (head + wait + end, {})
    )
    outcome = check(source, "--select", "TW001", *(["--compat"] if named == "fastapi" else []), **files)
    assert [str(fix).partition("; or ")[0] for fix in outcome.fixes] == [
        f"await `run_in_threadpool(wait, ...)` from {named}.concurrency"
    ]


def test_a_file_that_imports_both_is_told_the_new_name(check: Check) -> None:
    """During a migration `typeway` is where the code is going."""
    source = SLEEPY.format(comment="").replace("sleep(1)", "sleep(1)\n    open('x').read()")
    outcome = check(f"{source}\nfrom fastapi import Request\n", "--compat", "--all", "--select", "TW001")
    assert any("from typeway.concurrency" in str(fix) for fix in outcome.fixes)
    assert not any("fastapi." in str(fix) for fix in outcome.fixes)


def test_a_hint_of_the_framework_names_modules_as_the_application_does(check: Check) -> None:
    """What the framework itself refuses has a fix too."""
    source = """
    from fastapi import FastAPI

    app = FastAPI()


    @app.get("/", status_code="200 OK")
    def read() -> int:
        return 1
    """
    assert "Use one of fastapi.status" in str(check(source, "--compat").fixes)
