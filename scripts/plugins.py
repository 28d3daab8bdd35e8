"""Make the environments of `make test-plugins`, each from its lock: `python -m scripts.plugins install` or `lock`.

`tests/plugins/packages.toml` lists the packages; `lock` writes their exact versions, and those of all that they need, to
`tests/plugins/locks/`. `install` makes an environment again only if its lock has changed, and puts the framework into each,
built as users get it: some instrumentation tells code in site-packages from the application's.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
import tomllib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[1]
HERE: Final = ROOT / "tests" / "plugins"
ENVIRONMENTS: Final = ROOT / ".venv-plugins"
DECLARED: Final[dict[str, Any]] = tomllib.loads((HERE / "packages.toml").read_text(encoding="utf-8"))


def lock_of(environment: str) -> Path:
    """Return the file with every version of an environment."""
    return HERE / "locks" / f"{environment}.txt"


def python_of(environment: str) -> Path:
    """Return the interpreter of an environment."""
    return ENVIRONMENTS / environment / "bin" / "python"


def uv(*arguments: object, **options: Any) -> None:
    """Run uv with the interpreter that runs this; it is installed beside it, or as a module."""
    beside = Path(sys.executable).with_name("uv")
    command = [str(beside)] if beside.exists() else [sys.executable, "-m", "uv"]
    subprocess.run([*command, *map(str, arguments)], cwd=ROOT, check=True, **options)


def lock() -> None:
    """Resolve every environment, and write what was found."""
    for environment, settings in DECLARED["environments"].items():
        wanted = [
            package["requirement"] for package in DECLARED["package"] if package["environment"] == environment
        ] + settings["requirements"]
        uv(
            *("pip", "compile", "--quiet", "--universal", "--python-version", "3.11", "--no-annotate", "--no-header"),
            *("--upgrade", "-", "--output-file", lock_of(environment)),
            input="\n".join(wanted),
            text=True,
        )


def install(environment: str) -> None:
    """Make an environment as its lock says, if it is not there yet, and put the framework into it."""
    locked = lock_of(environment)
    digest = hashlib.sha256(locked.read_bytes() + sys.version.encode()).hexdigest()
    stamp = ENVIRONMENTS / environment / ".lock"
    if not stamp.exists() or stamp.read_text() != digest:
        uv("venv", "--quiet", "--clear", "--python", sys.executable, ENVIRONMENTS / environment)
        uv("pip", "sync", "--quiet", "--python", python_of(environment), locked)
        stamp.write_text(digest)
    uv("pip", "install", "--quiet", "--no-deps", "--reinstall", "--python", python_of(environment), ROOT)


def main() -> None:
    """Do what the first argument says."""
    if sys.argv[1:] == ["lock"]:
        lock()
    elif sys.argv[1:] == ["install"]:
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(install, DECLARED["environments"]))
    else:
        sys.exit("usage: python -m scripts.plugins install|lock")


if __name__ == "__main__":
    main()
