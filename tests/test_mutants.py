"""`make mutants` makes small changes to the source, and finds those that no test notices."""

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.mutants.mutate import mutants_of
from scripts.mutants.project import Project
from tests.patience import PATIENCE

ROOT = Path(__file__).parents[1]

# Each kind of mutant: a line in a function, and all that it may become.
CHANGES = {
    "if x: return y": ["negate: if (not (x)): return y", "return: if x: return None"],
    "while not x: f()": ["negate: while (x): f()", "not: while bool(x): f()", "statement: while not x: pass"],
    "z = a < b": ["compare: z = a <= b"],
    "z = a is not b": ["compare: z = a is b"],
    "z = a not in b": ["compare: z = a in b"],
    "z = a and b": ["boolean: z = (a or b)", "operand: z = b", "operand: z = a"],
    "z = 1": ["constant: z = 2"],
    "z = True": ["constant: z = False"],
    "z = 'key', b'key', 'some prose', ''": [
        "constant: z = 'keyx', b'key', 'some prose', ''",
        "constant: z = 'key', b'keyx', 'some prose', ''",
        "constant: z = 'key', b'key', 'some prose', 'x'",
    ],
    "z = lambda: y": ["return: z = lambda: None"],
    "z = f(x, y=y)": ["keyword: z = f(x)"],
    "z = f(x=x, y=y)": ["keyword: z = f(y=y)", "keyword: z = f(x=x)"],
    "z = a + b": ["arithmetic: z = a - b"],
    "for x in y: await f(x)": ["loop: for x in (): await f(x)", "statement: for x in y: pass"],
    "z = {a: b, c: d}": ["entry: z = {c: d}", "entry: z = {a: b, }"],
    "a.b = c": ["statement: pass"],
    "a += b": ["statement: pass"],
    "raise error": ["statement: pass"],
    "return": ["statement: pass"],
    "z = [x for x in y if x]": ["negate: z = [x for x in y if (not (x))]"],
}

# What no program does anything with, or what nobody would get wrong.
UNCHANGED = [
    "'prose'",
    "a: Literal['b'] = c",
    "a: f(1)",
    "z = f'{a}b'",
    "z = zip(a, b, strict=True)",
    "z = TypeVar('T', bound=f(1))",
    "assert a == 1",
    "import a",
]


def mutated(line: str) -> list[str]:
    """The mutants of a line in a function, each with its kind."""
    source = f"async def f():\n    {line}\n"
    return [
        f"{each.kind}: {each.put_into(source).partition(chr(10))[2].strip()}" for each in mutants_of("f.py", source)
    ]


@pytest.mark.parametrize("line", CHANGES)
def test_every_kind_of_mutant(line):
    """Conditions, comparisons, constants, arguments, entries and statements are changed one by one."""
    assert sorted(mutated(line)) == sorted(CHANGES[line])


def test_an_exception_is_not_handled():
    """The body of an except clause raises the exception again, unless it raises already."""
    source = (
        "def f():\n    try:\n        g = h\n    except A:\n        g = i\n    except B:\n        raise C from None\n"
    )
    found = [(each.kind, each.line, each.after) for each in mutants_of("f.py", source)]
    assert found == [("handler", 5, "raise"), ("statement", 7, "pass")]


@pytest.mark.parametrize("line", UNCHANGED)
def test_what_has_no_effect_is_left_alone(line):
    """Annotations, docstrings, prose and assertions are not changed."""
    assert mutated(line) == []


def test_a_seed_chooses_the_sample():
    """The same seed gives the same mutants, each of which its name finds again."""
    project = Project(folders=("serve",))
    sample = project.sample(1, 20)
    assert project.sample(1, 20) == sample
    assert project.sample(2, 20) != sample
    assert len(sample) == 20
    assert [project.named(mutant.name) for mutant in sample] == sample


