"""Run the tests against mutants of declare, plan and serve, and print those that survive: `make mutants`."""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from scripts.mutants import record
from scripts.mutants.choose import Record, Stage
from scripts.mutants.mutate import Mutant
from scripts.mutants.project import ROOT, Project, UnknownMutantError, identity
from scripts.mutants.trial import Trial, begin, warm_up

# Tests that run the package in other processes, read its source, or test other folders.
UNUSED: Final = (
    "tests/cli", "tests/check", "tests/plugins", "tests/typing", "tests/watch", "tests/describe/test_browser.py",
    "tests/test_performance.py", "tests/test_shape.py", "tests/test_mutants.py", "tests/test_seeds.py",
)  # fmt: skip

FEWEST_KILLED: Final = 0.95


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result for one mutant.

    Attributes:
        killed_by: the first test that failed, or what else happened; "" if the mutant survived.
        tests: the number of tests that were chosen for it.
    """

    mutant: Mutant
    killed_by: str
    tests: int


def recorded(project: Project, *, again: bool) -> Record:
    """Which tests run which statements; the tests are run for this unless nothing has changed since the last time."""
    folder, state = project.work / "record", project.state()
    stamp = folder / "state"
    if again or not stamp.exists() or stamp.read_text(encoding="utf-8") != state:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        print("Running all tests once, to record which statements each of them runs.", flush=True)
        started = time.monotonic()
        environment = {
            **os.environ,
            record.FOLDER: str(folder),
            record.FILES: json.dumps([str(project.source / file) for file in project.files()]),
            "PYTHONPATH": os.pathsep.join([str(project.source.parent), str(ROOT)]),
        }
        command = [sys.executable, "-m", "pytest", "-q", "-p", "scripts.mutants.record", "-p", "no:tests.unmeasured"]
        command += [f"--ignore={project.root / place}" for place in UNUSED]
        with (folder / "output").open("w") as output:
            subprocess.run([*command, "tests"], cwd=project.root, env=environment, stdout=output, check=False)
        stamp.write_text(state, encoding="utf-8")
        print(f"That took {time.monotonic() - started:.0f} s.")
    found = Record(folder, project.files())
    if not found.durations:
        sys.exit(f"No test has run. The output of pytest is in {folder / 'output'}.")
    for test in sorted(found.failed):
        print(f"Not used, because it fails without a mutant: {test}")
    return found


def try_all(project: Project, mutants: Iterable[tuple[Mutant, list[Stage]]], jobs: int) -> list[Outcome]:
    """The outcomes of mutants, of which several are tried at a time, each with its stages one after the other."""
    waiting = [(mutant, stages, 0) for mutant, stages in mutants][::-1]
    running: list[tuple[Trial, list[Stage], int]] = []
    free = [project.work / f"trial-{number}" for number in range(jobs)]
    outcomes: list[Outcome] = []

    def finish(mutant: Mutant, killed_by: str, tests: int) -> None:
        outcomes.append(Outcome(mutant, killed_by, tests))
        verdict = f"killed by {killed_by}" if killed_by else f"SURVIVED {tests} tests"
        print(f"{len(outcomes):4} {mutant.name} {verdict}", flush=True)

    while waiting or running:
        while waiting and free:
            mutant, stages, tests = waiting.pop()
            if stages:
                trial = begin(project.source, project.root, free.pop(), mutant, stages[0])
                running.append((trial, stages[1:], tests + len(stages[0].tests)))
            else:
                finish(mutant, "", tests)
        time.sleep(0.02)
        for entry in list(running):
            trial, stages, tests = entry
            killed_by = trial.result()
            if killed_by is None or trial.mutant is None:
                continue
            running.remove(entry)
            free.append(trial.folder)
            if killed_by:
                finish(trial.mutant, killed_by, tests)
            else:
                waiting.append((trial.mutant, stages, tests))
    return outcomes


def verified(project: Project, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """The outcomes, in which a test that fails without a mutant as well has killed none."""
    tests = tuple(dict.fromkeys(outcome.killed_by for outcome in outcomes if "::" in outcome.killed_by))
    if not tests:
        return list(outcomes)
    trial = begin(project.source, project.root, project.work / "trial-0", None, Stage(tests, 600), all_tests=True)
    while trial.result() is None:
        time.sleep(0.05)
    unreliable = set(trial.failures())
    for test in sorted(unreliable):
        print(f"Not counted, because it fails without a mutant too: {test}")
    return [replace(outcome, killed_by="") if outcome.killed_by in unreliable else outcome for outcome in outcomes]


def report(outcomes: Sequence[Outcome], explained: int, seconds: float) -> bool:
    """Print the result; whether enough mutants were killed."""
    survivors = sorted((each for each in outcomes if not each.killed_by), key=lambda outcome: outcome.mutant.name)
    share = 1 - len(survivors) / len(outcomes) if outcomes else 1.0
    print(f"\n{len(outcomes)} mutants in {seconds:.0f} s: {share:.1%} killed, {len(survivors)} survived.", end=" ")
    print(f"{explained} more are equivalent to the original (equivalent.toml)." if explained else "")
    for outcome in survivors:
        tests = f"{outcome.tests} tests" if outcome.tests else "no test runs it"
        print(f"\n{outcome.mutant.name} in {outcome.mutant.within or 'the module'} ({tests})")
        print(f"    - {outcome.mutant.before}\n    + {outcome.mutant.after}")
    if survivors:
        print("\nTo try one again: make mutants MUTANT=name TESTS='tests/...'")
    return share >= FEWEST_KILLED


def main(arguments: Sequence[str] | None = None, project: Project | None = None) -> int:
    """Run the command.

    Returns:
        0 if enough mutants were killed, else 1.
    """
    parser = argparse.ArgumentParser(prog="python -m scripts.mutants", description=__doc__)
    parser.add_argument("--seed", type=int, help="the seed of the sample; without it, a new one is chosen and printed")
    parser.add_argument("--number", type=int, default=240, help="the size of the sample (%(default)s)")
    parser.add_argument("--mutant", help="the name of one mutant, to try this one only")
    parser.add_argument("--tests", nargs="+", help="files of tests to run, instead of the tests that run the mutant")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="how many mutants are tried at a time")
    parser.add_argument("--record", action="store_true", help="record again which tests run which statements")
    options = parser.parse_args(arguments)
    project = project or Project()
    started = time.monotonic()
    try:
        mutants = [project.named(options.mutant)] if options.mutant else sample(project, options.seed, options.number)
    except UnknownMutantError as error:
        sys.exit(str(error))
    reasons = {} if options.mutant else project.reasons()
    wanted = [mutant for mutant in mutants if identity(mutant) not in reasons]
    if options.tests:
        stages = [Stage(tuple(options.tests), 0)]
        chosen = [(mutant, stages) for mutant in wanted]
    else:
        known = recorded(project, again=options.record)
        chosen = [(mutant, known.stages(mutant)) for mutant in wanted]
    warm_up(project.work)
    outcomes = verified(project, try_all(project, chosen, options.jobs))
    return 0 if report(outcomes, len(mutants) - len(wanted), time.monotonic() - started) else 1


def sample(project: Project, seed: int | None, number: int) -> list[Mutant]:
    """A sample of the mutants, whose seed is printed."""
    seed = random.SystemRandom().randrange(100_000) if seed is None else seed
    mutants = project.sample(seed, number)
    print(
        f"{len(mutants)} mutants of {', '.join(project.folders)}. To get the same again: make mutants SEED={seed}",
        flush=True,
    )
    return mutants


if __name__ == "__main__":
    sys.exit(main())
