"""The small chart of a reorder rule: sales a week, the point and the target. Plain numbers for an SVG; knows nothing of Django."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT, TOP, BOTTOM, GAP = 560, 150, 16, 20, 5


@dataclass(frozen=True)
class Bar:
    """A week's sales, and where its bar is drawn."""

    week: date
    units: int
    x: int
    y: int
    width: int
    height: int

    @property
    def middle(self) -> int:
        return self.x + self.width // 2


@dataclass(frozen=True)
class Line:
    """A level of stock, and how high it is drawn."""

    name: str
    units: int
    y: int
    label_y: int


@dataclass(frozen=True)
class Chart:
    bars: tuple[Bar, ...]
    lines: tuple[Line, ...]
    width: int = WIDTH
    height: int = HEIGHT
    floor: int = HEIGHT - BOTTOM


def demand_chart(weeks: Sequence[tuple[date, int]], *, point: int, target: int) -> Chart:
    """Draw sales of `weeks`, (first day, units), with a line at `point` and at `target`, all to one scale."""
    most = max([target, point, 1, *(units for _week, units in weeks)])
    room = HEIGHT - TOP - BOTTOM
    step = WIDTH // max(len(weeks), 1)

    def height(units: int) -> int:
        return round(room * max(units, 0) / most)

    floor = HEIGHT - BOTTOM
    bars = tuple(Bar(week, units, i * step + GAP // 2, floor - height(units), step - GAP, height(units)) for i, (week, units) in enumerate(weeks))
    target_y, point_y = floor - height(target), floor - height(point)
    apart = point_y if point_y - target_y >= 12 else target_y + 12
    lines = (Line("target", target, target_y, target_y - 5), Line("point", point, point_y, apart - 5))
    return Chart(bars, lines)
