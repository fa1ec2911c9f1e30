"""Boxes, arrows and text as SVG: the few shapes that the two generated pictures need.

Written by hand rather than by a plotting library, so that the file is the same on every machine.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from xml.sax.saxutils import escape

INK = "#1f2933"
LINE = "#52606d"


@dataclass(frozen=True)
class Box:
    """A rectangle with a title and, below it, smaller lines; all lengths in pixels of the picture."""

    x: float
    y: float
    width: float
    height: float
    title: str
    lines: tuple[str, ...] = ()
    fill: str = "#eef2f7"

    @property
    def centre(self) -> tuple[float, float]:
        """Its middle, (x, y)."""
        return self.x + self.width / 2, self.y + self.height / 2

    def svg(self) -> str:
        """Draw it."""
        middle = self.x + self.width / 2
        top = self.y + self.height / 2 + 5 - 8.5 * len(self.lines)
        parts = [
            f'<rect x="{self.x:g}" y="{self.y:g}" width="{self.width:g}" height="{self.height:g}" rx="6" '
            f'fill="{self.fill}" stroke="{LINE}"/>',
            text(middle, top, self.title, weight=600),
        ]
        parts += [text(middle, top + 17 * (n + 1), line, size=12) for n, line in enumerate(self.lines)]
        return "\n".join(parts)


def text(x: float, y: float, words: str, *, size: int = 14, weight: int = 400, anchor: str = "middle") -> str:
    """Draw one line of text."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{INK}">{escape(words)}</text>'
    )


def arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """Draw a straight line with a head at its end; points are (x, y)."""
    return (
        f'<line x1="{start[0]:.1f}" y1="{start[1]:.1f}" x2="{end[0]:.1f}" y2="{end[1]:.1f}" stroke="{LINE}" '
        'stroke-width="1.5" marker-end="url(#head)"/>'
    )


def edge_of(box: Box, towards: tuple[float, float]) -> tuple[float, float]:
    """Give the point where the line from the middle of a box to another point leaves the box.

    Examples
    --------
    >>> edge_of(Box(0, 0, 20, 10, ""), (110, 5))
    (20.0, 5.0)
    """
    x, y = box.centre
    dx, dy = towards[0] - x, towards[1] - y
    reach = max(abs(dx) / (box.width / 2), abs(dy) / (box.height / 2))
    return x + dx / reach, y + dy / reach


def picture(width: int, height: int, title: str, shapes: Iterable[str]) -> str:
    """Put shapes on a white sheet; `title` is read to those who cannot see it."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" font-family="system-ui, sans-serif">'
    )
    marker = (
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" '
        f'orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="{LINE}"/></marker></defs>'
    )
    sheet = f'<rect width="{width}" height="{height}" fill="#ffffff"/>'
    return "\n".join([head, f"<title>{escape(title)}</title>", marker, sheet, *shapes, "</svg>", ""])
