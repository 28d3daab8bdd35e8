"""How `typeway check` runs: baselines, what has changed, the cache, and applications of other environments."""

import io
import json
import subprocess
import sys
import venv
from pathlib import Path
from textwrap import dedent

import pytest

from tests.check.applications import Check
from tests.check.applications import check as check
from typeway.cli import main
from typeway.cli.check import Progress
from typeway.cli.commands import cli

SLEEPY = """
import time

from typeway import Typeway

app = Typeway()


@app.get("/nap")
async def nap() -> None:
    time.sleep(1)
"""
SECOND = """

@app.get("/rest")
async def rest() -> None:
    time.sleep(1)
"""


# --- baselines ----------------------------------------------------------------------------------------------------


def test_a_baseline_hides_what_was_there_before(check: Check, tmp_path: Path) -> None:
    """Findings that are in the baseline are not shown, wherever their lines move; new ones are, even equal ones."""
    written = check(SLEEPY, "--write-baseline", "known.json", form=None)
    assert (written.status, written.err) == (0, "1 finding in known.json\n")
    assert check(SLEEPY, "--baseline", "known.json").codes == []
    moved = SLEEPY.replace("app = ", "# A comment.\n\n\nLIMIT = 3\napp = ").replace("time.sleep(1)", "time.sleep( 1 )")
    assert check(moved, "--baseline", "known.json").codes == []
    again = check(SLEEPY + SECOND, "--baseline", "known.json")
    assert [(finding["code"], finding["entry"]) for finding in again.findings] == [("TW001", "GET /rest")]


def test_a_baseline_names_what_it_holds(check: Check, tmp_path: Path) -> None:
    """Each finding has a line of its own with rule, file and function, so that a review sees what goes and comes."""
    check(SLEEPY, "--write-baseline", "known.json")
    (entry,) = json.loads((tmp_path / "known.json").read_text())["findings"]
    assert (entry["code"], entry["path"], entry["function"]) == ("TW001", "main.py", "nap")
    (finding,) = check(SLEEPY).findings
    assert entry["fingerprint"] == finding["fingerprint"]


def test_what_is_gone_from_a_baseline_is_said(check: Check) -> None:
    """A baseline that holds more than there is says so, on stderr, so that reports stay what they are."""
    check(SLEEPY + SECOND, "--write-baseline", "known.json")
    outcome = check(SLEEPY, "--baseline", "known.json")
    assert (outcome.status, outcome.codes) == (0, [])
    assert outcome.err == "1 finding of the baseline gone: --write-baseline writes it again\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "--write-baseline known.json writes it"),
        ("{", "is not a baseline"),
        ('{"version": 2}', "is not a baseline"),
        ("[" * 100_000, "is not a baseline"),
    ],
)
def test_a_baseline_that_cannot_be_read_is_status_2(
    check: Check, tmp_path: Path, text: str | None, message: str
) -> None:
    """A misspelt or broken baseline is not taken for an empty one."""
    if text is not None:
        (tmp_path / "known.json").write_text(text)
    outcome = check(SLEEPY, "--baseline", "known.json")
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err


# --- what has changed ---------------------------------------------------------------------------------------------

HELPERS = """
import time


def wait() -> None:
    time.sleep(1)


def other() -> int:
    return 1
"""
CALLS = """
from typeway import Typeway
from waiting import wait

app = Typeway()


@app.get("/one")
async def one() -> None:
    wait()


@app.get("/two")
def two(seen: list[int] = []) -> None:
    seen.append(1)


def again() -> None:
    two()
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository in which the application has been committed."""
    (tmp_path / "main.py").write_text(dedent(CALLS))
    (tmp_path / "waiting.py").write_text(dedent(HELPERS))
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
    try:
        for arguments in (("init", "-q"), ("add", "."), ("commit", "-qm", "First")):
            subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, timeout=60)
    except FileNotFoundError:
        pytest.skip("git is not installed")
    return tmp_path


