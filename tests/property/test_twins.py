"""Compiled twins do what the pure ones do: packed encodings, numbers, databases, runs of commands.

Those of RESP, of RDB strings and of the walkers are held against each other beside their tests.
"""

from __future__ import annotations

import math
from copy import deepcopy
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aoftool.format.rdb import listpack, primitives, ziplist
from aoftool.keyspace import context, database, engine, numbers, packed, rdbmap, values
from aoftool.keyspace.errors import CommandError
from aoftool.keyspace.fingerprint import fingerprint
from aoftool.keyspace.hyperloglog import sparse
from aoftool.keyspace.hyperloglog.estimate import place, pure_place
from aoftool.keyspace.keyspace import Keyspace
from tests.random_calls import RandomCalls

BORDERS = [
    edge + step
    for bits in (0, 3, 6, 7, 12, 14, 15, 16, 23, 24, 31, 32, 52, 53, 63, 64)
    for edge in (1 << bits, -(1 << bits))
    for step in (-1, 0, 1)
]
NUMBERS = st.one_of(st.sampled_from(BORDERS), st.integers(-(1 << 66), 1 << 66))
ODD_TEXTS = st.sampled_from(
    [
        b"",
        b"-",
        b"-0",
        b"+1",
        b"00",
        b"01",
        b" 1",
        b"1 ",
        b"1_0",
        b"1\0",
        b"9" * 20,
        b"-" + b"9" * 19,
    ]
)
#: Sizes at which an entry's head or back length gets longer.
LONG_TEXTS = st.sampled_from(
    [
        b"x" * size
        for border in (63, 127, 252, 4095, 16383)
        for size in range(border - 3, border + 3)
    ]
)
ITEMS = st.one_of(NUMBERS.map(b"%d".__mod__), ODD_TEXTS, LONG_TEXTS, st.binary(max_size=20))
FLOAT_TEXTS = st.one_of(
    ODD_TEXTS,
    st.from_regex(rb"[+-]?[0-9]{0,17}\.?[0-9]{0,17}", fullmatch=True),
    st.from_regex(rb"-?[0-9]{1,3}\.?[0-9]{0,3}[eE][+-]?[0-9]{1,3}", fullmatch=True),
    st.sampled_from([b".", b"inf", b"-INF", b"nan", b"0x1p3", b"1..2", b"-.5", b"5.", b"-0.0"]),
    st.floats().map(lambda value: repr(value).encode()),
)


@given(st.lists(ITEMS, max_size=8))
def test_packed_lists(items: list[bytes]) -> None:
    assert ziplist.encode_ziplist(items) == ziplist.pure_encode_ziplist(items)
    assert listpack.encode_listpack(items) == listpack.pure_encode_listpack(items)
    assert listpack.encode_listpack(iter(items)) == listpack.pure_encode_listpack(iter(items))


def test_a_packed_list_whose_count_no_longer_fits() -> None:
    items = [b"1"] * 65_540
    assert ziplist.encode_ziplist(items) == ziplist.pure_encode_ziplist(items)
    assert listpack.encode_listpack(items) == listpack.pure_encode_listpack(items)


def test_listpack_entries_as_long_as_their_back_length_allows() -> None:
    for size in (2_097_140, 2_097_145, 2_097_146, 2_097_150):
        item = b"y" * size
        assert listpack.encode_listpack([item]) == listpack.pure_encode_listpack([item])


@given(st.floats(allow_nan=False) | NUMBERS.map(float))
def test_doubles_as_text(value: float) -> None:
    assert primitives.format_double(value) == primitives.pure_format_double(value)


@given(FLOAT_TEXTS | NUMBERS.map(b"%d".__mod__))
def test_numbers_from_texts(text: bytes) -> None:
    assert numbers.parse_int(text) == numbers.pure_parse_int(text)
    ours, pure = numbers.parse_float(text), numbers.pure_parse_float(text)
    assert ours == pure
    if ours is not None and pure is not None:
        assert math.copysign(1, ours) == math.copysign(1, pure)


@given(st.binary(max_size=40))
def test_places_of_hyperloglogs(element: bytes) -> None:
    assert place(element) == pure_place(element)


@given(st.binary(max_size=30), st.integers(0, 16_384))
def test_runs_of_sparse_hyperloglogs(runs: bytes, index: int) -> None:
    buffer = bytearray(runs)
    assert sparse.find(buffer, 0, 0, index) == sparse.pure_find(buffer, 0, 0, index)


KEYS = st.sampled_from([b"a", b"b", b"c"])
STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["get", "read", "peek", "delete", "expire_at", "persist"]), KEYS),
        st.tuples(st.sampled_from(["put", "replace"]), KEYS, st.integers()),
        st.tuples(st.just("set_expire"), KEYS, st.integers(0, 20)),
        st.tuples(st.just("clear")),
    ),
    max_size=30,
)


