"""Put faults into the rooms that a request passes through, and see whether the tests notice: `make mutants`."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.mutants import record
from scripts.mutants.choose import Record, Stage
from scripts.mutants.faults import Fault, faults_of
from scripts.mutants.trial import Trial, begin, warm_up

ROOT: Final = Path(__file__).resolve().parents[2]
ROOMS: Final = ("declare", "plan", "serve")

# They make other processes do their work, look at the source, or at other rooms.
NO_USE: Final = (
    "tests/cli", "tests/check", "tests/plugins", "tests/typing", "tests/watch", "tests/describe/test_browser.py",
    "tests/test_performance.py", "tests/test_shape.py", "tests/test_mutants.py",
)  # fmt: skip

FEWEST_NOTICED: Final = 0.95


@dataclass(frozen=True, slots=True)
class Project:
    """Where everything is.

    Attributes:
        package: the folder of the package, relative to the root.
    """

    root: Path = ROOT
    package: str = "src/typeway"
    rooms: Sequence[str] = ROOMS

    @property
    def source(self) -> Path:
        return self.root / self.package

    @property
    def work(self) -> Path:
        """The folder for records and trials; on the disk of the source, because trials link to it."""
        return self.root / ".mutants"

    def files(self) -> list[str]:
        return [f"{room}/{path.name}" for room in self.rooms for path in sorted((self.source / room).glob("*.py"))]

    def faults(self) -> list[Fault]:
        """All faults that can be made."""
        return [fault for file in self.files() for fault in faults_of(file, self.text(file))]

    def text(self, file: str) -> str:
        return (self.source / file).read_text(encoding="utf-8")

    def state(self) -> str:
        """What the record depends on: the package and the tests."""
        digest = hashlib.sha256()
        for folder in (self.source, self.root / "tests"):
            for path in sorted(folder.rglob("*.py")):
                digest.update(path.read_bytes())
        return digest.hexdigest()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a fault.

    Attributes:
        noticed_by: the first test that failed, or what else happened; "" if nothing did.
        tests: how many tests were run, or would have been.
    """

    fault: Fault
    noticed_by: str
    tests: int


def recorded(project: Project, *, again: bool) -> Record:
    """Which tests run which lines; the tests are run for that unless they are as they were."""
    folder, state = project.work / "record", project.state()
    stamp = folder / "state"
    if again or not stamp.exists() or (stamp.read_text(encoding="utf-8") != state):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print("Recording which tests run which lines.", flush=True)
        started = time.monotonic()
        environment = {
            **os.environ,
            record.FOLDER: str(folder),
            record.FILES: json.dumps([str(project.source / file) for file in project.files()]),
            "PYTHONPATH": os.pathsep.join([str(project.source.parent), str(ROOT)]),
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "scripts.mutants.record", "-p", "no:tests.unmeasured"]
        command += [f"--ignore={project.root / place}" for place in NO_USE]
        with (folder / "output").open("w") as output:
            subprocess.run([*command, "tests"], cwd=project.root, env=environment, stdout=output, check=False)
        stamp.write_text(state, encoding="utf-8")
        print(f"It took {time.monotonic() - started:.0f} s.")
    found = Record(folder, project.files())
    if not found.durations:
        sys.exit(f"No test has run, see {folder / 'output'}.")
    for test in sorted(found.failed):
        print(f"left out, because it fails without a fault: {test}")
    return found


def sampled(project: Project, seed: int, number: int) -> list[Fault]:
    """As many faults as wanted, the same for the same seed and source."""
    faults, texts = project.faults(), {file: project.text(file) for file in project.files()}
    chosen: list[Fault] = []
    for fault in random.Random(seed).sample(faults, len(faults)):
        if len(chosen) == number:
            break
        if fault.can_be_compiled(texts[fault.file]):
            chosen.append(fault)
    print(f"{len(chosen)} of {len(faults)} faults in {', '.join(project.rooms)}; the seed is {seed}.", flush=True)
    return chosen


def named(project: Project, name: str) -> Fault:
    """The fault of a name."""
    for fault in faults_of(name.partition(":")[0], project.text(name.partition(":")[0])):
        if fault.name == name:
            return fault
    sys.exit(f"There is no fault {name}: names are file:line:column:kind as a run has printed them for this source.")


