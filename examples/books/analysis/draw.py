"""Draw timelines as an SVG: one line per request, coloured while it is inside the endpoint, and grey otherwise."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from examples.books.analysis.measure import Measurement

WIDTH = 960
LEFT, RIGHT = 28, 36
PLOT = WIDTH - LEFT - RIGHT

# Okabe and Ito's palette: colour-blind readers can tell the colours apart, also in grey.
COLOURS = ("#0072B2", "#009E73", "#D55E00")
# Before and after the endpoint.
COMING, GOING = "#D9DEE4", "#9AA5B1"
INK, FAINT, RULE = "#1F2933", "#616E7C", "#E4E7EB"
FONTS = "system-ui, -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif"

# The distance of each part from the top of the drawing, or of a panel.
TITLE, LEGEND, BARS = 36, 62, 104
BAR_PITCH = 26
PANEL_HEAD = 34
AXIS = 30
GAP = 26
# The height of all lines of a panel together, and the minimum and maximum height of one line.
LINES = 270
THIN, THICK = 2.5, 16.0
MOST_TICKS = 8


@dataclass(frozen=True, slots=True)
class Scale:
    """The number of seconds across the width of the plot."""

    seconds: float

    def x(self, moment: float) -> float:
        """Return the x coordinate of a moment."""
        return LEFT + PLOT * moment / self.seconds

    def ticks(self) -> Iterator[float]:
        """Return round values for the axis, as many as are easy to read."""
        step = next(
            step
            for power in range(-3, 6)
            for step in (1.0 * 10**power, 2.0 * 10**power, 5.0 * 10**power)
            if self.seconds / step <= MOST_TICKS
        )
        return (number * step for number in range(int(self.seconds / step) + 1))


def draw(measurements: Sequence[Measurement]) -> str:
    """Draw one run: the wall times on one scale, then each endpoint's timeline on its own scale.

    Parameters:
        measurements: at most three, all with the same number of requests.
    """
    requests, seconds = len(measurements[0].exchanges), measurements[0].seconds
    pitch = min(THICK, max(THIN, LINES / requests))
    panels_top = BARS + len(measurements) * BAR_PITCH + GAP
    panel_height = PANEL_HEAD + requests * pitch + AXIS + GAP
    height = panels_top + len(measurements) * panel_height
    title = f"{requests} requests at once, each of which waits {seconds:g} s"
    told = "; ".join(f"{each.way.code}: {facts(each)}" for each in measurements)
    parts = [
        opening(height),
        f"<title>{escape(title)}</title>",
        f"<desc>{escape(told)}</desc>",
        f'<rect width="{WIDTH}" height="{height:.0f}" fill="white"/>',
        text(LEFT, TITLE, title, size=20, weight=600),
        *legend(),
        *wall_times(measurements),
    ]
    for number, measurement in enumerate(measurements):
        parts += panel(measurement, COLOURS[number], panels_top + number * panel_height, pitch)
    return "\n".join([*parts, "</svg>", ""])


def opening(height: float) -> str:
    """Return the opening tag of a drawing."""
    size = f'viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONTS}">'


def facts(measurement: Measurement) -> str:
    """Format the figures of one endpoint."""
    threads = "1 thread" if measurement.threads == 1 else f"{measurement.threads} threads"
    return f"{measurement.wall_time:.2f} s, at most {measurement.in_flight} in flight, {threads}"


def legend() -> Iterator[str]:
    """Draw the legend of the colours."""
    x = float(LEFT)
    for colours, words in (
        ((COMING,), "waiting for its turn"),
        (COLOURS, "inside the endpoint"),
        ((GOING,), "answer on its way back"),
    ):
        for colour in colours:
            yield box(x, LEGEND - 9, 30 / len(colours), 10, colour)
            x += 30 / len(colours)
        yield text(x + 8, LEGEND, words, size=13, colour=FAINT)
        # About as wide as the text in any font.
        x += 30 + 6.6 * len(words)
    own_scale = "each timeline has its own scale"
    yield text(WIDTH - RIGHT, LEGEND, own_scale, size=13, colour=FAINT, anchor="end")


def wall_times(measurements: Sequence[Measurement]) -> Iterator[str]:
    """Draw the wall times as bars."""
    # Each bar has a label before it and its figure after it.
    before, behind = 232, 76
    longest = max(measurement.wall_time for measurement in measurements)
    for number, measurement in enumerate(measurements):
        middle = BARS + number * BAR_PITCH
        length = (PLOT - before - behind) * measurement.wall_time / longest
        yield text(LEFT, middle + 5, measurement.way.code, size=14)
        yield box(LEFT + before, middle - 7, length, 16, COLOURS[number])
        yield text(LEFT + before + length + 8, middle + 6, f"{measurement.wall_time:.2f} s", size=14, weight=600)


def panel(measurement: Measurement, colour: str, top: float, pitch: float) -> Iterator[str]:
    """Draw the timeline of one endpoint."""
    scale = Scale(measurement.wall_time)
    first = top + PANEL_HEAD
    bottom = first + len(measurement.exchanges) * pitch
    yield text(LEFT, top + 16, measurement.way.code, size=15, weight=600)
    yield text(WIDTH - RIGHT, top + 16, facts(measurement), size=13, colour=FAINT, anchor="end")
    for moment in scale.ticks():
        yield f'<path d="M{scale.x(moment):.1f} {first:.1f}V{bottom + 5:.1f}" stroke="{RULE}"/>'
        yield text(scale.x(moment), bottom + 20, f"{moment:g} s", size=12, colour=FAINT, anchor="middle")
    # Thick lines have space for a gap between them.
    thickness = pitch - (3 if pitch > 8 else 0.5)
    for number, exchange in enumerate(measurement.exchanges):
        y = first + number * pitch
        spans = (
            (exchange.sent, exchange.started, COMING),
            (exchange.started, exchange.ended, colour),
            (exchange.ended, exchange.answered, GOING),
        )
        for begin, end, shade in spans:
            yield box(scale.x(begin), y, scale.x(end) - scale.x(begin), thickness, shade)


def box(x: float, y: float, width: float, height: float, colour: str) -> str:
    """Draw a filled rectangle."""
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{colour}"/>'


def text(
    x: float, y: float, words: str, *, size: int, colour: str = INK, weight: int = 400, anchor: str = "start"
) -> str:
    """Draw one line of text."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" fill="{colour}" '
        f'text-anchor="{anchor}">{escape(words)}</text>'
    )
