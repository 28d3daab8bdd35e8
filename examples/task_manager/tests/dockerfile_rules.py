"""Rules for Dockerfiles, as hadolint has them: each is a function that says what is wrong with an instruction."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

Complaint = str


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction, with its lines joined."""

    name: str
    text: str


def instructions_of(text: str) -> list[Instruction]:
    """Read a Dockerfile."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    return [Instruction(*line.split(maxsplit=1)) for line in joined.splitlines() if line.strip()]


def pinned_bases(file: list[Instruction]) -> Iterator[Complaint]:
    """Every image has a version (DL3006, DL3007)."""
    stages = {words[2] for each in file if each.name == "FROM" and len(words := each.text.split()) == 3}
    for each in file:
        base = each.text.split()[0]
        if each.name == "FROM" and base not in stages and not re.fullmatch(r"[\w./-]+:(?!latest$)[\w.-]+", base):
            yield f"FROM {base} has no version"


def an_ordinary_user(file: list[Instruction]) -> Iterator[Complaint]:
    """The last stage runs as a user who is not root, named by a number, which Kubernetes can check (DL3002)."""
    last = max(number for number, each in enumerate(file) if each.name == "FROM")
    users = [each.text for each in file[last:] if each.name == "USER"]
    if not users or not re.fullmatch(r"[1-9]\d*(:\d+)?", users[-1]):
        yield "the image runs as root, or as a user without a number"


def commands_without_a_shell(file: list[Instruction]) -> Iterator[Complaint]:
    """CMD and ENTRYPOINT are JSON: otherwise a shell gets the signal to stop, and the server none (DL3025)."""
    for each in file:
        command = each.text.partition("CMD ")[2] if each.name == "HEALTHCHECK" else each.text
        if each.name in ("CMD", "ENTRYPOINT", "HEALTHCHECK"):
            try:
                json.loads(command)
            except ValueError:
                yield f"{each.name} is run by a shell: {command}"


def no_caches(file: list[Instruction]) -> Iterator[Complaint]:
    """Package managers leave nothing in the image (DL3042, DL3009, DL3015)."""
    for each in file:
        if each.name == "RUN" and "pip install" in each.text and "--no-cache-dir" not in each.text:
            yield "pip keeps its cache"
        if each.name == "RUN" and "apt-get install" in each.text:
            if "--no-install-recommends" not in each.text:
                yield "apt-get installs what is only recommended"
            if "rm -rf /var/lib/apt/lists" not in each.text:
                yield "apt-get keeps its lists"


def copies_only(file: list[Instruction]) -> Iterator[Complaint]:
    """ADD downloads and unpacks; COPY does what it says (DL3020)."""
    yield from (f"ADD {each.text}" for each in file if each.name == "ADD")


def absolute_folders(file: list[Instruction]) -> Iterator[Complaint]:
    """WORKDIR is absolute, and RUN does not change folders (DL3000, DL3003)."""
    for each in file:
        if each.name == "WORKDIR" and not each.text.startswith("/"):
            yield f"WORKDIR {each.text} is relative"
        if each.name == "RUN" and re.search(r"(^|&& )cd ", each.text):
            yield "RUN changes the folder; use WORKDIR"


def no_root_by_another_name(file: list[Instruction]) -> Iterator[Complaint]:
    """Nobody becomes root in the image (DL3004)."""
    yield from ("sudo" for each in file if each.name == "RUN" and re.search(r"\bsudo\b", each.text))


def no_secrets(file: list[Instruction]) -> Iterator[Complaint]:
    """Whoever has the image can read ENV and ARG."""
    for each in file:
        if each.name in ("ENV", "ARG"):
            for name in re.findall(r"\w*(?:PASSWORD|SECRET|TOKEN|API_KEY|DATABASE_URL)\w*(?==)", each.text):
                yield f"{each.name} {name} is in the image"


def a_health_check(file: list[Instruction]) -> Iterator[Complaint]:
    """Docker can tell whether the container works (DL3057)."""
    if not any(each.name == "HEALTHCHECK" for each in file):
        yield "there is no HEALTHCHECK"


def one_command(file: list[Instruction]) -> Iterator[Complaint]:
    """Only the last of several CMDs counts (DL4003)."""
    if sum(each.name == "CMD" for each in file) != 1:
        yield "there is not exactly one CMD"


RULES: list[Callable[[list[Instruction]], Iterator[Complaint]]] = [
    pinned_bases,
    an_ordinary_user,
    commands_without_a_shell,
    no_caches,
    copies_only,
    absolute_folders,
    no_root_by_another_name,
    no_secrets,
    a_health_check,
    one_command,
]


def complaints_about(text: str) -> list[Complaint]:
    """Return what all rules say about a Dockerfile."""
    file = instructions_of(text)
    return [complaint for rule in RULES for complaint in rule(file)]
