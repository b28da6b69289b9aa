"""selection: which commands go, with which of their keys, and under which names."""

from __future__ import annotations

from typing import Any

import pytest

from aoftool.ops.replay.choosing import Chooser, split_keys
from aoftool.ops.replay.selection import Bound, Selection


def chosen(line: str, **wanted: Any) -> str | tuple[int, int]:
    """The command that goes, or how many were skipped and how many are left out in part."""
    chooser = Chooser(Selection(**wanted))
    argv = line.encode().split()
    found = chooser.choose(argv, argv[0].upper())
    return (chooser.skipped, chooser.partly) if found is None else b" ".join(found).decode()


SKIPPED, PARTLY = (1, 0), (0, 1)
A = {"match": (b"a*",)}


@pytest.mark.parametrize(
    ("line", "wanted", "expected"),
    [
        ("SET ab 1", A, "SET ab 1"),
        ("SET b 1", A, SKIPPED),
        ("SET ab 1", {**A, "exclude": (b"*b",)}, SKIPPED),
        ("DEL a b a2", A, "DEL a a2"),
        ("MSET a 1 b 2 a2 3", A, "MSET a 1 a2 3"),
        ("DEL b c", A, SKIPPED),
        ("MSETNX a 1 b 2", A, PARTLY),
        ("RENAME a b", A, PARTLY),
        ("SUNIONSTORE a b a2", A, PARTLY),
        ("ZUNIONSTORE a 2 a1 a2", A, "ZUNIONSTORE a 2 a1 a2"),
        ("EVAL script 1 a", A, "EVAL script 1 a"),
        ("EVAL script 1 b", A, SKIPPED),
        ("EVAL script 0", A, SKIPPED),
        ("FLUSHALL", A, PARTLY),
        ("FUNCTION LOAD code", A, SKIPPED),
        ("NOSUCH a", A, PARTLY),
        ("NOSUCH a", {"skip": frozenset((b"SET",))}, "NOSUCH a"),
        ("set a 1", {"skip": frozenset((b"SET",))}, SKIPPED),
        ("set a 1", {"commands": frozenset((b"SET",))}, "set a 1"),
        ("DEL a", {"commands": frozenset((b"SET",))}, SKIPPED),
        ("SADD a 1", {"types": frozenset(("set",))}, "SADD a 1"),
        ("LPUSH a 1", {"types": frozenset(("set",))}, SKIPPED),
        ("GEOADD a 1 1 x", {"types": frozenset(("zset",))}, "GEOADD a 1 1 x"),
        ("DEL a", {"types": frozenset(("set",))}, "DEL a"),
        ("SET user:1 v", {"renames": ((b"user:", b"u:"),)}, "SET u:1 v"),
        ("MSET user:1 user:2 x user:3", {"renames": ((b"user:", b"u:"),)},
         "MSET u:1 user:2 x user:3"),
        ("XGROUP CREATE user:1 user:g 0-0", {"renames": ((b"user:", b"u:"),)},
         "XGROUP CREATE u:1 user:g 0-0"),
        ("SORT user:l BY user:x STORE user:d", {"renames": ((b"user:", b"u:"),)},
         "SORT u:l BY user:x STORE u:d"),
        ("DEL user:a b", {"match": (b"user:*",), "renames": ((b"user:", b"u:"),)}, "DEL u:a"),
        ("SWAPDB 0 3", {"dbs": {0: 5, 3: 3}}, "SWAPDB 5 3"),
        ("SWAPDB 0 3", {"dbs": {0: 5}}, PARTLY),
        ("FLUSHALL", {"dbs": {0: 5}}, PARTLY),
        ("FLUSHDB", {"dbs": {0: 5}}, "FLUSHDB"),
        ("MOVE k 3", {"dbs": {0: 0, 3: 9}}, "MOVE k 9"),
        ("MOVE k 4", {"dbs": {0: 0, 3: 9}}, PARTLY),
        ("COPY a b DB 3 REPLACE", {"dbs": {0: 0, 3: 9}}, "COPY a b DB 9 REPLACE"),
    ],
)  # fmt: skip
def test_choice(line: str, wanted: dict[str, Any], expected: object) -> None:
    assert chosen(line, **wanted) == expected


def test_databases() -> None:
    assert Chooser(Selection()).database(4) == 4
    chooser = Chooser(Selection(dbs={4: 1}))
    assert (chooser.database(4), chooser.database(0)) == (1, None)


def test_keys_in_rdb_form() -> None:
    lists = frozenset(("list",))
    chooser = Chooser(Selection(match=(b"a*",), types=lists, renames=((b"ab", b"x"),)))
    assert chooser.key(b"abc", "list") == b"xc"
    assert chooser.key(b"ac", "list") == b"ac"
    assert chooser.key(b"abc", "set") is None
    assert chooser.key(b"b", "list") is None


def test_libraries_are_functions() -> None:
    assert Chooser(Selection()).wants_library()
    assert not Chooser(Selection(skip=frozenset((b"FUNCTION",)))).wants_library()
    assert not Chooser(Selection(match=(b"a*",))).wants_library()


@pytest.mark.parametrize(
    ("since", "until", "inside"),
    [
        (Bound(), Bound(), [1, 2, 3, 4]),
        (Bound(second=20), Bound(), [2, 3, 4]),
        (Bound(), Bound(second=20), [1, 2]),
        (Bound(offset=20), Bound(offset=30), [2, 3]),
        (Bound(record=3), Bound(), [3, 4]),
        (Bound(), Bound(record=3), [1, 2, 3]),
    ],
)
def test_ranges(since: Bound, until: Bound, inside: list[int]) -> None:
    chooser = Chooser(Selection(since=since, until=until))
    found = [at for at in (1, 2, 3, 4) if chooser.in_range(at * 10, at, at * 10)]
    assert found == inside
    # Keys in RDB form stand before all records, and nobody says when they were written.
    assert chooser.in_range(0, None, None) == (since == Bound())


def test_split() -> None:
    parts = split_keys([b"MSET", b"a", b"1", b"bb", b"2", b"c", b"3"], b"MSET", len)
    assert parts == [[b"MSET", b"a", b"1", b"c", b"3"], [b"MSET", b"bb", b"2"]]
    assert split_keys([b"PFCOUNT", b"a", b"bb"], b"PFCOUNT", len) is None
