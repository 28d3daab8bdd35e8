"""What is built for package indexes: the pages of `typeway explain` are in the wheel, and the README's links work there."""

import re
import tomllib
import zipfile
from email import message_from_string
from email.message import Message
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from typeway.check import RULES

ROOT = Path(__file__).parents[1]
URLS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["urls"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel in this process."""
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    return Path(path)


@pytest.fixture(scope="module")
def metadata(wheel: Path) -> Message:
    """Read what the wheel says about itself."""
    with zipfile.ZipFile(wheel) as content:
        (name,) = [name for name in content.namelist() if name.endswith(".dist-info/METADATA")]
        return message_from_string(content.read(name).decode())


def test_the_pages_of_explain_are_in_the_wheel(wheel: Path) -> None:
    """An installed package explains every rule and exception with the text of the documentation."""
    with zipfile.ZipFile(wheel) as content:
        for page in (*(f"check/{code}.md" for code in RULES), "reference/exceptions.md"):
            assert content.read(f"typeway/cli/pages/{page}") == (ROOT / "docs" / page).read_bytes()


def test_no_link_of_the_readme_needs_the_repository(metadata: Message) -> None:
    """Package indexes show the README without the files beside it, so all its links are absolute, and those to pages lead to the site."""
    text = metadata.get_payload()
    assert isinstance(text, str)
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert len(links) > 15
    assert [link for link in links if not link.startswith(("https://", "http://127.0.0.1"))] == []
    assert f"{URLS['Documentation']}/performance.html#served" in links
    assert f"{URLS['Documentation']}/tutorial/index.html" in links
    assert f"{URLS['Repository']}/blob/main/SECURITY.md" in links


def test_the_addresses_of_the_project_are_said_once(metadata: Message) -> None:
    """No other file knows the addresses, which are placeholders until there are some."""
    assert dict(entry.split(", ", 1) for entry in metadata.get_all("Project-URL", [])) == URLS
    host = URLS["Documentation"].removeprefix("https://")
    files = [ROOT / "README.md", ROOT / "zensical.toml", *(ROOT / "src").rglob("*.py"), *(ROOT / "docs").rglob("*.md")]
    assert [file.name for file in files if host in file.read_text(encoding="utf-8")] == []


def test_every_extra_is_explained() -> None:
    """The page about installing names each extra."""
    page = (ROOT / "docs/install.md").read_text(encoding="utf-8")
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert [extra for extra in extras if f"typeway[{extra}]" not in page and f"| `{extra}` |" not in page] == []
