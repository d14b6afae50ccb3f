"""A series of measured numbers of bounded length, whatever number of steps it is of."""

from __future__ import annotations

__all__ = ["MAX_POINTS", "Curve"]

MAX_POINTS = 500


class Curve:
    """The means over equal numbers of steps: of one step each at first, of twice as many whenever the series
    becomes too long.

    >>> curve = Curve(2)
    >>> for value in (1.0, 3.0, 5.0, 7.0, 9.0):
    ...     curve.add(value)
    >>> curve.stride, curve.series()
    (2, (2.0, 6.0, 9.0))
    """

    __slots__ = ("_count", "_limit", "_points", "_sum", "stride")

    def __init__(self, limit: int = MAX_POINTS) -> None:
        self.stride = 1
        """How many steps a point is the mean of; the last may be of fewer."""
        self._limit = limit
        self._points: list[float] = []
        self._sum = 0.0
        self._count = 0

    def add(self, value: float) -> None:
        """Take the number of one more step."""
        self._sum += value
        self._count += 1
        if self._count == self.stride:
            self._points.append(self._sum / self._count)
            self._sum, self._count = 0.0, 0
            if len(self._points) > self._limit:
                self._shorten()

    def _shorten(self) -> None:
        points = self._points
        pairs = zip(points[::2], points[1::2], strict=False)
        self._points = [(one + other) / 2 for one, other in pairs]
        if len(points) % 2:
            self._sum, self._count = points[-1] * self.stride, self.stride
        self.stride *= 2

    def series(self) -> tuple[float, ...]:
        """The points so far."""
        left = (self._sum / self._count,) if self._count else ()
        return (*self._points, *left)
