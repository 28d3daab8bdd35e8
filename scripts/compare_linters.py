"""Count which pitfalls of `examples/pitfalls/` other linters see: `python -m scripts.compare_linters TOOLS RULES`.

TOOLS is the `bin` folder of an environment with ruff, flake8-async and semgrep; RULES is the folder `python` of a checkout of
github.com/semgrep/semgrep-rules. The table goes to standard output, and after it every report that it counts.

The examples are copied to a temporary folder and made FastAPI's by name, because these linters know FastAPI and not Typeway;
comments that silence findings are not heeded. It takes about three minutes, most of it for semgrep and for one process for each example.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[1]
EXAMPLES: Final = ROOT / "examples" / "pitfalls"
RENAMED: Final = {r"\bfrom typeway\b": "from fastapi", r"\bTypeway\b": "FastAPI", r"\bRouter\b": "APIRouter"}

# The groups of ruff's rules about what the pitfalls are about, and single ones of others: a task that nothing keeps, an
# asynchronous function that awaits nothing, an argument that nothing reads.
RUFF: Final = "ASYNC,FAST,B,S,BLE,RUF006,RUF029,ARG001"
# As ruff's documentation advises for FastAPI.
CALLS: Final = 'lint.flake8-bugbear.extend-immutable-calls=["fastapi.Depends","fastapi.Query"]'

# The rules of each linter that speak of a pitfall, from reading what they reported. All others that report something in a
# bad example report something else.
ABOUT: Final[Mapping[str, Sequence[str]]] = {
    "TW001": ("ASYNC21", "ASYNC22", "ASYNC23", "ASYNC25", "sync-sleep-in-async-code", "arbitrary-sleep"),
    "TW002": ("ASYNC21", "ASYNC22", "ASYNC23", "ASYNC25", "ASYNC124", "RUF029", "sync-sleep-in-async-code"),
    "TW012": ("ARG001",),
    "TW016": ("wildcard-cors",),
    "TW018": ("B006", "B008", "default-mutable"),
    "TW020": ("FAST003",),
    "TW022": ("RUF006", "ASYNC300"),
}


class Report(NamedTuple):
    """What a linter reports in one example: "tw001_blocking_call/bad.py"."""

    example: str
    rule: str

    @property
    def pitfall(self) -> str:
        return self.example[:5].upper()

    @property
    def is_about_it(self) -> bool:
        """Whether it is about the pitfall that the example shows."""
        return self.rule == self.pitfall or any(self.rule.startswith(name) for name in ABOUT.get(self.pitfall, ()))


def output_of(command: Sequence[str | Path], folder: Path) -> str:
    """What a linter prints; its exit status only says whether it found something."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode not in (0, 1, 2):
        raise SystemExit(f"{command[0]} failed with {done.returncode}:\n{done.stderr}")
    return done.stdout


def example_of(path: str) -> str:
    return "/".join(Path(path).parts[-2:])


def ruff(tools: Path, rules: Path, examples: Path) -> Iterator[Report]:
    command: list[str | Path] = [
        tools / "ruff",
        "check",
        "--isolated",
        "--no-cache",
        "--ignore-noqa",
        "--preview",
        "--target-version",
        "py311",
    ]
    found = output_of([*command, "--select", RUFF, "--config", CALLS, "--output-format", "json", "."], examples)
    yield from (Report(example_of(entry["filename"]), entry["code"]) for entry in json.loads(found))


def flake8_async(tools: Path, rules: Path, examples: Path) -> Iterator[Report]:
    files = sorted(str(path.relative_to(examples)) for path in examples.rglob("*.py"))
    found = output_of([tools / "flake8-async", "--disable-noqa", "--enable=ASYNC", "--asyncio", *files], examples)
    for path, rule in re.findall(r"^(.+?):\d+:\d+: (ASYNC\d+)", found, re.MULTILINE):
        yield Report(example_of(path), rule)


