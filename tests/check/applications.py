"""Write small applications into temporary folders and check them by the command line."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest

from tests.patience import PATIENCE
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
        if not self.out:
            pytest.fail(f"the check gave no findings, exit status {self.status}: {self.err}")
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
    """Run `typeway check` on an application whose source is given; what it imports is forgotten afterwards.

    With `--compat` it runs in a process of its own: that changes for good what `import fastapi` means, and cannot be where a
    test has imported FastAPI itself.
    """
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
        command = ["check", "--no-cache", *([] if form is None else ["--format", form]), *arguments]
        if "--compat" in arguments:
            apart = [sys.executable, "-m", "typeway", *command]
            done = subprocess.run(apart, capture_output=True, text=True, check=False, timeout=PATIENCE)
            return Outcome(done.returncode, done.stdout, done.stderr)
        with pytest.raises(SystemExit) as stopped:
            main(command)
        printed = capsys.readouterr()
        code = stopped.value.code
        return Outcome(code if isinstance(code, int) else 1, printed.out, printed.err)

    yield check
    forget()
    sys.path[:] = path
