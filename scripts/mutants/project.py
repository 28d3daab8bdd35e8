"""Find the mutants of a project: all of them, a sample, or one by its name; and those that are known to be equivalent."""

import hashlib
import random
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scripts.mutants.mutate import Mutant, mutants_of

ROOT: Final = Path(__file__).resolve().parents[2]
EQUIVALENT: Final = Path(__file__).with_name("equivalent.toml")


class UnknownMutantError(LookupError):
    """No mutant has this name."""


@dataclass(frozen=True, slots=True)
class Project:
    """The paths of a project.

    Attributes:
        package: the path of the package, relative to the root.
        folders: the folders of the package that are mutated.
        equivalent: a TOML file of the mutants that no test can kill, with the reasons.
    """

    root: Path = ROOT
    package: str = "src/typeway"
    folders: Sequence[str] = ("declare", "plan", "serve")
    equivalent: Path = EQUIVALENT

    @property
    def source(self) -> Path:
        return self.root / self.package

    @property
    def work(self) -> Path:
        """The folder for the record and the trials; on the disk of the source, because trials link to it."""
        return self.root / ".mutants"

    def files(self) -> list[str]:
        return [
            f"{folder}/{path.name}" for folder in self.folders for path in sorted((self.source / folder).glob("*.py"))
        ]

    def text(self, file: str) -> str:
        return (self.source / file).read_text(encoding="utf-8")

    def mutants(self) -> list[Mutant]:
        """All mutants."""
        return [mutant for file in self.files() for mutant in mutants_of(file, self.text(file))]

    def sample(self, seed: int, number: int) -> list[Mutant]:
        """A random sample of the mutants; the same seed and source give the same sample."""
        mutants = self.mutants()
        chosen: list[Mutant] = []
        for mutant in random.Random(seed).sample(mutants, len(mutants)):
            if len(chosen) == number:
                break
            if mutant.can_be_compiled(self.text(mutant.file)):
                chosen.append(mutant)
        return chosen

    def named(self, name: str) -> Mutant:
        """The mutant of a name.

        Raises:
            UnknownMutantError: there is none.
        """
        file = name.partition(":")[0]
        found = (
            [mutant for mutant in mutants_of(file, self.text(file)) if mutant.name == name]
            if file in self.files()
            else []
        )
        if not found:
            raise UnknownMutantError(
                f"There is no mutant {name!r}. Hint: The names that a run prints are valid until the source changes."
            )
        return found[0]

    def reasons(self) -> dict[tuple[str, str, str, str], str]:
        """Why a mutant is equivalent to the original, by file, function, source code before and after."""
        if not self.equivalent.exists():
            return {}
        entries = tomllib.loads(self.equivalent.read_text(encoding="utf-8")).get("mutant", [])
        return {(each["file"], each["within"], each["before"], each["after"]): each["reason"] for each in entries}

    def state(self) -> str:
        """A hash of all that the record depends on: the package and the tests."""
        digest = hashlib.sha256()
        for folder in (self.source, self.root / "tests"):
            for path in sorted(folder.rglob("*.py")):
                digest.update(path.read_bytes())
        return digest.hexdigest()


def identity(mutant: Mutant) -> tuple[str, str, str, str]:
    """What identifies a mutant when lines move."""
    return mutant.file, mutant.within, mutant.before.strip(), mutant.after.strip()