def _told(databases: Any, clocks: Any, steps: list[tuple[Any, ...]], paused: bool) -> list[Any]:
    clock = clocks(0, paused)
    db = databases(3, clock)
    told: list[Any] = [db.index, len(db)]
    db.on_expired = lambda index, key: told.append((index, key))
    db.on_miss = lambda index, key: told.append(("miss", index, key))
    db.on_new = lambda index, key: told.append(("new", index, key))
    db.on_use = lambda key: told.append(("use", key))
    for now_ms, (name, *arguments) in enumerate(steps):
        clock.now_ms = now_ms
        if name == "set_expire" and arguments[0] not in db.data:
            continue
        told.append((getattr(db, name)(*arguments), dict(db.data), dict(db.expires), len(db)))
    return [*told, db.hits, db.misses]


@given(STEPS, st.booleans())
def test_databases(steps: list[tuple[Any, ...]], paused: bool) -> None:
    pure = _told(database.PureDatabase, database.PureClock, steps, paused)
    assert _told(database.Database, database.Clock, steps, paused) == pure


@pytest.mark.parametrize("kind", [context.Context, context.PureContext])
def test_contexts(kind: type[context.PureContext]) -> None:
    keyspace = Keyspace(2, database.Clock(5))
    ctx = kind(keyspace, Random(1))
    assert (ctx.now_ms, ctx.dirty, ctx.trusted, ctx.resp3, ctx.fact) == (5, 0, False, False, None)
    assert ctx.options == context.Options()
    heard: list[Any] = []
    ctx.changed(b"set", b"k")
    ctx.listener = lambda event, key, db: heard.append((event, key, db.index))
    ctx.changed(b"set", b"k", 3)
    ctx.changed(b"del", b"k", 0, keyspace.databases[1])
    assert (ctx.dirty, heard) == (4, [(b"set", b"k", 0), (b"del", b"k", 1)])
    ctx.db = keyspace.databases[1]
    ctx.db.put(b"k", [])
    assert ctx.typed(b"k", list) == ctx.typed(b"k", (dict, list)) == []
    assert ctx.typed(b"none", list) is None
    with pytest.raises(CommandError, match="WRONGTYPE"):
        ctx.typed(b"k", dict)
    assert keyspace.lookups == (0, 0)
    assert (ctx.read(b"k", list), ctx.read(b"none", list)) == ([], None)
    with pytest.raises(CommandError, match="WRONGTYPE"):
        ctx.read(b"k", dict)
    assert keyspace.lookups == (2, 1)
    for style, hits in ((context.Style.REDIS_6, 2), (context.Style.REDIS_7, 3)):
        ctx.options.style = style
        assert ctx.source(b"k", list) == []
        assert keyspace.lookups == (hits, 1)
    keyspace.forget_lookups()
    assert keyspace.lookups == (0, 0)
    ctx.drop_if_empty(b"k", [1])
    assert b"k" in ctx.db.data
    ctx.drop_if_empty(b"k", [])
    assert b"k" not in ctx.db.data
    assert heard[2:] == [(b"del", b"k", 1)]


def _ran(run_all: Any, seed: int, style: context.Style) -> tuple[list[Any], int, int, Keyspace]:
    keyspace = Keyspace(16, database.Clock(1_700_000_000_000, paused=True))
    ctx = context.Context(keyspace, Random(seed), context.Options(style=style))
    ctx.trusted = True
    calls = RandomCalls(Random(seed))
    failed: list[Any] = []
    for size in (1, 5, 700, 60):
        commands = [calls.next(keyspace.clock.now_ms) for _ in range(size)]
        run_all(ctx, commands, lambda index, error: failed.append((index, error.text)))
    return failed, ctx.dirty, fingerprint(keyspace), keyspace


@pytest.mark.parametrize("style", context.Style)
@pytest.mark.parametrize("seed", range(4))
def test_runs_of_commands(seed: int, style: context.Style) -> None:
    failed, dirty, print_, _ = _ran(engine.pure_run_all, seed, style)
    assert (failed, dirty, print_) == _ran(engine.run_all, seed, style)[:3]
    assert failed and dirty