def semgrep(tools: Path, rules: Path, examples: Path) -> Iterator[Report]:
    command: list[str | Path] = [
        tools / "semgrep",
        "scan",
        "--metrics",
        "off",
        "--disable-version-check",
        "--no-git-ignore",
        "--disable-nosem",
    ]
    found = json.loads(output_of([*command, "--jobs", "1", "--config", rules, "--json", "."], examples))
    yield from (Report(example_of(entry["path"]), entry["check_id"].rpartition(".")[2]) for entry in found["results"])


def typeway(tools: Path, rules: Path, examples: Path) -> Iterator[Report]:
    for path in sorted(examples.rglob("tw*/[bg]*.py")):
        module = f"{examples.name}.{path.parent.name}.{path.stem}:app"
        command = [
            sys.executable,
            "-m",
            "typeway",
            "check",
            "--compat",
            "--all",
            "--no-cache",
            "--format",
            "json",
            module,
        ]
        found = json.loads(output_of(command, examples.parent))
        yield from (Report(example_of(entry["path"]), entry["code"]) for entry in found["findings"])


LINTERS: Final[Mapping[str, Callable[[Path, Path, Path], Iterator[Report]]]] = {
    "typeway check": typeway,
    "ruff": ruff,
    "flake8-async": flake8_async,
    "semgrep": semgrep,
}


def copied(folder: Path) -> Path:
    """Copy the examples, with the files that they read, made FastAPI's by name."""
    copy = folder / EXAMPLES.name
    for path in sorted(path for path in EXAMPLES.rglob("*.*") if path.suffix in (".py", ".txt")):
        text = path.read_text(encoding="utf-8")
        for old, new in RENAMED.items() if path.suffix == ".py" else ():
            text = re.sub(old, new, text)
        target = copy / path.relative_to(EXAMPLES)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return copy


def cell(reports: set[Report], pitfall: str) -> str:
    """How many bad examples are seen, and in how many good ones something is reported."""
    own = [report for report in reports if report.pitfall == pitfall]
    seen = {report.example for report in own if "/bad" in report.example and report.is_about_it}
    wrong = {report.example for report in own if "/good" in report.example}
    return f"{len(seen)}, {len(wrong)} good" if wrong else str(len(seen) or "")


def table(found: Mapping[str, set[Report]], examples: Path) -> Iterator[str]:
    """The lines of the table, one for each pitfall, and their sums."""
    yield f"| pitfall | bad | good | {' | '.join(found)} |"
    yield "|---" * (3 + len(found)) + "|"
    counts = [0, 0]
    for folder in sorted(examples.glob("tw*")):
        pitfall, kinds = folder.name[:5].upper(), [len([*folder.glob(f"{kind}*.py")]) for kind in ("bad", "good")]
        counts = [total + count for total, count in zip(counts, kinds, strict=True)]
        cells = [cell(reports, pitfall) for reports in found.values()]
        yield f"| [{pitfall}]({pitfall}.md) | {kinds[0]} | {kinds[1]} | {' | '.join(cells)} |"
    sums = []
    for reports in found.values():
        seen = {report.example for report in reports if "/bad" in report.example and report.is_about_it}
        wrong = {report.example for report in reports if "/good" in report.example}
        sums.append(f"**{len(seen)}**, {len(wrong)} good")
    yield f"| **all** | **{counts[0]}** | **{counts[1]}** | {' | '.join(sums)} |"


def main() -> None:
    """Run every linter and print the table."""
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    tools, rules = (Path(argument).resolve() for argument in sys.argv[1:])
    with TemporaryDirectory() as folder:
        examples = copied(Path(folder))
        found = {name: set(linter(tools, rules, examples)) for name, linter in LINTERS.items()}
        print("\n".join(table(found, examples)))
    for name, reports in found.items():
        print(f"\n{name}")
        for example, rule in sorted(reports):
            print(f"  {example} {rule}{'' if Report(example, rule).is_about_it else ' (something else)'}")


if __name__ == "__main__":
    main()
