"""Geohashes, distances and search areas; the expected values come from real servers."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoftool.keyspace import geo
from aoftool.keyspace.geosearch import Area, search_ranges

PALERMO, CATANIA = geo.Point(13.361389, 38.115556), geo.Point(15.087269, 37.502669)
# A place, its score, the answers of GEOHASH and GEOPOS.
PLACES = [
    (PALERMO, 3479099956230698.0, b"sqc8b49rny0", b"13.36138933897018433 38.11555639549629859"),
    (CATANIA, 3479447370796909.0, b"sqdtr74hyu0", b"15.08726745843887329 37.50266842333162032"),
    (
        geo.Point(0, 0),
        3377699720527872.0,
        b"s0000000000",
        b"0.00000268220901489 0.00000126736058093",
    ),
    (
        geo.Point(180, 85.05112878),
        2.0**53 + 2.0**52,
        b"bp05b5048p0",
        b"180 85.0511287799999991",
    ),
    (
        geo.Point(-180, -85.05112878),
        0.0,
        b"00bh0hbj200",
        b"-179.99999731779098511 -85.05112751263942528",
    ),
]


@pytest.mark.parametrize(("point", "score", "text", "coordinates"), PLACES)
def test_a_place(point: geo.Point, score: float, text: bytes, coordinates: bytes) -> None:
    assert geo.encode(point) == score
    assert geo.hash_text(score) == text
    assert b" ".join(map(geo.format_coordinate, geo.decode(score))) == coordinates


@given(st.floats(-180, 180), st.floats(-85.05112878, 85.05112878))
def test_decoding_comes_near(longitude: float, latitude: float) -> None:
    point = geo.Point(longitude, latitude)
    assert geo.valid(point)
    assert geo.distance(geo.decode(geo.encode(point)), point) < 1


@pytest.mark.parametrize(
    "point", [geo.Point(180.1, 0), geo.Point(0, 85.06), geo.Point(0, -86), geo.Point(math.inf, 0)]
)
def test_places_that_are_refused(point: geo.Point) -> None:
    assert not geo.valid(point)


#: Scores that no place has decode to something all the same.
ODD_SCORES = [
    (math.inf, b"00bh0hbj200"),
    (-math.inf, b"00bh0hbj200"),
    (-1.0, b"bp05b5048p0"),
    (1e19, b"bp05b5048p0"),
    (1.9e19, b"00bh0hbj200"),
    (0.5, b"00bh0hbj200"),
]


@pytest.mark.parametrize(("score", "text"), ODD_SCORES)
def test_odd_scores(score: float, text: bytes) -> None:
    assert geo.hash_text(score) == text


def test_distance() -> None:
    one, other = (geo.decode(geo.encode(point)) for point in (PALERMO, CATANIA))
    assert geo.format_distance(geo.distance(one, other)) == b"166274.1516"
    assert geo.format_distance(geo.distance(one, other) / geo.UNITS[b"mi"]) == b"103.3182"
    assert geo.distance(one, one) == 0
    assert geo.distance(geo.Point(0, 0), geo.Point(0, 90)) == pytest.approx(
        geo.EARTH_RADIUS_M * math.pi / 2
    )
    assert geo.distance(geo.Point(0, 10), geo.Point(180, -10)) == pytest.approx(
        geo.EARTH_RADIUS_M * math.pi
    )


@pytest.mark.parametrize(
    ("value", "plain", "scaled"),
    [
        (0.0, b"0.0000", b"0.0000"),
        (0.775, b"0.7750", b"0.7750"),
        (12.5, b"12.5000", b"12.5000"),
        (1e7, b"10000000.0000", b"10000000.0000"),
        # A little less than it says; times 10000 it is just in the middle.
        (142.39155, b"142.3915", b"142.3916"),
    ],
)
def test_format_distance(value: float, plain: bytes, scaled: bytes) -> None:
    assert geo.format_distance(value) == plain
    assert geo.format_distance(value, scaled=True) == scaled


def test_a_circle_and_a_box() -> None:
    centre = geo.Point(15, 37)
    circle = Area(centre, 1000, radius=100)
    assert circle.distance_within(CATANIA) == pytest.approx(56_441, abs=1)
    assert circle.distance_within(PALERMO) is None
    box = Area(centre, 1000, width=400, height=100)
    assert box.distance_within(CATANIA) is None
    assert box.distance_within(geo.Point(16, 37.4)) is not None
    assert box.distance_within(geo.Point(18, 37.0)) is None


AREAS = [
    Area(geo.Point(15, 37), 1, radius=0),
    Area(geo.Point(15, 37), 1000, radius=200),
    Area(geo.Point(-30, -70), 1609.34, radius=50),
    Area(geo.Point(100, 84), 1000, radius=10),
    Area(geo.Point(15, 37), 1000, width=20, height=900),
    Area(geo.Point(0, 0), 0.3048, width=5e6, height=10),
]


@pytest.mark.parametrize("area", AREAS)
def test_ranges_hold_what_is_in_the_area(area: Area) -> None:
    ranges = search_ranges(area)
    assert 1 <= len(ranges) <= 9
    reach = area.unit_m * (area.radius or max(area.width, area.height) / 2) / 111_000
    for east in range(-10, 11):
        for north in range(-10, 11):
            point = geo.Point(
                area.centre.longitude + east * reach / 5, area.centre.latitude + north * reach / 10
            )
            score = geo.encode(point) if geo.valid(point) else 0.0
            if area.distance_within(geo.decode(score)) is not None:
                assert any(low <= score < high for low, high in ranges)


def test_a_wide_search_reads_each_range_of_the_globe() -> None:
    ranges = search_ranges(Area(geo.Point(0, 0), 1000, radius=1e5))
    assert min(low for low, _ in ranges) == 0
    assert max(high for _, high in ranges) == 1 << 52


def test_a_search_without_end() -> None:
    area = Area(geo.Point(10, 10), 1, radius=math.inf)
    assert len(search_ranges(area)) >= 4
    assert area.distance_within(geo.Point(-170, -80)) is not None
