"""`typeway explain` prints the pages of rules and exceptions without a network."""

import inspect
import re
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from typeway import exceptions
from typeway.check import RULES
from typeway.exceptions import DeclarationError

ROOT = Path(__file__).resolve().parents[2]
EXCEPTIONS = [
    name
    for name, value in vars(exceptions).items()
    if inspect.isclass(value) and issubclass(value, BaseException) and value.__module__ == exceptions.__name__
]


@pytest.mark.parametrize("code", RULES)
def test_a_rule_is_explained_with_its_examples(command: Command, code: str) -> None:
    """The page has the rule, why it is one, the bad and the good example as they are in the repository, the fix, and the address."""
    outcome = command("explain", code)
    assert (outcome.status, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[:3] == [f"{code} {RULES[code].name}", "", RULES[code].says]
    assert {"Why", "What is found", "The fix", "Example"} <= set(lines)
    (folder,) = (ROOT / "examples/pitfalls").glob(f"{code.lower()}_*")
    for example in ("bad.py", "good.py"):
        code_lines = (folder / example).read_text(encoding="utf-8").splitlines()
        assert all(f"    {line}".rstrip() in lines for line in code_lines)
    assert re.fullmatch(rf"\S*check/{code}\.(md|html)", lines[-1])
    assert "](" not in outcome.out.partition("Example")[0]


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("TW001", r"the watchdog \(\S+/watchdog\.(md|html)\) has"),
        ("TW001", r"only those who run the application \(#who-runs-an-application\) may"),
        ("TW001", r"begins a task \(\S+/check/TW002\.(md|html)#what-is-found\) for"),
        ("TW016", r"the guide \(\S+/guides/cors\.(md|html)\)"),
        # Its name is all that `typeway explain` takes.
        ("TW030", r"TW017(?! \()"),
    ],
)
def test_a_link_says_where_it_leads(command: Command, code: str, shown: str) -> None:
    """A terminal shows no links, so the address stands behind the text."""
    assert re.search(shown, command("explain", code).out)


@pytest.mark.parametrize("name", EXCEPTIONS)
def test_an_exception_is_explained(command: Command, name: str) -> None:
    """The page says what an exception means and when it is raised."""
    out = command("explain", name).out
    assert out.startswith(f"{name}\n\nFrom `typeway.exceptions`")
    assert "\nRaised\n" in out
    summary = (inspect.getdoc(getattr(exceptions, name)) or "").splitlines()[0]
    assert summary in out


@pytest.mark.parametrize(
    ("given", "heading"),
    [
        ("tw001", "TW001 blocking-call"),
        ("blocking-call", "TW001 blocking-call"),
        ("docs/check/TW001.md", "TW001 blocking-call"),
        ("https://docs.example/check/TW001.html", "TW001 blocking-call"),
        ("https://docs.example/check/TW001.html#why", "TW001 blocking-call"),
        ("typeway.exceptions.HTTPException", "HTTPException"),
        ("httpexception", "HTTPException"),
        ("reference/exceptions.html#declarationerror", "DeclarationError"),
    ],
)
def test_a_topic_has_several_spellings(command: Command, given: str, heading: str) -> None:
    """Codes and names are found in any case, and so is what somebody copies from an address or a traceback."""
    assert command("explain", given).out.splitlines()[0] == heading


def test_several_topics_are_printed_in_order(command: Command) -> None:
    """What a report of `typeway check` ends with can be typed as it is."""
    out = command("explain", "TW002", "TW001").out
    assert out.index("TW002 async-in-name") < out.index("\n----") < out.index("TW001 blocking-call")


def test_without_a_topic_all_are_listed(command: Command) -> None:
    """Every rule and every exception is one line with one sentence."""
    listed = dict(line.split(maxsplit=1) for line in command("explain").out.splitlines() if line.startswith("  "))
    assert {code: listed[code] for code in RULES} == {code: rule.says for code, rule in RULES.items()}
    for name in EXCEPTIONS:
        assert len(listed[name].split()) > 3


@pytest.mark.parametrize(
    ("given", "advice"),
    [
        ("TW099", "did you mean TW0"),
        ("bloking-call", "did you mean TW001"),
        ("HTTPExeption", "did you mean HTTPException"),
        ("42", "there is no topic '42'; `typeway explain` lists all of them"),
    ],
)
def test_an_unknown_topic_is_wrong_usage(command: Command, given: str, advice: str) -> None:
    """The message names the closest topics, and the status is that of wrong arguments."""
    outcome = command("explain", given)
    assert (outcome.status, outcome.out) == (2, "")
    assert outcome.err.startswith("typeway: there is no topic ")
    assert advice in outcome.err
    assert outcome.err.count("\n") == 1


def test_a_traceback_of_a_refused_declaration_ends_with_the_command() -> None:
    """Whoever sees the error without the command line, as with another server, is told how to read on."""
    assert DeclarationError("Wrong.", hint="Write it so.").__notes__ == ["Read more: typeway explain TW000"]
