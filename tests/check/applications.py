"""Write small applications into temporary folders and check them by the command line."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from typeway.cli import main

Check = Callable[..., "Outcome"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check left behind."""

    status: int
    out: str
    err: str

    @property
    def findings(self) -> list[dict[str, object]]:
        if "has no endpoints, so there is nothing to check" in self.err:
            return []  # many tests need one declaration only
        found: list[dict[str, object]] = json.loads(self.out)["findings"]
        return found

    @property
    def codes(self) -> list[object]:
        return [finding["code"] for finding in self.findings]

    @property
    def fixes(self) -> list[object]:
        return [finding["fix"] for finding in self.findings]

    @property
    def places(self) -> list[str]:
        return [f"{finding['code']} {finding['path']}:{finding['line']}" for finding in self.findings]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Check]:
    """Run `typeway check` on an application whose source is given; what it imports is forgotten afterwards."""
    monkeypatch.chdir(tmp_path)
    # Python would take the bytecode of a source of the same size that was written within the same second.
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    path, modules = list(sys.path), set(sys.modules)

    def forget() -> None:
        for name in set(sys.modules) - modules:
            file = getattr(sys.modules[name], "__file__", None)
            if file and Path(file).is_relative_to(tmp_path):
                del sys.modules[name]

    def check(source: str, *arguments: str, form: str | None = "json", **files: str) -> Outcome:
        forget()
        for name, text in {"main": source, **files}.items():
            file = tmp_path / (f"{name}.py" if "." not in name else name)
            file.write_text(dedent(text))
        with pytest.raises(SystemExit) as stopped:
            main(["check", "--no-cache", *([] if form is None else ["--format", form]), *arguments])
        printed = capsys.readouterr()
        code = stopped.value.code
        return Outcome(code if isinstance(code, int) else 1, printed.out, printed.err)

    yield check
    forget()
    sys.path[:] = path
