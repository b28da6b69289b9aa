"""Places on the globe (geo.c): what is in a circle or a box."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Flag, auto
from typing import NamedTuple

from aoftool.format.resp.replies import Reply
from aoftool.keyspace import geo
from aoftool.keyspace.arguments import integer
from aoftool.keyspace.command import DENYOOM, READONLY, WRITE, command
from aoftool.keyspace.commands.geo import distance_reply, parse_point, parse_unit, point_reply
from aoftool.keyspace.commands.zsets import read_zset, store_zset
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.geosearch import Area, search_ranges
from aoftool.keyspace.keyspecs import Argv, Behind, Keys
from aoftool.keyspace.numbers import parse_float
from aoftool.keyspace.values import ZSetValue

_STORE_WORDS = frozenset((b"STORE", b"STOREDIST"))
_NO_MEMBER = b"ERR could not decode requested zset member"


class Form(Flag):
    """What a command can do beside its search."""

    #: STORE and STOREDIST with a key.
    STORE_WORDS = auto()
    #: The centre and the shape are words among the options.
    SHAPE_WORDS = auto()
    #: It stores; STOREDIST stands alone.
    STORES = auto()


class _Found(NamedTuple):
    """A place that a search found; ``away``: from the centre, in the unit of the search."""

    member: bytes
    score: float
    away: float
    point: geo.Point


@dataclass(slots=True)
class _Query:
    """A search; ``centre`` and the shape are None as long as nothing said them.

    Attributes:
        value: where to search, None for a key that is missing.
        located: whether FROMMEMBER or FROMLONLAT was there.
        descending: None: in the order in which they are found.
        count: most places that are wanted, 0 for all; ``any_``: the first ones will do.
        store_distance: distances become the scores of what is stored.
    """

    ctx: Context
    form: Form
    value: ZSetValue | None
    centre: geo.Point | None = None
    by_member: bool = False
    by_point: bool = False
    unit: float = 1.0
    radius: float | None = None
    box: tuple[float, float] | None = None
    with_distance: bool = False
    with_hash: bool = False
    with_point: bool = False
    descending: bool | None = None
    count: int = 0
    any_: bool = False
    store: bytes | None = None
    store_distance: bool = False

    def parse(self, words: Argv, name: bytes) -> None:
        """The options (``georadiusGeneric``). Raises CommandError."""
        rest = list(reversed(words))
        while rest:
            word = rest.pop().upper()
            if not (self._plain(word) or self._with_value(word, rest)):
                raise CommandError(SYNTAX)
        self._check(name)

    def _plain(self, word: bytes) -> bool:
        """Take an option that is a single word; whether it was one."""
        if word == b"WITHDIST":
            self.with_distance = True
        elif word == b"WITHHASH":
            self.with_hash = True
        elif word == b"WITHCOORD":
            self.with_point = True
        elif word == b"ANY":
            self.any_ = True
        elif word in (b"ASC", b"DESC"):
            self.descending = word == b"DESC"
        elif word == b"STOREDIST" and Form.STORES in self.form:
            self.store_distance = True
        else:
            return False
        return True

    def _with_value(self, word: bytes, rest: list[bytes]) -> bool:
        """Take an option that has values; whether it was one."""
        if word == b"COUNT" and rest:
            self.count = integer(rest.pop())
            if self.count <= 0:
                raise CommandError(b"ERR COUNT must be > 0")
            return True
        if word in _STORE_WORDS and Form.STORE_WORDS in self.form and rest:
            self.store, self.store_distance = rest.pop(), word == b"STOREDIST"
            return True
        return Form.SHAPE_WORDS in self.form and self._shape(word, rest)

    def _shape(self, word: bytes, rest: list[bytes]) -> bool:
        """Take an option that says centre or shape; whether it was one."""
        if word == b"FROMMEMBER" and rest and not self.by_point:
            self.from_member(rest.pop())
        elif word == b"FROMLONLAT" and len(rest) >= 2 and not self.by_member:
            self.centre, self.by_point = parse_point(rest.pop(), rest.pop()), True
        elif word == b"BYRADIUS" and len(rest) >= 2 and self.box is None:
            self.within(rest.pop(), rest.pop())
        elif word == b"BYBOX" and len(rest) >= 3 and self.radius is None:
            width = _size(rest.pop(), b"width")
            height = _size(rest.pop(), b"height")
            if width < 0 or height < 0:
                raise CommandError(b"ERR height or width cannot be negative")
            self.unit = parse_unit(self.ctx, rest.pop())
            self.box = width, height
        else:
            return False
        return True

    def from_member(self, member: bytes) -> None:
        """Search around a member (``longLatFromMember``). Raises CommandError."""
        self.by_member = True
        if self.value is not None:
            score = self.value.scores.get(member)
            if score is None:
                raise CommandError(_NO_MEMBER)
            self.centre = geo.decode(score)

    def within(self, radius: bytes, unit: bytes) -> None:
        """Search in a circle (``extractDistanceOrReply``). Raises CommandError."""
        found = _size(radius, b"radius")
        if found < 0:
            raise CommandError(b"ERR radius cannot be negative")
        self.unit = parse_unit(self.ctx, unit)
        self.radius = found

    def _check(self, name: bytes) -> None:
        """Raise CommandError for options that do not go together, or are missing."""
        style = self.ctx.options.style
        if self.store is not None and (self.with_distance or self.with_hash or self.with_point):
            stores = Form.STORES in self.form and style is not Style.REDIS_6
            raise CommandError(
                b"ERR %b is not compatible with WITHDIST, WITHHASH and %b options"
                % (
                    b"GEOSEARCHSTORE" if stores else b"STORE option in GEORADIUS",
                    b"WITHCOORDS" if style is Style.REDIS_6 else b"WITHCOORD",
                )
            )
        if Form.SHAPE_WORDS in self.form:
            if not (self.by_member or self.by_point):
                raise CommandError(
                    b"ERR exactly one of FROMMEMBER or FROMLONLAT can be specified for " + name
                )
            if self.radius is None and self.box is None:
                raise CommandError(
                    b"ERR exactly one of BYRADIUS and BYBOX can be specified for " + name
                )
        if self.any_ and not self.count:
            raise CommandError(b"ERR the ANY argument requires COUNT argument")

    def found(self) -> list[_Found]:
        """The places, in the order and up to the number that are wanted."""
        if self.value is None or self.centre is None:
            return []
        places = self._all(self.value, self.centre)
        descending = self.descending
        if descending is None and self.count and not self.any_:
            descending = False
        if descending is not None:
            places.sort(key=lambda place: place.away, reverse=descending)
        return places[: self.count] if self.count else places

    def _all(self, value: ZSetValue, centre: geo.Point) -> list[_Found]:
        """The places as Redis comes by them (``membersOfAllNeighbors``)."""
        width, height = self.box or (0.0, 0.0)
        area = Area(centre, self.unit, self.radius, width, height)
        order = value.order
        places: list[_Found] = []
        for low, high in search_ranges(area):
            start, stop = order.bisect_left((low, b"")), order.bisect_left((high, b""))
            for score, member in order.islice(start, stop):
                point = geo.decode(score)
                away = area.distance_within(point)
                if away is None:
                    continue
                places.append(_Found(member, score, away / self.unit, point))
                if self.any_ and len(places) >= self.count:
                    return places
        return places

    def answer(self) -> Reply:
        """Store what was found, or show it."""
        places = self.found()
        if self.store is None:
            return [self._row(place) for place in places]
        scores = {
            place.member: place.away if self.store_distance else place.score for place in places
        }
        event = b"geosearchstore" if Form.STORES in self.form else b"georadiusstore"
        store_zset(self.ctx, self.store, scores, event, len(places))
        return len(places)

    def _row(self, place: _Found) -> Reply:
        row: list[Reply] = [place.member]
        if self.with_distance:
            row.append(distance_reply(self.ctx, place.away))
        if self.with_hash:
            row.append(int(place.score))
        if self.with_point:
            row.append(point_reply(self.ctx, place.point))
        return row if len(row) > 1 else place.member


def _size(text: bytes, what: bytes) -> float:
    size = parse_float(text)
    if size is None:
        raise CommandError(b"ERR need numeric " + what)
    return size


# Circles, in the words of before 6.2.
def _radius(ctx: Context, argv: Argv, form: Form) -> Reply:
    query = _Query(ctx, form, read_zset(ctx, argv[1]))
    query.centre = parse_point(argv[2], argv[3])
    query.within(argv[4], argv[5])
    query.parse(argv[6:], argv[0])
    return query.answer()


def _radius_by_member(ctx: Context, argv: Argv, form: Form) -> Reply:
    query = _Query(ctx, form, read_zset(ctx, argv[1]))
    if query.value is not None:
        query.from_member(argv[2])
        query.within(argv[3], argv[4])
    query.parse(argv[5:], argv[0])
    return query.answer()


_UNIT = "<M | KM | FT | MI>"
_SHOWN = "[WITHCOORD] [WITHDIST] [WITHHASH]"
_SOME = "[COUNT count [ANY]] [ASC | DESC]"
_STORED = "[STORE key | STOREDIST key]"
_SHAPE = (
    "<FROMMEMBER member | FROMLONLAT longitude latitude> "
    f"<BYRADIUS radius {_UNIT} | BYBOX width height {_UNIT}>"
)


@command("GEORADIUS", f"key longitude latitude radius {_UNIT} {_SHOWN} {_SOME} {_STORED}",
         WRITE | DENYOOM, Behind((1,), _STORE_WORDS, 6), group="geo", since="3.2.0")  # fmt: skip
def georadius(ctx: Context, argv: Argv) -> Reply:
    """The places within a circle around a point, shown or stored."""
    return _radius(ctx, argv, Form.STORE_WORDS)


@command("GEORADIUS_RO", f"key longitude latitude radius {_UNIT} {_SHOWN} {_SOME}", READONLY,
         Keys(1, 1), group="geo", since="3.2.10")  # fmt: skip
def georadius_ro(ctx: Context, argv: Argv) -> Reply:
    """GEORADIUS that cannot store."""
    return _radius(ctx, argv, Form(0))


@command("GEORADIUSBYMEMBER", f"key member radius {_UNIT} {_SHOWN} {_SOME} {_STORED}",
         WRITE | DENYOOM, Behind((1,), _STORE_WORDS, 5), group="geo", since="3.2.0")  # fmt: skip
def georadiusbymember(ctx: Context, argv: Argv) -> Reply:
    """The places within a circle around a member, shown or stored."""
    return _radius_by_member(ctx, argv, Form.STORE_WORDS)


@command("GEORADIUSBYMEMBER_RO", f"key member radius {_UNIT} {_SHOWN} {_SOME}", READONLY,
         Keys(1, 1), group="geo", since="3.2.10")  # fmt: skip
def georadiusbymember_ro(ctx: Context, argv: Argv) -> Reply:
    """GEORADIUSBYMEMBER that cannot store."""
    return _radius_by_member(ctx, argv, Form(0))


# Circles and boxes.
@command("GEOSEARCH", f"key {_SHAPE} {_SOME} {_SHOWN}", READONLY, Keys(1, 1), group="geo",
         since="6.2.0")  # fmt: skip
def geosearch(ctx: Context, argv: Argv) -> Reply:
    """The places within a circle or a box."""
    query = _Query(ctx, Form.SHAPE_WORDS, read_zset(ctx, argv[1]))
    query.parse(argv[2:], argv[0])
    return query.answer()


@command("GEOSEARCHSTORE", f"destination source {_SHAPE} {_SOME} [STOREDIST]", WRITE | DENYOOM,
         Keys(1, 2), group="geo", since="6.2.0")  # fmt: skip
def geosearchstore(ctx: Context, argv: Argv) -> Reply:
    """Store the places within a circle or a box."""
    query = _Query(ctx, Form.SHAPE_WORDS | Form.STORES, read_zset(ctx, argv[2]), store=argv[1])
    query.parse(argv[3:], argv[0])
    return query.answer()