WORDS = [b"SET", b"set", b"HSET", b"HMSET", b"RPUSH", b"ZADD", b"PEXPIREAT", b"DEL", b"SADD"]
TEXTS = [b"a", b"bb", b"1", b"-0", b"0", b"2.5", b"NX", b"inf", b"nan", b"x" * 80, b"9" * 30]
PLAIN = st.lists(
    st.tuples(
        st.sampled_from(WORDS),
        KEYS,
        st.lists(st.sampled_from(TEXTS), min_size=1, max_size=3),
    ).map(lambda call: [call[0], call[1], *call[2]]),
    max_size=60,
)
READS = [[b"ZRANGE", b"a", b"0", b"-1"], [b"HEXPIRE", b"b", b"100", b"FIELDS", b"1", b"a"],
         [b"SELECT", b"1"], [b"RPUSH", b"c", *[b"x"] * 511]]  # fmt: skip


def _failures(heard: list[Any]) -> Any:
    """Something that is told which command failed."""

    def failed(index: int, error: Any) -> None:
        heard.append((index, error.text))

    return failed


def _listener(heard: list[Any]) -> Any:
    """Something that hears changes."""

    def listener(event: bytes, key: bytes, db: Any) -> None:
        heard.append((event, key, db.index))

    return listener


def _class_of(value: Any) -> type:
    """Its class; a list may be packed where nobody has worked with it."""
    return (
        values.ShortList
        if isinstance(value, (packed.PackedList, packed.PurePackedList))
        else type(value)
    )


@given(PLAIN, PLAIN, st.sampled_from(READS), st.sampled_from(context.Style), st.booleans())
def test_plain_writes(
    first: Any, then: Any, between: list[bytes], style: context.Style, listens: bool
) -> None:
    """What is run without its handler does what the handler does."""
    told = []
    for run_all in (engine.pure_run_all, engine.run_all):
        keyspace = Keyspace(2, database.Clock(1_700_000_000_000, paused=True))
        ctx = context.Context(keyspace, Random(1), context.Options(style=style))
        ctx.trusted = True
        heard: list[Any] = []
        if listens:
            ctx.listener = _listener(heard)
        run_all(ctx, [*first, between, *then], _failures(heard))
        seen = [
            [(key, kind, str(plain), at) for key, kind, plain, at in rdbmap.pure_rdb_items(db)]
            + [
                (key, getattr(value, "outgrew", None), _class_of(value))
                for key, value in db.data.items()
            ]
            for db in keyspace.databases
        ]
        told.append((heard, ctx.dirty, ctx.fact, seen))
    assert told[0] == told[1]


@given(st.lists(st.binary(max_size=packed.LONGEST_PACKED + 2), max_size=40))
def test_lists_in_one_piece(elements: list[bytes]) -> None:
    """What fits is taken, in order; what is too long is refused and changes nothing."""
    fitting = [element for element in elements if len(element) <= packed.LONGEST_PACKED]
    for kind in (packed.PackedList, packed.PurePackedList):
        made = kind()
        assert [made.append(element) for element in elements] == [
            len(element) <= packed.LONGEST_PACKED for element in elements
        ]
        assert made.unpack() == list(made) == deepcopy(made).unpack() == fitting
        assert len(made) == len(fitting)


def test_a_full_packed_list_takes_no_more() -> None:
    for kind in (packed.PackedList, packed.PurePackedList):
        made = kind(b"%d" % number for number in range(packed.MOST_PACKED))
        assert not made.append(b"x")
        assert made.unpack() == [b"%d" % number for number in range(packed.MOST_PACKED)]


@pytest.mark.parametrize("command", ["LRANGE l 0 -1", "RPUSH l d", "SORT l ALPHA", "LPOP l"])
def test_a_packed_list_is_unpacked_by_who_works_with_it(command: str) -> None:
    replies = []
    for kind in (packed.PackedList, values.ShortList):
        keyspace = Keyspace()
        keyspace.databases[0].data[b"l"] = kind([b"a", b"b", b"c"])
        ctx = context.Context(keyspace, Random(1))
        replies.append((engine.run(ctx, command.encode().split()), fingerprint(keyspace)))
        assert type(keyspace.databases[0].data[b"l"]) is values.ShortList
    assert replies[0] == replies[1]


@pytest.mark.parametrize("seed", range(4))
def test_items_for_an_rdb(seed: int) -> None:
    *_, keyspace = _ran(engine.run_all, seed, context.Style.REDIS_7)
    full = keyspace.databases[0]
    for number in range(100):
        full.put(b"more:%d" % number, values.list_value([b"x"] * number))
        full.set_expire(b"more:%d" % number, number)
    kinds = set()
    full.put(b"zset", values.ZSetValue())
    full.data[b"zset"].put(b"m", 1.5)
    full.put(b"hash", values.HashValue([(b"f", b"v")]))
    for db in keyspace.databases:
        items = list(rdbmap.rdb_items(db))
        assert items == list(rdbmap.pure_rdb_items(db))
        assert len(items) == len(db)
        kinds |= {kind for _, kind, _, _ in items}
    assert kinds >= {"string", "list", "hash", "zset"}
