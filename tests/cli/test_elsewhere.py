"""`typeway check --python`: failures and interruptions in another environment are told as in this one."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.patience import PATIENCE

COMMAND = [sys.executable, "-m", "typeway", "check", "--no-cache", "--python", sys.executable]


@pytest.mark.parametrize("shown", [True, False])
def test_the_traceback_of_an_application_is_shown_on_request(tmp_path: Path, shown: bool) -> None:
    """--traceback does what the message about the error says."""
    (tmp_path / "main.py").write_text("1 / 0\n")
    command = [*COMMAND, *(["--traceback"] if shown else [])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "typeway: main.py:1: ZeroDivisionError: division by zero" in done.stderr
    assert ("Traceback (most recent call last)" in done.stderr) is shown


@pytest.mark.skipif(sys.platform == "win32", reason="signals are sent to a group of processes")
def test_an_interruption_is_no_traceback(tmp_path: Path) -> None:
    """Ctrl-C reaches both processes, and ends them with the status of an interrupted command."""
    (tmp_path / "main.py").write_text("import time\nopen('begun', 'x').close()\ntime.sleep(100)\n")
    process = subprocess.Popen(COMMAND, cwd=tmp_path, stderr=subprocess.PIPE, text=True, start_new_session=True)
    deadline = time.monotonic() + PATIENCE
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, "Traceback" in err) == (130, False), err
