"""Places on the globe as scores of a sorted set: geohashes of 52 bits, and distances.

A geohash cuts the rectangle of all coordinates in halves, by turns along longitude and latitude;
its bits say in which half a place is. Sources in Redis: geohash.c, geohash_helper.c, geo.c.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import NamedTuple

from aoftool.keyspace.numbers import format_long_double

#: What GEOADD takes (degrees); beyond these latitudes the web's Mercator projection ends.
LONGITUDE_LIMIT, LATITUDE_LIMIT = 180.0, 85.05112878
#: Metres to one of each unit (``extractUnitOrReply``); names are compared in lower case.
UNITS = {b"m": 1.0, b"km": 1000.0, b"ft": 0.3048, b"mi": 1609.34}
#: Halvings along each axis in a score.
MAX_STEP = 26
EARTH_RADIUS_M = 6372797.560856

_DEGREE = math.pi / 180.0
_ALPHABET = b"0123456789bcdefghjkmnpqrstuvwxyz"
_STANDARD_LATITUDE_LIMIT = 90.0
_MASK32, _MASK64 = (1 << 32) - 1, (1 << 64) - 1
_EVEN_BITS, _ODD_BITS = 0x5555555555555555, 0xAAAAAAAAAAAAAAAA
_SPREAD = (
    (16, 0x0000FFFF0000FFFF),
    (8, 0x00FF00FF00FF00FF),
    (4, 0x0F0F0F0F0F0F0F0F),
    (2, 0x3333333333333333),
    (1, 0x5555555555555555),
)
_GATHER = (
    (1, 0x3333333333333333),
    (2, 0x0F0F0F0F0F0F0F0F),
    (4, 0x00FF00FF00FF00FF),
    (8, 0x0000FFFF0000FFFF),
    (16, 0x00000000FFFFFFFF),
)


class Point(NamedTuple):
    """A place in degrees."""

    longitude: float
    latitude: float


class Cell(NamedTuple):
    """The rectangle of one geohash, in degrees."""

    west: float
    south: float
    east: float
    north: float


def valid(point: Point) -> bool:
    """Whether Redis takes these coordinates (``extractLongLatOrReply``)."""
    return abs(point.longitude) <= LONGITUDE_LIMIT and abs(point.latitude) <= LATITUDE_LIMIT


def encode(point: Point) -> float:
    """The score of a valid point (``geohashEncodeWGS84``, ``geohashAlign52Bits``).

    An integer of 52 bits; of 54, rounded to 53, where a coordinate is at its upper limit.
    """
    return float(hash_bits(point, MAX_STEP, LATITUDE_LIMIT))


def decode(score: float) -> Point:
    """The middle of the cell that a score stands for (``decodeGeohash`` in geo.c).

    Any score decodes to something, as in Redis; the result is kept inside the limits.
    """
    cell = cell_of(_to_uint64(score), MAX_STEP)
    longitude, latitude = (cell.west + cell.east) / 2, (cell.south + cell.north) / 2
    return Point(
        min(max(longitude, -LONGITUDE_LIMIT), LONGITUDE_LIMIT),
        min(max(latitude, -LATITUDE_LIMIT), LATITUDE_LIMIT),
    )


def hash_text(score: float) -> bytes:
    """The standard geohash of a score: 11 characters, the last one ``0`` (``geohashCommand``)."""
    bits = hash_bits(decode(score), MAX_STEP, _STANDARD_LATITUDE_LIMIT)
    return bytes(_ALPHABET[bits >> shift & 31] for shift in range(47, 0, -5)) + _ALPHABET[:1]


def distance(one: Point, other: Point) -> float:
    """Metres along the great circle, by the haversine formula (``geohashGetDistance``)."""
    v = math.sin((radians(other.longitude) - radians(one.longitude)) / 2)
    if v == 0.0:
        return latitude_distance(one, other)
    latitude, other_latitude = radians(one.latitude), radians(other.latitude)
    u = math.sin((other_latitude - latitude) / 2)
    a = u * u + math.cos(latitude) * math.cos(other_latitude) * v * v
    half_angle = math.asin(math.sqrt(a)) if a <= 1 else math.pi / 2
    return 2.0 * EARTH_RADIUS_M * half_angle


def format_distance(value: float, *, scaled: bool = False) -> bytes:
    """The text of a distance with four decimals (``addReplyDoubleDistance``).

    As Redis before 7.0.6: ``%.4f``. With ``scaled`` as later ones (``fixedpoint_d2string``): times
    10000 in double arithmetic, then rounded, which can differ in the last digit.
    """
    if not scaled:
        return b"%.4f" % value
    whole, fraction = divmod(round(value * 10000.0), 10000)
    return b"%d.%04d" % (whole, fraction)


def format_coordinate(value: float) -> bytes:
    """The text of a coordinate in a RESP2 reply (``addReplyHumanLongDouble``)."""
    return format_long_double(Fraction(value))


def hash_bits(point: Point, step: int, latitude_limit: float) -> int:
    """The bits of a point, ``step`` a side (``geohashEncode``)."""
    across = (point.longitude + LONGITUDE_LIMIT) / (2 * LONGITUDE_LIMIT)
    up = (point.latitude + latitude_limit) / (2 * latitude_limit)
    return _interleaved(int(up * (1 << step)), int(across * (1 << step)))


def cell_of(bits: int, step: int) -> Cell:
    """The rectangle of a geohash (``geohashDecode``)."""
    up, across = _gathered(bits), _gathered(bits >> 1)
    unit = 1 << step
    wide, tall = 2 * LONGITUDE_LIMIT, 2 * LATITUDE_LIMIT
    return Cell(
        -LONGITUDE_LIMIT + across / unit * wide,
        -LATITUDE_LIMIT + up / unit * tall,
        -LONGITUDE_LIMIT + (across + 1 & _MASK32) / unit * wide,
        -LATITUDE_LIMIT + (up + 1 & _MASK32) / unit * tall,
    )


def neighbour(bits: int, step: int, east: int, north: int) -> int:
    """The neighbour some cells away, around the globe (``geohash_move_x``, ``geohash_move_y``)."""
    if east:
        bits = _shifted(bits, step, east, _ODD_BITS, _EVEN_BITS)
    return _shifted(bits, step, north, _EVEN_BITS, _ODD_BITS) if north else bits


def _shifted(bits: int, step: int, by: int, axis: int, other: int) -> int:
    """One axis moved by 1 or -1: the bits of the other axis let the carry pass."""
    moving, staying = bits & axis, bits & other
    gap = other >> 64 - 2 * step
    moving = moving + gap + 1 if by > 0 else (moving | gap) - (gap + 1)
    return moving & axis >> 64 - 2 * step | staying


def _interleaved(even: int, odd: int) -> int:
    for shift, mask in _SPREAD:
        even = (even | even << shift) & mask
        odd = (odd | odd << shift) & mask
    return even | odd << 1


def _gathered(bits: int) -> int:
    """Every second bit, from the lowest on, side by side."""
    bits &= _EVEN_BITS
    for shift, mask in _GATHER:
        bits = (bits | bits >> shift) & mask
    return bits


def _to_uint64(score: float) -> int:
    """What x86 makes of a double that becomes an unsigned integer, also out of range."""
    if -(2.0**63) <= score < 2.0**64:
        return int(score) & _MASK64
    return 0 if score > 0 else 1 << 63


def radians(degrees: float) -> float:
    """Degrees in radians, by Redis's constant."""
    return degrees * _DEGREE


def latitude_distance(one: Point, other: Point) -> float:
    """Metres between two circles of latitude (``geohashGetLatDistance``)."""
    return EARTH_RADIUS_M * abs(radians(other.latitude) - radians(one.latitude))