def test_no_mutant_is_explained_that_does_not_exist():
    """Every entry of equivalent.toml names a mutant of today's source."""
    project = Project()
    known = {(each.file, each.within, each.before.strip(), each.after.strip()) for each in project.mutants()}
    assert project.reasons().keys() - known == set()


LIMITS = '''
def is_allowed(age):
    """Whether somebody is old enough."""
    return age >= 18


def never_called():
    return 1
'''
TESTS = """
from toy.plan.limits import is_allowed

def test_limits():
    assert is_allowed(30)
    assert not is_allowed(5)
"""
LOOP = """
def zero(count):
    while count > 0:
        count -= 1
    return count
"""
RUN = """
import sys
from pathlib import Path
from scripts.mutants import trial
from scripts.mutants.__main__ import main
from scripts.mutants.project import Project
from tests.patience import PATIENCE

root, trial.PATIENCE, trial.WARM = Path(sys.argv[1]), float(sys.argv[2]), ()
sys.exit(main(["--seed=1", *sys.argv[3:]], Project(root, "src/toy", ("plan",), root / "equivalent.toml")))
"""


@pytest.fixture
def toy(tmp_path):
    """A project of one module, whose tests overlook that 18 is the limit."""
    for file, text in (
        ("src/toy/__init__.py", ""),
        ("src/toy/plan/__init__.py", ""),
        ("src/toy/plan/limits.py", LIMITS),
        ("tests/test_limits.py", TESTS),
        ("pyproject.toml", "[tool.pytest.ini_options]\n"),
    ):
        path = tmp_path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def run(*options, patience=PATIENCE):
        command = [sys.executable, "-c", RUN, str(tmp_path), str(patience), *options]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    return run


def test_survivors_are_printed(toy, tmp_path):
    """A mutant that a test fails for is killed; one that no test notices, or that no test runs, is printed."""
    done = toy()
    assert done.returncode == 1, done.stdout + done.stderr
    report = done.stdout.partition("survived.")[2]
    assert "plan/limits.py:4:12:return in is_allowed" not in report
    assert "plan/limits.py:4:15:compare in is_allowed (1 tests)\n    -  >= \n    +  > " in report
    assert "plan/limits.py:8:12:constant in never_called (no test runs it)" in report
    # A test that would have killed it, and a reason why another cannot be killed.
    (tmp_path / "tests" / "test_more.py").write_text(
        "from toy.plan.limits import is_allowed\ndef test_18():\n    assert is_allowed(18)\n"
    )
    (tmp_path / "equivalent.toml").write_text(
        '[[mutant]]\nfile = "plan/limits.py"\nwithin = "never_called"\nbefore = "1"\nafter = "2"\nreason = "It is never called."\n'
    )
    again = toy("--mutant=plan/limits.py:4:19:constant", "--tests", "tests/test_more.py")
    assert again.returncode == 0, again.stdout + again.stderr
    assert "plan/limits.py:4:19:constant killed by tests/test_more.py::test_18" in again.stdout
    last = toy("--tests", "tests/test_limits.py", "tests/test_more.py")
    assert "1 more are equivalent" in last.stdout
    assert "never_called" not in last.stdout.partition("survived.")[2]


def test_a_mutant_that_never_ends_is_killed(toy, tmp_path):
    """A test that does not end is ended with its process."""
    (tmp_path / "src/toy/plan/loop.py").write_text(LOOP)
    (tmp_path / "tests/test_loop.py").write_text(
        "from toy.plan.loop import zero\ndef test_zero():\n    assert zero(2) == 0\n"
    )
    done = toy("--mutant=plan/loop.py:4:9:statement", "--tests", "tests/test_loop.py", patience=1)
    assert "plan/loop.py:4:9:statement killed by a timeout" in done.stdout, done.stdout + done.stderr


def test_a_name_that_does_not_exist(toy):
    """A wrong name is refused with a hint."""
    done = toy("--mutant=plan/limits.py:1:1:none")
    assert done.returncode != 0
    assert "There is no mutant 'plan/limits.py:1:1:none'. Hint: " in done.stderr
