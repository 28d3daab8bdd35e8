"""Put the pages of `typeway explain` into the wheel, and make the README's links absolute for package indexes."""

import re
from pathlib import Path
from typing import Any, Final

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

# What `typeway explain` prints, and where it looks for it.
PAGES: Final = {
    "docs/check": "typeway/cli/pages/check",
    "docs/reference/exceptions.md": "typeway/cli/pages/reference/exceptions.md",
}

LINK: Final = re.compile(r"\]\((?!https?:|#)([^)#]+)(#[^)]*)?\)")


class Pages(BuildHookInterface[Any]):
    """Adds the pages; an editable installation reads them from the checkout."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version != "editable":
            build_data["force_include"].update(PAGES)


class Readme(MetadataHookInterface):
    """Writes the README as package indexes show it, which have no files beside it."""

    def update(self, metadata: dict[str, Any]) -> None:
        text = Path(self.root, "README.md").read_text(encoding="utf-8")
        metadata["readme"] = {"content-type": "text/markdown", "text": with_absolute_links(text, metadata["urls"])}


def with_absolute_links(text: str, urls: dict[str, str]) -> str:
    """Return Markdown whose relative links lead to the site, where the page is there, and else to the repository.

    Parameters:
        text: what stands in the repository.
        urls: the addresses of the project, of which Documentation and Repository are used.
    """

    def absolute(link: re.Match[str]) -> str:
        path, anchor = link[1], link[2] or ""
        if path.startswith("docs/") and path.endswith(".md"):
            page = re.sub(r"README\.md$", "index.md", path.removeprefix("docs/")).removesuffix(".md")
            return f"]({urls['Documentation'].rstrip('/')}/{page}.html{anchor})"
        return f"]({urls['Repository'].rstrip('/')}/blob/main/{path}{anchor})"

    return LINK.sub(absolute, text)