@pytest.mark.parametrize(
    ("main", "waiting", "codes"),
    [
        (CALLS, HELPERS, []),
        (CALLS.replace("two(", "two_more("), HELPERS, ["TW018"]),
        (CALLS.replace("app = ", "LIMIT = 1\n\napp = "), HELPERS, []),
        (CALLS.replace("    wait()", "    wait()  # again"), HELPERS, ["TW001"]),
        # The finding is where asynchronous code calls the function that has changed.
        (CALLS, HELPERS.replace("sleep(1)", "sleep(2)"), ["TW001"]),
        (CALLS, HELPERS.replace("return 1", "return 2"), []),
        # What was taken away counts where it was.
        (
            CALLS.replace("    seen.append(1)\n", "    seen.append(1)\n"),
            HELPERS.replace("import time\n", "import time\n"),
            [],
        ),
    ],
)
def test_only_what_has_changed_is_shown(
    check: Check, repository: Path, main: str, waiting: str, codes: list[str]
) -> None:
    """--changed shows findings in functions that differ from the revision, or to which such a function leads."""
    assert check(main, "--changed", "HEAD", waiting=waiting).codes == codes


# What is found in an object's class is not always defined there, nor under the name that the class has for it.
KEEPS = """
import time
from functools import wraps


def keep(function):
    @wraps(function)
    def wrapper(*arguments, **named):
        time.sleep(1)
        return function(*arguments, **named)
    return wrapper


def helper(self) -> None:
    time.sleep(1)


class Base:
    def load(self) -> None:
        time.sleep(1)
"""
KEEPER = """
from typeway import Typeway
from keeps import Base, helper, keep

app = Typeway()


class Keeper(Base):
    helped = helper

    @keep
    def kept(self) -> None: pass


keeper = Keeper()


@app.get("/one")
async def one() -> None:
    keeper.{0}()
"""


@pytest.mark.parametrize(
    ("method", "way"), [("kept", "one() → wrapper()"), ("helped", "one() → helper()"), ("load", "one() → Base.load()")]
)
def test_a_way_names_what_is_defined(check: Check, repository: Path, method: str, way: str) -> None:
    """A wrapper of a method, a function that a class has as one, and what is inherited: so --changed finds them too."""
    check(KEEPER.format(method), keeps=KEEPS)
    identity = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
    for arguments in (("add", "."), ("commit", "-qm", "Second")):
        subprocess.run(["git", *identity, *arguments], cwd=repository, check=True, timeout=60)
    outcome = check(KEEPER.format(method), "--changed", "HEAD", keeps=KEEPS.replace("sleep(1)", "sleep(2)"))
    assert outcome.codes == ["TW001"]
    assert f"{way}." in outcome.out


@pytest.mark.parametrize("arguments", [["--changed"], ["--changed", "--all"], ["--changed", "--select=TW018", "--all"]])
def test_without_a_revision_changes_count_since_the_last_commit(
    check: Check, repository: Path, arguments: list[str]
) -> None:
    """`--changed` alone, or before another option, compares with HEAD, as `git diff` does."""
    changed = CALLS.replace("two(", "two_more(")
    assert check(changed, *arguments, waiting=HELPERS).codes == ["TW018"]


