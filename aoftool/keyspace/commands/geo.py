"""Places on the globe, held as a sorted set (geo.c): adding and looking up. See ``geo_search``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from aoftool.format.resp.replies import NULL_ARRAY, Reply
from aoftool.keyspace import geo
from aoftool.keyspace.command import DENYOOM, READONLY, WRITE, Call, command
from aoftool.keyspace.commands.zset_writes import zadd
from aoftool.keyspace.commands.zsets import read_zset
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import NOT_A_FLOAT, SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.numbers import parse_float

_KEY = Keys(1, 1)


# What the searches use too.
def parse_point(longitude: bytes, latitude: bytes) -> geo.Point:
    """Coordinates in degrees (``extractLongLatOrReply``). Raises CommandError."""
    across, up = parse_float(longitude), parse_float(latitude)
    if across is None or up is None:
        raise CommandError(NOT_A_FLOAT)
    point = geo.Point(across, up)
    if not geo.valid(point):
        raise CommandError(b"ERR invalid longitude,latitude pair %f,%f" % point)
    return point


def parse_unit(ctx: Context, text: bytes) -> float:
    """Metres to one of a unit (``extractUnitOrReply``). Raises CommandError."""
    small = ctx.options.style is Style.REDIS_6
    unit = geo.UNITS.get(text if small else text.lower())
    if unit is None:
        names = b"m, km, ft, mi" if small else b"M, KM, FT, MI"
        raise CommandError(b"ERR unsupported unit provided. please use " + names)
    return unit


def point_reply(ctx: Context, point: geo.Point) -> Reply:
    """Longitude and latitude as an array."""
    if ctx.resp3:
        return [point.longitude, point.latitude]
    return [geo.format_coordinate(point.longitude), geo.format_coordinate(point.latitude)]


def distance_reply(ctx: Context, away: float) -> bytes:
    """The text of a distance, in the unit that was asked for."""
    return geo.format_distance(away, scaled=ctx.options.style is not Style.REDIS_6)


# Adding.
_OPTIONS = (b"NX", b"XX", b"CH")


def _as_zadd(call: Call) -> Iterable[Sequence[bytes]]:
    """The ZADD that was run instead, its name in small letters as Redis writes it."""
    return (call.ctx.fact,)


@command("GEOADD", "key [NX | XX] [CH] longitude latitude member [longitude latitude member ...]",
         WRITE | DENYOOM, _KEY, group="geo", since="3.2.0", propagate=_as_zadd)  # fmt: skip
def geoadd(ctx: Context, argv: Argv) -> Reply:
    """Add places, or move those that are there."""
    at = 2
    while at < len(argv) and argv[at].upper() in _OPTIONS:
        at += 1
    options = argv[2:at]
    words = {word.upper() for word in options}
    if (len(argv) - at) % 3 or {b"NX", b"XX"} <= words:
        raise CommandError(SYNTAX)
    added = [b"zadd", argv[1], *options]
    for place in range(at, len(argv), 3):
        score = geo.encode(parse_point(argv[place], argv[place + 1]))
        added += (b"%d" % int(score), argv[place + 2])
    ctx.fact = added
    return zadd(ctx, added)


# Looking up.
@command("GEODIST", "key member1 member2 [M | KM | FT | MI]", READONLY, _KEY, group="geo",
         since="3.2.0")  # fmt: skip
def geodist(ctx: Context, argv: Argv) -> Reply:
    """How far two places are from each other."""
    if len(argv) > 5:
        raise CommandError(SYNTAX)
    unit = parse_unit(ctx, argv[4]) if len(argv) == 5 else 1.0
    value = read_zset(ctx, argv[1])
    if value is None:
        return None
    one, other = value.scores.get(argv[2]), value.scores.get(argv[3])
    if one is None or other is None:
        return None
    return distance_reply(ctx, geo.distance(geo.decode(one), geo.decode(other)) / unit)


def _each(ctx: Context, argv: Argv, form: Callable[[float], Reply], missing: Reply) -> Reply:
    """A reply for each of the members."""
    value = read_zset(ctx, argv[1])
    scores = {} if value is None else value.scores
    found = (scores.get(member) for member in argv[2:])
    return [missing if score is None else form(score) for score in found]


@command("GEOHASH", "key [member ...]", READONLY, _KEY, group="geo", since="3.2.0")
def geohash(ctx: Context, argv: Argv) -> Reply:
    """The standard geohashes of places."""
    return _each(ctx, argv, geo.hash_text, None)


@command("GEOPOS", "key [member ...]", READONLY, _KEY, group="geo", since="3.2.0")
def geopos(ctx: Context, argv: Argv) -> Reply:
    """The coordinates of places."""
    return _each(ctx, argv, lambda score: point_reply(ctx, geo.decode(score)), NULL_ARRAY)
