"""Random calls of all commands on a few keys, so that types, groups and IDs meet.

``RandomCalls(chance).next(now_ms)`` draws a command of the whole table and a call of it. A key is
mostly one that the command's group likes, so that calls do something; sometimes it is another's.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha1
from random import Random

from aoftool.keyspace import engine
from aoftool.keyspace.command import TABLE, Command
from aoftool.keyspace.context import Style
from aoftool.keyspace.payload import dump
from aoftool.keyspace.values import HashValue, SetValue, ShortList, ZSetValue
from tests.grammar import Draw, Grammar

assert engine

#: Keys by the group whose commands like them.
KEYS = {
    "string": (b"s1", b"s2", b"s3"),
    "bitmap": (b"s1", b"s2", b"b"),
    "hyperloglog": (b"hll1", b"hll2", b"s1"),
    "list": (b"l1", b"l2"),
    "set": (b"set1", b"set2", b"set3"),
    "hash": (b"h1", b"h2"),
    "sorted-set": (b"z1", b"z2", b"g1", b"set1"),
    "geo": (b"g1", b"g2"),
    "stream": (b"x1", b"x2"),
}
EVERY_KEY = tuple(dict.fromkeys(key for keys in KEYS.values() for key in keys))
OTHER_KEY = 0.08
#: Commands that would leave nothing to work on are drawn this much more seldom.
RARE = {b"FLUSHALL", b"FLUSHDB", b"SWAPDB", b"SELECT", b"MOVE", b"PFSELFTEST"}
KEEP_RARE = 0.05
NUMBERED_DATABASES = 3

TEXTS = (b"a", b"b", b"c", b"", b"1", b"2", b"17", b"-3", b"3.5", b"10", b"abc" * 30, b"\x00\xff")
MEMBERS = (b"a", b"b", b"c", b"d", b"1", b"2", b"3", b"x" * 70, b"")
NUMBERS = (b"0", b"1", b"2", b"3", b"-1", b"-2", b"5", b"100", b"x")
SCORES = (b"0", b"1", b"2.5", b"-1", b"inf", b"-inf", b"1e3", b"3", b"nan?")
SCRIPTS = (
    b"return redis.call('SET', KEYS[1] or 's1', ARGV[1] or 'v')",
    b"redis.call('LPUSH', KEYS[1] or 'l1', 'a', 'b'); return redis.call('RPOP', KEYS[1] or 'l1')",
    b"return redis.pcall('SPOP', KEYS[1] or 'set1', 2)",
    b"redis.call('SELECT', 1); redis.call('INCR', 'n'); return redis.call('PTTL', 'n')",
    b"return redis.call('GET', KEYS[1] or 's1')",
    b"redis.call('HSET', KEYS[1] or 'h1', 'f', math.random()); return 1",
)
LIBRARY = (
    b"#!lua name=lib\nredis.register_function('f', function(keys, args) "
    b"return redis.call('INCR', keys[1]) end)\n"
    b"redis.register_function{function_name='r', flags={'no-writes'}, "
    b"callback=function(keys, args) return redis.call('EXISTS', keys[1]) end}"
)
STREAM_IDS = (b"0", b"1-1", b"1-2", b"2", b"3-0", b"9-9", b"1700000000000", b"x")


def _payloads() -> list[bytes]:
    ranks, fields = ZSetValue(), HashValue([(b"a", b"1"), (b"b", b"x" * 80)])
    ranks.put(b"a", 1.5)
    values = (b"text", b"12", ShortList([b"a", b"b"]), SetValue([b"1", b"2"]), fields, ranks)
    return [*(dump(value, 9) for value in values), b"bad"]


def _one(*choices: bytes) -> Draw:
    return lambda rng: rng.choice(choices)


def _number(low: int, high: int) -> Draw:
    return lambda rng: b"%d" % rng.randint(low, high)


#: What stands for a word of a syntax, but for keys and times.
WORDS: dict[str, Draw] = {
    **dict.fromkeys(("value", "pivot", "string1", "string2", "arg"), _one(*TEXTS)),
    **dict.fromkeys(("element", "member", "member1", "member2", "field"), _one(*MEMBERS)),
    **dict.fromkeys(("score", "min", "max", "weight"), _one(*SCORES, b"(1", b"[a", b"-", b"+")),
    **dict.fromkeys(("start", "stop", "end", "index", "rank", "limit"), _one(*NUMBERS)),
    **dict.fromkeys(("count", "matches", "length", "entries-read"), _number(-1, 4)),
    **dict.fromkeys(("increment", "decrement"), _one(b"1", b"-2", b"3.5", b"10", b"x", b"0")),
    **dict.fromkeys(("longitude", "latitude"), _one(b"13.36", b"38.1", b"15", b"0", b"-200")),
    **dict.fromkeys(("radius", "height", "width"), _one(b"100", b"5000", b"0", b"-1")),
    **dict.fromkeys(("db", "destination-db", "index1", "index2"), _number(0, NUMBERED_DATABASES)),
    **dict.fromkeys(("id", "last-id"), _one(*STREAM_IDS)),
    "threshold": _one(b"0", b"1", b"3", b"2-1", b"1-1"),
    "offset": _one(b"0", b"7", b"1", b"9", b"#1", b"-1", b"100"),
    "bit": _one(b"0", b"1"),
    "encoding": _one(b"u8", b"i5", b"u1", b"i64", b"u64"),
    "operation": _one(b"AND", b"OR", b"XOR", b"NOT"),
    "group": _one(b"g", b"k"),
    "consumer": _one(b"ann", b"bob"),
    "min-idle-time": _one(b"0", b"5", b"100"),
    "cursor": _one(b"0", b"1"),
    "pattern": _one(b"*", b"a*", b"s?", b"#", b"w_*", b"h1->a", b"nosort"),
    "payload": _one(*_payloads()),
    "script": _one(*SCRIPTS),
    "sha1": _one(b"0" * 40, *(sha1(script).hexdigest().encode() for script in SCRIPTS)),
    "code": _one(LIBRARY),
    "library": _one(b"lib", b"none"),
    "function": _one(b"f", b"r"),
    "timeout": _one(b"0", b"1"),
    "type": _one(b"string", b"list", b"zset"),
    "subcommand": _one(b"GETREG", b"ENCODING", b"DECODE", b"TODENSE"),
    "username": _one(b"u"),
    "password": _one(b"p"),
    "numreplicas": _one(b"0"),
}
#: What stands for them in commands of a group.
OF_GROUP: dict[str, dict[str, Draw]] = {
    "bitmap": {"value": _one(b"0", b"1", b"1", b"7", b"-1")},
    "stream": {
        "start": _one(b"-", *STREAM_IDS),
        "end": _one(b"+", *STREAM_IDS),
        "count": _number(0, 4),
        "min-idle-time": _one(b"0", b"0", b"5", b"100"),
    },
    "scripting": {"script": _one(*SCRIPTS), "key": _one(b"s1")},
}
_LEX: dict[str, Draw] = dict.fromkeys(
    ("min", "max"), _one(b"-", b"+", b"[a", b"(b", b"[c", b"[", b"[" + b"x" * 70)
)
_KEY_WORDS = (
    "key", "key1", "key2", "newkey", "source", "destination", "sourcekey", "destkey", "src", "dst",
)  # fmt: skip


#: Words that are times, and how many ms one of their unit has.
_UNITS_MS = {"seconds": 1000, "unix-seconds": 1000, "ms": 1, "unix-ms": 1, "ttl": 1}
_SHORT_MS, _LONG_MS, _NO_MS = (1000, 3000), (50_000, 10_000_000), (0, -1000)


def _times(now_ms: int, unit_ms: int, short: bool) -> list[bytes]:
    """Times in that unit: from now, since 1970, and none."""
    ahead = (*_SHORT_MS, *_LONG_MS) if short else _LONG_MS
    return [b"%d" % (ms // unit_ms) for ms in (*_NO_MS, *ahead, *(now_ms + ms for ms in ahead))]


class RandomCalls:
    """Draws calls of all commands, or of those of some groups.

    ``leave_out``: names of commands that are not drawn; ``short``: whether to draw times that are
    soon over.
    """

    def __init__(
        self,
        chance: Random,
        leave_out: frozenset[bytes] = frozenset(),
        groups: frozenset[str] | None = None,
        short: bool = True,
    ) -> None:
        self.chance = chance
        self._short = short
        self._now_ms = 0
        self._commands = [
            row
            for name, row in TABLE.declared().items()
            if not row.subcommands and name not in leave_out
            if groups is None or row.group in groups
        ]
        self._grammars: dict[str, Grammar] = {}

    def next(self, now_ms: int) -> list[bytes]:
        """A call at that time, Unix ms."""
        self._now_ms = now_ms
        row = self.chance.choice(self._commands)
        while row.name in RARE and self.chance.random() > KEEP_RARE:
            row = self.chance.choice(self._commands)
        return self.call(row, now_ms)

    def call(self, row: Command, now_ms: int) -> list[bytes]:
        """A call of that command."""
        self._now_ms = now_ms
        kind = "lex" if row.name.endswith(b"LEX") else row.group
        if kind not in self._grammars:
            self._grammars[kind] = self._grammar(row.group, _LEX if kind == "lex" else {})
        argv = self._grammars[kind].call(row, self.chance)
        if row.name == b"XREADGROUP":
            # What was delivered before is read, and counted, without a trace in the AOF.
            argv = [b">" if argument in STREAM_IDS else argument for argument in argv]
        return argv

    def _grammar(self, group: str, more: dict[str, Draw]) -> Grammar:
        liked = KEYS.get(group, EVERY_KEY)

        def key(rng: Random) -> bytes:
            return rng.choice(EVERY_KEY if rng.random() < OTHER_KEY else liked)

        words = dict(WORDS)
        words |= dict.fromkeys(_KEY_WORDS, key) | OF_GROUP.get(group, {}) | more
        words |= {word: self._time(unit_ms) for word, unit_ms in _UNITS_MS.items()}
        return Grammar(words, _one(*TEXTS))

    def _time(self, unit_ms: int) -> Draw:
        return lambda rng: rng.choice(_times(self._now_ms, unit_ms, self._short))


def loses(argv: Sequence[bytes], style: Style) -> bool:
    """Whether Redis itself loses what the call does; such calls are not made."""
    name = argv[0]
    if name.startswith(b"RESTORE"):  # a time to live that starts again with every replay
        return style is Style.REDIS_6 and b"ABSTTL" not in argv[4:]
    # A string that OVERFLOW FAIL has made longer without setting anything.
    return name == b"BITFIELD" and b"FAIL" in [word.upper() for word in argv]
