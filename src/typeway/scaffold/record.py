"""Keep in a project what it was made of: the answers, and the files as they were made."""

import io
import json
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from typeway.scaffold.error import ScaffoldError
from typeway.scaffold.merge import write_file
from typeway.scaffold.project import Project
from typeway.scaffold.render import render, template_digest
from typeway.version import __version__

FOLDER: Final = ".typeway"
ANSWERS: Final = "project.json"
MADE: Final = "made.zip"

# The oldest date that a zip file can have: the same files give the same bytes.
_DATE: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Record:
    """What a project says about how it was made."""

    project: Project
    template: str
    """The digest of the template that it was made with, or last updated to."""

    @property
    def is_current(self) -> bool:
        """Whether it has the template of this version of Typeway."""
        return self.template == template_digest()


def read_record(folder: Path) -> Record:
    """Return the record of a project.

    Raises:
        ScaffoldError: the folder has none, or it cannot be read.
    """
    file = folder / FOLDER / ANSWERS
    try:
        content = json.loads(file.read_bytes())
        return Record(Project.model_validate(content["project"]), str(content["template"]))
    except FileNotFoundError as error:
        raise ScaffoldError(
            f"{folder} was not made by `typeway new`: there is no {FOLDER}/{ANSWERS}; change to the project's folder"
        ) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ScaffoldError(f"{file} cannot be read; take it back from version control ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        problem = error.errors()[0]
        return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
    return " ".join(f"{type(error).__name__}: {error}".split())


def made_of(folder: Path, record: Record) -> dict[str, str]:
    """Return the files as the template made them.

    Raises:
        ScaffoldError: they were made with another template, and their copy cannot be read.
    """
    if record.is_current:
        return render(record.project)
    file = folder / FOLDER / MADE
    try:
        with zipfile.ZipFile(file) as archive:
            return {name: archive.read(name).decode() for name in archive.namelist()}
    except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError, UnicodeDecodeError) as error:
        raise ScaffoldError(f"{file} cannot be read; take it back from version control") from error


def write_record(folder: Path, project: Project, made: dict[str, str]) -> None:
    """Write the record of a project that was made of these files."""
    content = {
        "about": "Written by `typeway new` and `typeway add`, and read by them. Commit this folder; do not edit it.",
        "typeway": __version__,
        "template": template_digest(),
        "project": project.model_dump(mode="json"),
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path, text in sorted(made.items()):
            file.writestr(zipfile.ZipInfo(path, _DATE), text, zipfile.ZIP_DEFLATED)
    write_file(folder / FOLDER / ANSWERS, (json.dumps(content, indent=2) + "\n").encode())
    write_file(folder / FOLDER / MADE, archive.getvalue())
