"""Take the newest built files of Swagger UI 5 and ReDoc 2 from npm, verify them, and record what was taken.

    .venv/bin/python scripts/refresh_assets.py            replace the files and VERSIONS.json
    .venv/bin/python scripts/refresh_assets.py --check    only compare the files with VERSIONS.json; no network

The files are kept byte for byte as published; a page that needs something else does it in our own scripts beside them.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from typing import Any

ASSETS = pathlib.Path(__file__).resolve().parents[1] / "src" / "typeway" / "describe" / "assets"
VERSIONS = ASSETS / "VERSIONS.json"

# npm package and major version -> (file in the package, file beside VERSIONS.json)
WANTED = {
    "swagger-ui-dist@5": {
        "swagger-ui-bundle.js": "swagger-ui-bundle.js",
        "swagger-ui-bundle.js.LICENSE.txt": "swagger-ui-bundle.js.LICENSE.txt",
        "swagger-ui.css": "swagger-ui.css",
        "LICENSE": "swagger-ui-LICENSE.txt",
        "NOTICE": "swagger-ui-NOTICE.txt",
    },
    "redoc@2": {
        "bundles/redoc.standalone.js": "redoc.standalone.js",
        "bundles/redoc.standalone.js.LICENSE.txt": "redoc.standalone.js.LICENSE.txt",
        "LICENSE": "redoc-LICENSE.txt",
    },
}


def sha256(path: pathlib.Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def fetch(specification: str, folder: pathlib.Path) -> tuple[dict[str, Any], pathlib.Path]:
    """Download one npm package; return what npm says of it and the verified archive."""
    answer = subprocess.run(
        ["npm", "pack", "--json", "--silent", "--pack-destination", str(folder), specification],
        check=True,
        capture_output=True,
        text=True,
    )
    packed = json.loads(answer.stdout)
    # npm 11 answers with a list, newer ones with a mapping by package name.
    facts = packed[0] if isinstance(packed, list) else next(iter(packed.values()))
    archive = folder / facts["filename"]
    # Subresource Integrity, as npm records it: "sha512-" and the base64 of the digest.
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if digest != facts["integrity"]:
        sys.exit(f"{archive.name}: the download does not match npm's integrity value; nothing was changed.")
    return facts, archive


def refresh() -> dict[str, Any]:
    """Replace the files; return the record of what was taken."""
    record: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        for specification, files in WANTED.items():
            facts, archive = fetch(specification, folder)
            unpacked = folder / facts["name"]
            with tarfile.open(archive) as tar:
                tar.extractall(unpacked, filter="data")
            for source, target in files.items():
                shutil.copyfile(unpacked / "package" / source, ASSETS / target)
            package = json.loads((unpacked / "package" / "package.json").read_text())
            record[facts["name"]] = {
                "version": facts["version"],
                "license": package["license"],
                "integrity": facts["integrity"],
                "files": {target: sha256(ASSETS / target) for target in files.values()},
            }
    return record


def differences(record: dict[str, Any]) -> list[str]:
    """Name every recorded file that is missing or is not what was recorded."""
    found = []
    for package, facts in record.items():
        for file, recorded in facts["files"].items():
            path = ASSETS / file
            if not path.is_file():
                found.append(f"{file} of {package} is missing")
            elif sha256(path) != recorded:
                found.append(f"{file} of {package} is not the file that was recorded")
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="only compare the files with VERSIONS.json")
    if parser.parse_args().check:
        record = json.loads(VERSIONS.read_text())
    elif shutil.which("npm") is None:
        sys.exit("npm is needed to fetch the packages: install Node.js, or use --check to compare what is here.")
    else:
        record = refresh()
        VERSIONS.write_text(json.dumps(record, indent=2) + "\n")
    for line in (wrong := differences(record)):
        print(line, file=sys.stderr)
    for package, facts in record.items():
        print(f"{package} {facts['version']} ({facts['license']}): {len(facts['files'])} files")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
