"""Places on the globe: replies, events and changes beside real servers, and what the AOF holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from tests.compat.differential import Words, assert_converges, assert_same, pair
from tests.compat.servers import RELEASES
from tests.compat.witness import witnessed

KEYS = ["a", "b", "none"]
SICILY: Words = (
    "GEOADD",
    "g",
    "13.361389",
    "38.115556",
    "Palermo",
    "15.087269",
    "37.502669",
    "Catania",
)
BOX = ("BYBOX", "400", "400", "km")

FIXED: list[Words] = [
    ("SET", "s", "x"), SICILY, SICILY, ("GEOADD", "g", "13", "38"),
    ("GEOADD", "g", "13", "38", "x", 1),
    ("GEOADD", "g", "NX", "XX", "CH", "NX"), ("GEOADD", "g", "NX", "CH", "NX", "NX"),
    ("GEOADD", "g", "NX", "XX", "1", "2", "x"), ("GEOADD", "g", "x", "2", "x"),
    ("GEOADD", "g", "1", "x", "x"), ("GEOADD", "g", "1", "200", "x"),
    ("GEOADD", "g", "inf", "2", "x"),
    ("GEOADD", "g", "181", "-85.06", "x"), ("GEOADD", "g", "1", "2", "x", "3", "x", "y"),
    ("GEOADD", "s", "1", "2", "x"), ("GEOADD", "s", "x", "2", "x"), ("ZCARD", "g"),
    ("GEOADD", "g", "CH", "13.4", "38.2", "Palermo"), ("GEOADD", "g", "nx", "1", "1", "Palermo"),
    ("GEOADD", "g", "XX", "CH", "1", "1", "none"), ("geoadd", "g", "180", "85.05112878", "corner"),
    ("GEOADD", "g", "-180", "-85.05112878", "edge"), ("ZRANGE", "g", "0", "-1", "WITHSCORES"),
    ("GEOADD", "new", "XX", "1", "2", "x"), ("EXISTS", "new"), ("ZREM", "g", "corner", "edge"),
    ("GEODIST", "g", "Palermo", "Catania"), ("GEODIST", "g", "Palermo", "Catania", "km"),
    ("GEODIST", "g", "Palermo", "Catania", "KM"), ("GEODIST", "g", "Palermo", "Catania", "foo"),
    ("GEODIST", "g", "Palermo", "none"), ("GEODIST", "none", "a", "b"), ("GEODIST", "s", "a", "b"),
    ("GEODIST", "none", "a", "b", "foo"), ("GEODIST", "g", "a", "b", "km", "x"),
    ("GEODIST", "g", "a"),
    ("GEODIST", "g", "Palermo", "Palermo", "ft"), ("GEOHASH", "g", "Palermo", "none"),
    ("GEOHASH", "g"),
    ("GEOHASH", "none", "a", "b"), ("GEOHASH", "s", "a"), ("GEOHASH",),
    ("GEOPOS", "g", "Palermo", "x"),
    ("GEOPOS", "g"), ("GEOPOS", "none", "a", "b"), ("GEOPOS", "s", "a"), ("GEOPOS", "none"),
    # GEORADIUS
    ("GEORADIUS", "g", "15", "37", "200", "km"), ("GEORADIUS", "g", "15", "37", "200"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "WITHDIST", "WITHHASH", "WITHCOORD"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "WITHCOORD", "WITHDIST", "DESC"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "COUNT", "1"),
    ("GEORADIUS", "g", "15", "37", "-1", "km"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "COUNT", "0"),
    ("GEORADIUS", "g", "15", "37", "x", "km"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "COUNT", "x"),
    ("GEORADIUS", "g", "15", "37", "1", "foo"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "COUNT"), ("GEORADIUS", "g", "x", "37", "1", "km"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "ANY"), ("GEORADIUS", "g", "15", "99", "1", "km"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "COUNT", "1", "ANY"),
    ("GEORADIUS", "s", "x", "37", 1, "km"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "FOO"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "STORE"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "BYBOX", "1", "1", "km"),
    ("GEORADIUS", "none", "15", "37", "200", "km"), ("GEORADIUS", "none", "x", "37", "200", "km"),
    ("GEORADIUS", "none", "15", "37", "200", "km", "COUNT", "0"),
    ("GEORADIUS", "g", "15", "37", "0", "km"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "STORE", "d"),
    ("ZRANGE", "d", "0", "-1", "WITHSCORES"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "STOREDIST", "d"),
    ("ZRANGE", "d", "0", "-1", "WITHSCORES"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "STORE", "d", "WITHDIST"), ("EXPIRE", "d", "1000"),
    ("GEORADIUS", "g", "15", "37", "200", "km", "STORE", "x", "STOREDIST", "d", "COUNT", "1"),
    ("TTL", "d"),
    ("GEORADIUS", "g", "15", "37", "1", "m", "STORE", "d"), ("EXISTS", "d"), ("EXISTS", "x"),
    ("GEORADIUS", "g", "15", "37", "1", "m", "STORE", "d"),
    ("GEORADIUS", "g", "15", "37", 9, "km", "STORE", "s"),
    ("EXISTS", "s"), ("GEORADIUS", "none", "15", "37", "200", "km", "STORE", "s"),
    ("SET", "s", "x"),
    ("GEORADIUS", "none", "15", "37", "200", "km", "STORE", "s"), ("EXISTS", "s"),
    ("SET", "s", "x"),
    ("GEORADIUS_RO", "g", "15", "37", "200", "km", "DESC"),
    ("GEORADIUS_RO", "g", "15", "37", "200"),
    ("GEORADIUS_RO", "g", "15", "37", "200", "km", "STORE", "d"),
    ("GEORADIUSBYMEMBER", "g", "Palermo", "200", "km"),
    ("GEORADIUSBYMEMBER", "g", "none", "1", "km"),
    ("GEORADIUSBYMEMBER", "g", "Palermo", "x", "km"), ("GEORADIUSBYMEMBER", "none", "x", "x", "km"),
    ("GEORADIUSBYMEMBER", "none", "x", "x", "foo", "FOO"),
    ("GEORADIUSBYMEMBER", "s", "x", "1", "km"),
    ("GEORADIUSBYMEMBER", "g", "Palermo", "200", "km", "STORE", "d", "DESC", "COUNT", "1"),
    ("GEORADIUSBYMEMBER", "none", "x", "x", "km", "STORE", "d"),
    ("GEORADIUSBYMEMBER", "g", "Palermo", "1"),
    ("GEORADIUSBYMEMBER_RO", "g", "Palermo", "200", "km", "DESC", "WITHHASH"),
    ("GEORADIUSBYMEMBER_RO", "g", "Palermo", "200", "km", "STOREDIST", "d"),
    # GEOSEARCH
    ("GEOSEARCH", "g", "FROMMEMBER", "none", "BYRADIUS", "1", "km"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "BYRADIUS", "200", "km", "WITHDIST", "DESC"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "BYRADIUS", "1", "km", *BOX),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", *BOX, "BYRADIUS", "1", "km"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "FROMLONLAT", "1", "1", *BOX),
    ("GEOSEARCH", "g", "FROMLONLAT", "1", "1", "FROMMEMBER", "Palermo", *BOX),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "FROMMEMBER", "Catania", *BOX, *BOX, "WITHDIST"),
    ("GEOSEARCH", "g", *BOX, "ASC"), ("GEOSEARCH", "g", *BOX, "ASC", "DESC"),
    ("GeoSearch", "none", *BOX, "ASC", "DESC"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "COUNT", 1, "ASC"),
    ("GEOSEARCH", "none", "FROMMEMBER", "Palermo", "COUNT", 1, "ASC"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "BYBOX", "-1", "1", "km"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "BYBOX", "x", "x", "km"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "BYBOX", "1", "x", "foo"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "BYBOX", "1", "1", "foo"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", "BYBOX", "1", "1"),
    ("GEOSEARCH", "g", "FROMLONLAT", "15", "x", *BOX),
    ("GEOSEARCH", "g", "FROMLONLAT", "15", "37", *BOX),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", *BOX, "STOREDIST"), ("GEOSEARCH", "s", *BOX, *BOX),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", *BOX, "STORE", "d"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", *BOX, "ANY"),
    ("GEOSEARCH", "none", "FROMMEMBER", "Palermo", *BOX, "ANY"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", *BOX, "COUNT", "1", "ANY"),
    ("GEOSEARCH", "g", "FROMMEMBER", "Palermo", *BOX, "ANY", "COUNT", "1", "DESC", "WITHCOORD"),
    ("GEOSEARCH", "none", "FROMMEMBER", "Palermo", *BOX), ("GEOSEARCH", "g"),
    ("GEOSEARCHSTORE", "d", "g", "FROMMEMBER", "Palermo", *BOX),
    ("ZRANGE", "d", "0", "-1", "WITHSCORES"),
    ("GEOSEARCHSTORE", "d", "g", "FROMMEMBER", "Palermo", *BOX, "STOREDIST"),
    ("ZRANGE", "d", "0", "-1", "WITHSCORES"),
    ("GEOSEARCHSTORE", "d", "g", "FROMLONLAT", 0, 0, *BOX),
    ("EXISTS", "d"), ("GEOSEARCHSTORE", "d", "g", "FROMMEMBER", "Palermo", *BOX, "STORE", "x"),
    ("GEOSEARCHSTORE", "d", "g", "FROMMEMBER", "Palermo", *BOX, "WITHDIST"),
    ("GEOSEARCHSTORE", "d", "g", "FROMMEMBER", "Palermo", *BOX, "COUNT", "1", "DESC"),
    ("GEOSEARCHSTORE", "g", "none", "FROMMEMBER", "Palermo", *BOX), ("EXISTS", "g"),
    ("GEOSEARCHSTORE", "d", "s", "FROMMEMBER", "Palermo", *BOX), ("GEOSEARCHSTORE", "d", "g", *BOX),
    ("GEOSEARCHSTORE", "d", "g", *BOX, "ASC", "ASC"),
]  # fmt: skip


def random_script(rng: Random, count: int) -> list[Words]:
    """Random calls of every command of the group.

    No two members are at the same place: Redis sorts equal distances in no order.
    """
    places = {
        f"m{n}": [
            (rng.uniform(-180, 180), rng.uniform(-85, 85)),
            (rng.gauss(9, 2), rng.gauss(48, 2)),
        ]
        for n in range(25)
    }

    def key() -> str:
        return rng.choice(KEYS)

    def member() -> str:
        return rng.choice(list(places))

    def place() -> list[str | float]:
        name = member()
        return [*rng.choice(places[name]), name]

    def words(*choices: str) -> list[str]:
        picked = [word for word in choices if rng.random() < 0.4]
        rng.shuffle(picked)
        return [part for word in picked for part in word.split()]

    def size() -> list[str]:
        return [f"{10 ** rng.uniform(1, 4):.2f}", rng.choice(["km", "km", "mi", "m"])]

    def some() -> list[str]:
        return words("ASC", "DESC", f"COUNT {rng.randrange(1, 5)}")

    def shown() -> list[str]:
        return words("WITHDIST", "WITHHASH", "WITHCOORD")

    def centre() -> list[str | float]:
        if rng.random() < 0.5:
            return ["FROMMEMBER", member()]
        return ["FROMLONLAT", rng.gauss(9, 2), rng.gauss(48, 2)]

    def shape() -> list[str]:
        if rng.random() < 0.5:
            return ["BYRADIUS", *size()]
        return ["BYBOX", f"{rng.uniform(10, 9000):.1f}", *size()]

    makers: list[Callable[[], Words]] = [
        lambda: ("GEOADD", rng.choice("ab"), *words("CH"), *place()),
        lambda: ("GEOADD", rng.choice("ab"), *words("NX", "CH"), *place(), *place()),
        lambda: ("GEOADD", rng.choice("ab"), *words("XX", "CH"), *place(), *place()),
        lambda: ("ZREM", key(), member()),
        lambda: ("GEODIST", key(), member(), member(), rng.choice(["m", "km", "ft", "mi"])),
        lambda: ("GEOPOS", key(), member(), member()),
        lambda: ("GEOHASH", key(), member(), member()),
        lambda: ("GEORADIUS", key(), *place()[:2], *size(), *shown(), *some()),
        lambda: (
            "GEORADIUS",
            key(),
            *place()[:2],
            *size(),
            *some(),
            *words("STORE d", "STOREDIST d"),
        ),
        lambda: ("GEORADIUSBYMEMBER", key(), member(), *size(), *shown(), *some()),
        lambda: ("GEORADIUSBYMEMBER", key(), member(), *size(), *some(), "STORE", "d"),
        lambda: ("GEOSEARCH", key(), *centre(), *shape(), *shown(), *some()),
        lambda: ("GEOSEARCH", key(), *shape(), *centre(), "COUNT", "3", "ANY"),
        lambda: ("GEOSEARCHSTORE", "d", key(), *centre(), *shape(), *some(), *words("STOREDIST")),
        lambda: ("ZRANGE", "d", "0", "-1", "WITHSCORES"),
    ]
    return [rng.choice(makers)() for _ in range(count)]


@pytest.mark.parametrize("release", RELEASES)
def test_replies(release: str, tmp_path: Path) -> None:
    with pair(release, tmp_path) as (real, ours):
        with witnessed(real, ours):
            assert_same(real, ours, FIXED)
            assert_same(real, ours, random_script(Random(17), 2500))
        assert_converges(ours, release)
