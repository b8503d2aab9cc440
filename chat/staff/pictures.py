"""Pictures for staff as SVG: drawn by the server, coloured by classes (static/admin/staff.css)."""

from dataclasses import dataclass

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH, HEIGHT = 480, 160
BOTTOM, TOP, LEFT = 20, 12, 56


@dataclass(frozen=True)
class Segment:
    """A part of a turn's time."""

    name: str
    ms: int

    @property
    def shown(self) -> str:
        return f"{self.ms} ms" if self.ms < 1000 else f"{self.ms / 1000:.1f} s"


@dataclass(frozen=True)
class Line:
    """One series of a chart. `values` may have gaps (None)."""

    name: str
    css: str
    values: list[float | None]


def bar(segments: list[Segment]) -> SafeString:
    """Return a bar of segments side by side, as wide as their shares."""
    total = sum(segment.ms for segment in segments) or 1
    places, x = [], 0.0
    for segment in segments:
        width = 100 * segment.ms / total
        places.append((f"segment {segment.name}", f"{x:.2f}", f"{width:.2f}", f"{segment.name} {segment.shown}"))
        x += width
    rects = format_html_join(
        "", '<rect class="{}" x="{}" y="0" width="{}" height="10"><title>{}</title></rect>', places
    )
    said = ", ".join(f"{segment.name} {segment.shown}" for segment in segments if segment.ms)
    return format_html(
        '<svg class="split" viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>',
        f"Time: {said}",
        rects,
    )


def columns(lines: list[Line], labels: list[str], unit: str = "") -> SafeString:
    """Return stacked columns, one for each label."""
    sums = [sum(line.values[place] or 0 for line in lines) for place in range(len(labels))]
    most = nice(max(sums, default=0))
    step = (WIDTH - LEFT) / max(len(labels), 1)
    rects = []
    for place, label in enumerate(labels):
        base = float(HEIGHT - BOTTOM)
        for line in lines:
            value = line.values[place] or 0
            height = (HEIGHT - BOTTOM - TOP) * value / most
            base -= height
            title = f"{label}: {line.name} {number(value)}{unit}"
            x = LEFT + place * step + step * 0.15
            rects.append((line.css, f"{x:.1f}", f"{base:.1f}", f"{step * 0.7:.1f}", f"{height:.1f}", title))
    drawn = format_html_join(
        "", '<rect class="{}" x="{}" y="{}" width="{}" height="{}" rx="1.5"><title>{}</title></rect>', rects
    )
    return frame(drawn, labels, most, unit, step)


def curves(lines: list[Line], labels: list[str], unit: str = "") -> SafeString:
    """Return lines over labels; where there is no value there is a gap."""
    most = nice(max((value for line in lines for value in line.values if value), default=0))
    step = (WIDTH - LEFT) / max(len(labels), 1)
    drawn = []
    for line in lines:
        points = [
            (
                LEFT + (place + 0.5) * step,
                HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * value / most,
                value,
                labels[place],
            )
            for place, value in enumerate(line.values)
            if value is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y, _, _ in points)
        dots = format_html_join(
            "",
            '<circle cx="{}" cy="{}" r="2.5"><title>{}</title></circle>',
            ((f"{x:.1f}", f"{y:.1f}", f"{label}: {line.name} {number(value)}{unit}") for x, y, value, label in points),
        )
        drawn.append((line.css, path, dots))
    return frame(
        format_html_join("", '<g class="curve {}"><polyline points="{}"/>{}</g>', drawn), labels, most, unit, step
    )


def frame(drawn: SafeString, labels: list[str], most: float, unit: str, step: float) -> SafeString:
    """Return a chart with its scale and some of its labels. Screen readers get the table beside it."""
    every = max(1, round(len(labels) / 7))
    names = format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="middle">{}</text>',
        (
            (f"{LEFT + (place + 0.5) * step:.1f}", HEIGHT - 5, label)
            for place, label in enumerate(labels)
            if place % every == 0
        ),
    )
    marks = format_html_join(
        "",
        '<line x1="{}" x2="{}" y1="{}" y2="{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (LEFT, WIDTH, f"{y:.1f}", f"{y:.1f}", LEFT - 6, f"{y + 4:.1f}", f"{number(most * share)}{unit}")
            for share in (0, 0.5, 1)
            for y in [HEIGHT - BOTTOM - (HEIGHT - BOTTOM - TOP) * share]
        ),
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" aria-hidden="true"><g class="scale">{}{}</g>{}</svg>',
        WIDTH,
        HEIGHT,
        marks,
        names,
        drawn,
    )


def nice(value: float) -> float:
    """Return the next round number: the end of a scale."""
    if value <= 0:
        return 1
    size = 1.0
    while size * 10 <= value:
        size *= 10
    while size > value:
        size /= 10
    return next(size * step for step in (1, 1.5, 2, 3, 4, 5, 6, 8, 10) if size * step >= value)


def number(value: float) -> str:
    """Return a figure in few characters: 1.2k, 3.4M."""
    for limit, sign in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.1f}".removesuffix(".0") + sign
    return f"{value:.0f}" if value == int(value) else f"{value:.2g}" if value < 1 else f"{value:.1f}"