@pytest.mark.parametrize("arguments", [[], ["--changed"], ["main:app", "--changed"], ["--changed=HEAD", "main:app"]])
@pytest.mark.usefixtures("check", "repository")
def test_a_command_line_is_read_whatever_its_length(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """It may be empty, and `--changed` may be its end; the application is found where it is not named."""
    with pytest.raises(SystemExit) as ended:
        main(["check", *arguments])
    printed = capsys.readouterr()
    assert (ended.value.code or 0, "TW018" in printed.out) == ((0, False) if arguments else (1, True)), printed


def test_a_word_after_it_is_a_revision(check: Check, repository: Path) -> None:
    """Where the application is taken for the revision, the message says where `--changed` belongs."""
    outcome = check(CALLS, "--changed", "main:app", waiting=HELPERS)
    assert outcome.status == 2
    assert "--changed main:app: " in outcome.err
    assert "without a revision, --changed comes last" in outcome.err


def test_a_file_that_git_does_not_know_has_changed_as_a_whole(check: Check, repository: Path) -> None:
    """What was never committed is new."""
    source = CALLS.replace("from waiting", "from untracked")
    assert check(source, "--changed", "HEAD", waiting=HELPERS, untracked=HELPERS).codes == ["TW001"]


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=x"])
def test_a_revision_that_does_not_exist_is_status_2(check: Check, repository: Path, revision: str) -> None:
    """What git does not know, and what would be an option for it, is refused."""
    outcome = check(CALLS, f"--changed={revision}", waiting=HELPERS)
    assert (outcome.status, outcome.out) == (2, "")
    assert "--changed" in outcome.err
    assert not (repository / "x").exists()


def test_outside_of_a_repository_nothing_has_changed_or_not(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without git there is no answer, and that is said."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    outcome = check(SLEEPY, "--changed", "HEAD")
    assert outcome.status == 2
    assert "--changed HEAD: " in outcome.err


# --- the cache ----------------------------------------------------------------------------------------------------


def test_findings_are_kept_until_something_changes(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An unchanged application is not read again; a changed file, setting, rule or environment is."""
    first = check(SLEEPY, "--cache")
    monkeypatch.setattr("typeway.cli.check.look", lambda *args, **options: [])
    assert check(SLEEPY, "--cache").out == first.out
    assert (tmp_path / ".typeway_cache/.gitignore").read_text() == "*\n"
    assert check(SLEEPY + "# changed\n", "--cache").codes == []
    assert check(SLEEPY, "--cache", "--select", "TW002").codes == []
    monkeypatch.setenv("SHOP_SETTING", "1")
    assert check(SLEEPY, "--cache").codes == []


def test_no_cache_reads_and_writes_none(check: Check, tmp_path: Path) -> None:
    """--no-cache leaves nothing behind."""
    assert check(SLEEPY, "--no-cache").codes == ["TW001"]
    assert not (tmp_path / ".typeway_cache").exists()


def test_a_cache_that_cannot_be_read_is_no_failure(check: Check, tmp_path: Path) -> None:
    """Whatever is in the folder, the application is checked."""
    check(SLEEPY, "--cache")
    for file in (tmp_path / ".typeway_cache").glob("*.json"):
        file.write_text("[]")
    assert check(SLEEPY, "--cache").codes == ["TW001"]


# --- applications of others ---------------------------------------------------------------------------------------


def test_a_folder_that_is_not_built_is_a_finding(check: Check) -> None:
    """Checkouts have no built frontend: that is one finding, and everything else is checked all the same."""
    source = (
        SLEEPY.replace("from typeway import", "from typeway.staticfiles import StaticFiles\nfrom typeway import")
        + """
app.frontend("/", directory="dist")
app.mount("/static", StaticFiles(directory="static"))
"""
    )
    outcome = check(source)
    assert outcome.places == ["TW001 main.py:12", "TW000 main.py:14", "TW000 main.py:15"]
    assert "'dist'" in str(outcome.findings[1]["message"])
    assert "'static'" in str(outcome.findings[2]["message"])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("from typeway import Typeway\napp = Typeway()\n", "main:app has no endpoints, so there is nothing to check"),
        ("from starlette.applications import Starlette\napp = Starlette()\n", "is a Starlette application"),
    ],
)
def test_where_there_is_nothing_to_check_that_is_said(check: Check, source: str, message: str) -> None:
    """No endpoints is not the same as no findings."""
    outcome = check(source, form=None)
    assert (outcome.status, outcome.out) == (2, "")
    assert message in outcome.err


BOUGHT = "from typeway import APIRouter\nrouter = APIRouter()\n@router.get('/bought')\ndef read_bought() -> int:\n    return 1\n"


def test_endpoints_that_no_rule_can_read_are_said(
    check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing found in what was not read is not the same as no findings."""
    elsewhere = tmp_path / "site-packages"
    elsewhere.mkdir()
    (elsewhere / "bought.py").write_text(BOUGHT)
    monkeypatch.syspath_prepend(str(elsewhere))
    including = "from typeway import Typeway\nimport bought\napp = Typeway()\napp.include_router(bought.router)\n"
    outcome = check(including, form=None)
    assert (outcome.status, outcome.out) == (2, "")
    assert "no endpoint of main:app can be read" in outcome.err
    assert "bought" in outcome.err
    outcome = check(including + "@app.get('/own')\ndef read_own() -> int:\n    return 1\n", form=None)
    assert outcome.status == 0
    assert "1 of 2 endpoints not read" in outcome.err
    outcome = check("import time\n" + including + SLEEPY.partition("app = Typeway()\n")[2], form=None)
    assert outcome.status == 1
    assert "1 of 2 endpoints not read" in outcome.err


def test_what_hangs_at_the_end_does_not_hold_the_answer_back(tmp_path: Path) -> None:
    """A thread that an import has started, and for which Python would wait for ever, is not waited for."""
    endless = "import threading\nthreading.Thread(target=threading.Event().wait).start()\n"
    (tmp_path / "main.py").write_text(endless + SLEEPY)
    command = [sys.executable, "-m", "typeway", "check", "--no-cache", "--json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 1, done.stderr
    assert [finding["code"] for finding in json.loads(done.stdout)["findings"]] == ["TW001"]


def test_an_application_is_checked_in_its_own_environment(check: Check, tmp_path: Path) -> None:
    """With --python its packages are imported from there, and Typeway with what it needs from here."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    (packages / "starlette").mkdir()
    (packages / "starlette/__init__.py").write_text("raise RuntimeError('an old version')\n")
    (packages / "bought.py").write_text("PRICE = 1\n")
    (tmp_path / "own").mkdir()
    (tmp_path / "own/main.py").write_text("import bought\n" + SLEEPY)
    outcome = check("", "own/main.py", "--python", "environment", "--output", "found.txt", form=None)
    assert outcome.status == 1
    assert "own/main.py:12: TW001" in (tmp_path / "found.txt").read_text()


def test_an_interpreter_that_cannot_be_used_is_status_2(check: Check, tmp_path: Path) -> None:
    """What is no interpreter, or one of another version, is told."""
    assert "it cannot be run" in check(SLEEPY, "--python", "nowhere").err
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho 3.6\n")
    other.chmod(0o755)
    outcome = check(SLEEPY, "--python", "./python")
    assert outcome.status == 2
    assert "is Python 3.6, and Typeway is installed for" in outcome.err


# --- around it ----------------------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    """What stderr is when somebody looks at it."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "patience", "shown"), [(Terminal, 0, True), (Terminal, 60, False), (io.StringIO, 0, False)]
)
def test_progress_is_for_people_who_wait(
    monkeypatch: pytest.MonkeyPatch, stream: type[io.StringIO], patience: float, shown: bool
) -> None:
    """How far a long check has come is shown on a terminal, and removed when it ends; nowhere else is anything written."""
    monkeypatch.setattr("typeway.cli.check.PATIENCE_SECONDS", patience)
    written = stream()
    monkeypatch.setattr(sys, "stderr", written)
    progress = Progress()
    progress.begun -= 1
    progress.tell(3, 28)
    progress.end()
    assert written.getvalue() == ("\rtypeway check: 3 of 28 rules\r\x1b[K" if shown else "")


def test_the_hook_for_pre_commit_names_a_command_that_exists() -> None:
    """`.pre-commit-hooks.yaml` runs a command of this package, for the application as a whole."""
    text = (Path(__file__).parents[2] / ".pre-commit-hooks.yaml").read_text()
    lines = dict(line.strip().removeprefix("- ").split(": ", 1) for line in text.splitlines() if ": " in line)
    program, command = lines["entry"].split()
    assert program == "typeway"
    assert command in {entry.name or entry.callback.__name__ for entry in cli.registered_commands if entry.callback}
    assert (lines["pass_filenames"], lines["language"]) == ("false", "system")
