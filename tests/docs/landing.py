"""Compare the landing page, as a browser shows it, with what a reader has to see there.

Two measures that do not depend on the fonts of a machine: the parts of the page with their places, and a picture of which each cell is the
mean colour of a square of the screen. The pictures are in `landing/`. After a change of the page that is meant, build the site (`make docs`),
run `python -m tests.docs.landing`, and look at them.
"""

import base64
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.describe.chromium import Page, installed_chromium
from tests.docs.screens import DESK, PHONE, SCHEMES, show

ROOT = Path(__file__).parents[2]
PICTURES = Path(__file__).parent / "landing"
SIZES = {"phone": PHONE, "desk": DESK}

# How much of the screen is one cell of the picture, in pixels.
CELL = 30
# Text that is broken elsewhere changes many cells a little, a part that is missing some of them a lot; of 255.
MEAN_TOLERANCE = 14.0
CELL_TOLERANCE = 70
SHARE_OF_CELLS = 0.08

# What a reader sees without scrolling, from the top; the last is below the others on a phone.
PARTS = {
    "header": ".md-header",
    "heading": "article h1",
    "sentence": "article h1 ~ p",
    "example": "article .highlight:has(.language-python), article .language-python",
}
LATER = {
    "commands": "article .language-sh",
    "first steps": "article .md-button--primary",
    "move": "article .md-button:not(.md-button--primary)",
}

MEASURE = """
(selectors) => Object.entries(selectors).map(([name, selector]) => {
  const element = document.querySelector(selector);
  if (!element) return { name, problem: "is not there" };
  const { left, top, right, bottom, width, height } = element.getBoundingClientRect();
  const shown = element.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && width > 0 && height > 0;
  const top_of_screen = document.elementFromPoint(left + width / 2, Math.min(top + height / 2, innerHeight - 1));
  const covered = bottom <= innerHeight && !(element.contains(top_of_screen) || top_of_screen?.contains(element));
  const problem = !shown ? "is not shown" : covered ? "is covered" : left < 0 || right > innerWidth + 0.5 ? "is cut off" : "";
  return { name, problem, left, top, right, bottom };
})
"""

SQUINT = """
async ([png, cell]) => {
  const image = new Image();
  image.src = `data:image/png;base64,${png}`;
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const cells = [];
  const columns = Math.floor(image.width / cell), rows = Math.floor(image.height / cell);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) {
      const { data } = context.getImageData(column * cell, row * cell, cell, cell);
      const sum = [0, 0, 0];
      for (let index = 0; index < data.length; index += 4) for (let part = 0; part < 3; part++) sum[part] += data[index + part];
      cells.push(sum.map((value) => Math.round((value * 4) / data.length)));
    }
  return { columns, rows, cells };
}
"""

DRAW = """
({ columns, rows, cells }) => {
  const canvas = Object.assign(document.createElement("canvas"), { width: columns, height: rows });
  const context = canvas.getContext("2d");
  context.putImageData(new ImageData(new Uint8ClampedArray(cells.flatMap((cell) => [...cell, 255])), columns, rows), 0, 0);
  return canvas.toDataURL("image/png").split(",")[1];
}
"""


class Picture(NamedTuple):
    """The mean colours of the cells of a screen, row by row."""

    columns: int
    rows: int
    cells: list[list[int]]


def look(page: Page) -> Picture:
    """Return the picture of what a tab shows now."""
    screenshot = page.call("Page.captureScreenshot", format="png")["data"]
    return read(page, screenshot, CELL)


def read(page: Page, png: str, cell: int) -> Picture:
    """Decode a picture, in the browser: Python has nothing for that."""
    return Picture(**page.evaluate(f"({SQUINT})({json.dumps([png, cell])})"))


def stored(page: Page, name: str) -> Picture:
    """Return the picture of how the page should look."""
    return read(page, base64.b64encode((PICTURES / f"{name}.png").read_bytes()).decode(), 1)


def differences(page: Page, name: str) -> list[str]:
    """Say what a reader of the landing page would miss, and where it looks unlike the stored picture."""
    return [*missing_styles(page), *misplaced(page), *unlike(look(page), stored(page, name))]


def missing_styles(page: Page) -> Iterator[str]:
    """The page has all its style sheets."""
    sheets = page.evaluate(
        "[...document.querySelectorAll('link[rel=stylesheet]')].map((link) => [link.href, !!link.sheet])"
    )
    yield from (f"the style sheet {address} is not loaded" for address, loaded in sheets if not loaded)
    if not any(address.endswith("stylesheets/site.css") for address, _ in sheets):
        yield "the style sheet site.css is not named"


def misplaced(page: Page) -> Iterator[str]:
    """All parts are there, whole, in their order, and the first ones are on the screen."""
    end = 0.0
    for part in page.evaluate(f"({MEASURE})({json.dumps(PARTS | LATER)})"):
        if part["problem"]:
            yield f"{part['name']} {part['problem']}"
            continue
        if part["top"] < end - 1 and part["name"] != "move":  # the buttons may be side by side
            yield f"{part['name']} is not below what comes before it"
        if part["name"] in PARTS and part["top"] >= page.evaluate("innerHeight"):
            yield f"{part['name']} is not on the first screen"
        end = part["bottom"]


def unlike(seen: Picture, expected: Picture) -> Iterator[str]:
    """The colours of the screen are nearly those of the stored picture."""
    if (seen.columns, seen.rows) != (expected.columns, expected.rows):
        yield f"the picture has {seen.columns}x{seen.rows} cells instead of {expected.columns}x{expected.rows}"
        return
    apart = [
        max(abs(a - b) for a, b in zip(*pair, strict=True)) for pair in zip(seen.cells, expected.cells, strict=True)
    ]
    mean = sum(apart) / len(apart)
    share = sum(difference > CELL_TOLERANCE for difference in apart) / len(apart)
    if mean > MEAN_TOLERANCE or share > SHARE_OF_CELLS:
        yield f"the colours differ by {mean:.1f} in the mean, and {share:.0%} of the cells by more than {CELL_TOLERANCE}"


def draw() -> None:
    """Store the pictures of the site that `make docs` has built."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as profile, installed_chromium(Path(profile)) as browser:
        for size, scheme in ((size, scheme) for size in SIZES for scheme in SCHEMES):
            with browser.page() as page:
                show(page, ROOT / "site" / "index.html", SIZES[size], scheme)
                png = page.evaluate(f"({DRAW})({json.dumps(look(page)._asdict())})")
                (PICTURES / f"{size}-{scheme}.png").write_bytes(base64.b64decode(png))


if __name__ == "__main__":
    draw()