def tried(project: Project, faults: Iterable[tuple[Fault, list[Stage]]], jobs: int) -> list[Outcome]:
    """What becomes of faults, each tried with its stages one after the other, several faults at a time."""
    waiting = [(fault, stages, 0) for fault, stages in faults]
    waiting.reverse()
    running: list[tuple[Trial, list[Stage], int]] = []
    outcomes: list[Outcome] = []
    free = [project.work / f"trial-{number}" for number in range(jobs)]

    def ended(fault: Fault, noticed_by: str, tests: int) -> None:
        outcomes.append(Outcome(fault, noticed_by, tests))
        verdict = f"noticed by {noticed_by}" if noticed_by else f"SURVIVED {tests} tests"
        print(f"{len(outcomes):4} {fault.name} {verdict}", flush=True)

    while waiting or running:
        while waiting and free:
            fault, stages, tests = waiting.pop()
            if stages:
                trial = begin(project.source, project.root, free.pop(), fault, stages[0])
                running.append((trial, stages[1:], tests + len(stages[0].tests)))
            else:
                ended(fault, "", tests)
        time.sleep(0.02)
        for entry in list(running):
            trial, stages, tests = entry
            result = trial.result()
            if result is not None and trial.fault is not None:
                running.remove(entry)
                free.append(trial.folder)
                if result:
                    ended(trial.fault, result, tests)
                else:
                    waiting.append((trial.fault, stages, tests))
    return outcomes


def unreliable(project: Project, outcomes: Sequence[Outcome]) -> set[str]:
    """The tests that have noticed a fault, but fail without one as well."""
    tests = tuple(dict.fromkeys(each.noticed_by for each in outcomes if "::" in each.noticed_by))
    if not tests:
        return set()
    trial = begin(project.source, project.root, project.work / "trial-0", None, Stage(tests, 600), all_tests=True)
    while trial.result() is None:
        time.sleep(0.05)
    return set(trial.failures())


def shown(outcome: Outcome) -> str:
    fault = outcome.fault
    tests = f"{outcome.tests} tests ran it" if outcome.tests else "no test runs it"
    return f"{fault.name}  ({tests})\n    - {fault.before}\n    + {fault.after}"


def report(outcomes: Sequence[Outcome], seconds: float) -> bool:
    """Print what was found; whether enough was noticed."""
    survivors = [outcome for outcome in outcomes if not outcome.noticed_by]
    share = 1 - len(survivors) / len(outcomes)
    print(f"\n{len(outcomes)} faults in {seconds:.0f} s, {share:.1%} noticed, {len(survivors)} survived.")
    for outcome in sorted(survivors, key=lambda outcome: outcome.fault.name):
        print(f"\n{shown(outcome)}")
    if survivors:
        print("\nTo try one again: make mutants MUTANT=<its name>")
    return share >= FEWEST_NOTICED


def main(arguments: Sequence[str] | None = None, project: Project | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m scripts.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, help="chooses the faults; a new one each time if not given")
    parser.add_argument("--number", type=int, default=240, help="how many faults")
    parser.add_argument("--mutant", help="one fault by its name, instead of a sample")
    parser.add_argument("--tests", nargs="+", help="files of tests to run, instead of those that run the fault's lines")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many faults are tried at a time")
    parser.add_argument("--record", action="store_true", help="record which tests run which lines once more")
    options = parser.parse_args(arguments)
    project = project or Project()
    started = time.monotonic()
    seed = random.SystemRandom().randrange(100_000) if options.seed is None else options.seed
    faults = [named(project, options.mutant)] if options.mutant else sampled(project, seed, options.number)
    if options.tests:
        stages = [Stage(tuple(options.tests), 0)]
        chosen = [(fault, stages) for fault in faults]
    else:
        known = recorded(project, again=options.record)
        chosen = [(fault, known.stages(fault)) for fault in faults]
    warm_up(project.work)
    outcomes = tried(project, chosen, options.jobs)
    doubtful = unreliable(project, outcomes)
    for outcome in outcomes:
        if outcome.noticed_by in doubtful:
            print(f"in doubt, because the test fails without the fault too: {outcome.fault.name} {outcome.noticed_by}")
    return 0 if report(outcomes, time.monotonic() - started) else 1


if __name__ == "__main__":
    sys.exit(main())
