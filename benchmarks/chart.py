"""Draw results as a chart: one group of bars per workload, as multiples of the floor, on a logarithmic scale."""

from __future__ import annotations

import math
from collections.abc import Mapping
from html import escape

COLOURS = {
    "floor": "#8a8f98",
    "typeway": "#1f7a4d",
    "fastapi": "#c8553d",
    "starlette": "#4a6fa5",
    "litestar": "#b08d2f",
    "blacksheep": "#7b4a9e",
}
BAR, GAP, LEFT, WIDTH, TOP = 13, 14, 250, 620, 64


def draw(title: str, rows: Mapping[str, Mapping[str, float | None]], titles: Mapping[str, str]) -> str:
    """An SVG of costs as multiples of the floor; shorter is better."""
    names = list(next(iter(rows.values())))
    most = max((cost / (row["floor"] or 1) for row in rows.values() for cost in row.values() if cost), default=1)
    scale = WIDTH / math.log10(max(most, 10) * 1.2)
    height = TOP + len(rows) * (len(names) * BAR + GAP) + 20
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{LEFT + WIDTH + 90}" height="{height}" '
            'font-family="system-ui, sans-serif" font-size="12" role="img">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="100%" height="100%" fill="#ffffff"/><text x="12" y="22" font-size="15">{escape(title)}</text>',
        *legend(names),
    ]
    y = TOP
    for name, row in rows.items():
        parts.append(f'<text x="{LEFT - 10}" y="{y + 12}" text-anchor="end">{escape(titles.get(name, name))}</text>')
        for contestant in names:
            cost, floor = row.get(contestant), row["floor"] or 1
            if cost:
                parts.append(bar(y, cost / floor, contestant, scale))
            y += BAR
        y += GAP
    return "\n".join([*parts, "</svg>", ""])


def legend(names: list[str]) -> list[str]:
    parts, x = [], LEFT
    for name in names:
        parts.append(f'<rect x="{x}" y="34" width="12" height="12" fill="{COLOURS.get(name, "#555555")}"/>')
        parts.append(f'<text x="{x + 17}" y="44">{escape(name)}</text>')
        x += 100
    return parts


def bar(y: int, multiple: float, contestant: str, scale: float) -> str:
    width = max(2.0, math.log10(max(multiple, 1.0) * 1.2) * scale)
    colour = COLOURS.get(contestant, "#555555")
    return (
        f'<rect x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR - 2}" fill="{colour}"/>'
        f'<text x="{LEFT + width + 5:.1f}" y="{y + BAR - 3}" font-size="10">{multiple:.3g}×</text>'
    )
