"""Searches on the globe: what is in a circle or a box, and in which ranges of scores it must be.

A search reads the cell of its centre and the neighbours it needs, then tests each point it finds.
Sources in Redis: geohash_helper.c, geo.c, as of 7.0.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from aoftool.keyspace.geo import (
    EARTH_RADIUS_M,
    LATITUDE_LIMIT,
    MAX_STEP,
    Cell,
    Point,
    cell_of,
    distance,
    hash_bits,
    latitude_distance,
    neighbour,
    radians,
)

_MERCATOR_MAX_M = 20037726.37
# Towards the poles a cell gets narrow: from each of these latitudes on, cells twice as large.
_POLAR_LATITUDES = (66, 80)
# Steps to the nine cells in the order in which Redis searches them: (east, north).
_NINE = ((0, 0), (0, 1), (0, -1), (1, 0), (-1, 0), (1, 1), (-1, 1), (1, -1), (-1, -1))


@dataclass(frozen=True, slots=True)
class Area:
    """What a search covers: a circle with ``radius``, else a box of ``width`` by ``height``.

    Sizes are in a unit of ``unit_m`` metres (``GeoShape``).
    """

    centre: Point
    unit_m: float
    radius: float | None = None
    width: float = 0.0
    height: float = 0.0

    def distance_within(self, point: Point) -> float | None:
        """Metres from the centre to a point inside, None for one outside (``geoWithinShape``)."""
        if self.radius is not None:
            away = distance(self.centre, point)
            return None if away > self.radius * self.unit_m else away
        if latitude_distance(point, self.centre) > self.height * self.unit_m / 2:
            return None
        level = Point(self.centre.longitude, point.latitude)
        if distance(point, level) > self.width * self.unit_m / 2:
            return None
        return distance(self.centre, point)


def search_ranges(area: Area) -> list[tuple[int, int]]:
    """Ranges of scores that hold every point of the area, in the order in which Redis reads them.

    Each is (first score, first score beyond). ``geohashCalculateAreasByShapeWGS84``,
    ``membersOfAllNeighbors``: the cell of the centre and those of its neighbours that are needed.
    """
    step, cells = _covering(area)
    shift = 52 - 2 * step
    ranges: list[tuple[int, int]] = []
    last = 0
    for index, bits in cells:
        # In a wide search neighbours can be one cell. Redis compares with the cell read before, and
        # not where that was the centre's.
        if last and ranges[-1][0] == bits << shift:
            continue
        ranges.append((bits << shift, bits + 1 << shift))
        last = index
    return ranges


def _covering(area: Area) -> tuple[int, Iterator[tuple[int, int]]]:
    """The step of the cells, and the (place in ``_NINE``, bits) of each one that is needed."""
    bounds = _bounding_box(area)
    step = _estimated_step(area)
    bits = hash_bits(area.centre, step, LATITUDE_LIMIT)
    if step > 1 and not _reach(bits, step, bounds):
        step -= 1
        bits = hash_bits(area.centre, step, LATITUDE_LIMIT)
    kept = _needed(cell_of(bits, step), bounds) if step >= 2 else _NINE
    found = ((_NINE.index(way), neighbour(bits, step, *way)) for way in kept)
    return step, found


def _bounding_box(area: Area) -> Cell:
    """Limits of the area in degrees (``geohashBoundingBox``)."""
    longitude, latitude = area.centre
    half_height = area.unit_m * (area.height / 2 if area.radius is None else area.radius)
    half_width = area.unit_m * (area.width / 2 if area.radius is None else area.radius)
    tall = _degrees(half_height / EARTH_RADIUS_M)
    # The widest side is the one nearer to a pole.
    side = latitude - tall if latitude < 0 else latitude + tall
    wide = _degrees(half_width / EARTH_RADIUS_M / _cosine(radians(side)))
    return Cell(longitude - wide, latitude - tall, longitude + wide, latitude + tall)


def _estimated_step(area: Area) -> int:
    """How small the cells may be (``geohashEstimateStepsByRadius``)."""
    reach = area.radius
    if reach is None:
        half_width, half_height = area.width / 2, area.height / 2
        reach = math.sqrt(half_width * half_width + half_height * half_height)
    reach *= area.unit_m
    if reach == 0:
        return MAX_STEP
    step = 1
    while reach < _MERCATOR_MAX_M:
        reach *= 2
        step += 1
    step -= 2 + sum(abs(area.centre.latitude) > latitude for latitude in _POLAR_LATITUDES)
    return min(max(step, 1), MAX_STEP)


def _reach(bits: int, step: int, bounds: Cell) -> bool:
    """Whether the four straight neighbours reach to the limits of the area."""
    return not (
        cell_of(neighbour(bits, step, 0, 1), step).north < bounds.north
        or cell_of(neighbour(bits, step, 0, -1), step).south > bounds.south
        or cell_of(neighbour(bits, step, 1, 0), step).east < bounds.east
        or cell_of(neighbour(bits, step, -1, 0), step).west > bounds.west
    )


def _needed(cell: Cell, bounds: Cell) -> list[tuple[int, int]]:
    """The steps to neighbours on whose side the area goes beyond the centre's cell."""
    useless_north = {1} if cell.north > bounds.north else set()
    useless_north |= {-1} if cell.south < bounds.south else set()
    useless_east = {1} if cell.east > bounds.east else set()
    useless_east |= {-1} if cell.west < bounds.west else set()
    return [way for way in _NINE if way[0] not in useless_east and way[1] not in useless_north]


def _degrees(angle: float) -> float:
    return angle / radians(1.0)


def _cosine(angle: float) -> float:
    """As C has it: NaN for an angle without end, which a radius of ``inf`` gives."""
    return math.cos(angle) if math.isfinite(angle) else math.nan
