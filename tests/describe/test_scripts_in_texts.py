"""A text of the document that contains a script is shown, and the script does not run: such a text may come from a database."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import pytest
from pydantic import BaseModel, Field

from tests.describe.chromium import installed_chromium
from tests.describe.test_browser import served
from typeway import Query, Typeway

IMAGE = '<img src="data:," onerror="window.ran = 1">'
EVIL = f'text </script><script>window.ran = 1</script>{IMAGE}<svg onload="window.ran = 1"></svg> [link](javascript:window.ran=1)'


class Item(BaseModel):
    name: Annotated[str, Field(description=EVIL, title=IMAGE, examples=[EVIL])] = EVIL


def application() -> Typeway:
    """An application with such a text wherever a document has one."""
    app = Typeway(
        title=IMAGE,
        summary=EVIL,
        description=EVIL,
        version=IMAGE,
        openapi_tags=[{"name": IMAGE, "description": EVIL}],
        contact={"name": IMAGE},
        servers=[{"url": "/", "description": EVIL}],
    )

    @app.post("/items", summary=IMAGE, description=EVIL, tags=[IMAGE], responses={418: {"description": EVIL}})
    async def create(item: Item, note: Annotated[str, Query(description=EVIL, examples=[EVIL])] = EVIL) -> Item:
        return item

    return app


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(application()) as found:
        yield found


@pytest.mark.parametrize("path", ["/docs", "/redoc"])
def test_no_script_runs(path: str, address: str, tmp_path: Path) -> None:
    """The operation with its description, schemas and parameters is open, as someone reads it."""
    with installed_chromium(tmp_path) as browser, browser.page() as page:
        page.open(f"{address}{path}")
        page.wait_for("document.querySelector('#swagger-ui, #redoc')?.innerText.includes('/items')")
        if path == "/docs":
            page.click(".opblock-post .opblock-summary-control")
            page.wait_for("document.querySelector('.opblock-post .opblock-description')?.innerText.includes('text')")
        page.wait_for("document.body.innerText.includes('418')")
        page.evaluate("new Promise(done => setTimeout(done, 500)).then(() => 1)")
        assert page.evaluate("window.ran ?? null") is None
        links = "[...document.querySelectorAll('a')].filter(link => link.href.startsWith('javascript:')).length"
        assert page.evaluate(links) == 0
