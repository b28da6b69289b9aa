"""The longest common subsequence: LCS, and STRALGO LCS before 7.0 (t_string.c)."""

from __future__ import annotations

from aoftool.format.resp.replies import MapReply, Reply
from aoftool.keyspace.arguments import integer
from aoftool.keyspace.command import READONLY, command
from aoftool.keyspace.commands.strings import STRING
from aoftool.keyspace.context import Context
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys, NamedKeys
from aoftool.keyspace.lcs import lcs_length, lcs_matches, lcs_text


@command("LCS", "key1 key2 [LEN] [IDX] [MINMATCHLEN length] [WITHMATCHLEN]", READONLY, Keys(1, 2),
         group="string", since="7.0.0")  # fmt: skip
def lcs(ctx: Context, argv: Argv) -> Reply:
    """The longest common subsequence of two strings."""
    return _reply(*_strings_at(ctx, *argv[1:3]), argv[3:])


def _strings_at(ctx: Context, *keys: bytes) -> tuple[bytes, bytes]:
    first, second = (b"" if (value := ctx.db.read(key)) is None else value for key in keys)
    if not isinstance(first, STRING) or not isinstance(second, STRING):
        raise CommandError(b"ERR The specified keys must contain string values")
    return bytes(first), bytes(second)


def _options(words: Argv) -> tuple[set[bytes], int]:
    """The options that stand for themselves, and MINMATCHLEN. Raises CommandError."""
    wants: set[bytes] = set()
    shortest = 0
    rest = iter(words)
    for raw in rest:
        word = raw.upper()
        if word in (b"LEN", b"IDX", b"WITHMATCHLEN"):
            wants.add(word)
        elif word == b"MINMATCHLEN" and (text := next(rest, None)) is not None:
            shortest = max(integer(text), 0)
        else:
            raise CommandError(SYNTAX)
    return wants, shortest


def _reply(first: bytes, second: bytes, words: Argv) -> Reply:
    wants, shortest = _options(words)
    if {b"LEN", b"IDX"} <= wants:
        raise CommandError(b"ERR If you want both the length and indexes, please just use IDX.")
    if b"LEN" in wants:
        return lcs_length(first, second)
    if b"IDX" not in wants:
        return lcs_text(first, second)
    matches, length = lcs_matches(first, second, shortest)
    rows: list[Reply] = []
    for match in matches:
        row: list[Reply] = [[match.a_start, match.a_end], [match.b_start, match.b_end]]
        if b"WITHMATCHLEN" in wants:
            row.append(match.length)
        rows.append(row)
    return MapReply([b"matches", rows, b"len", length])


@command(
    "STRALGO",
    "LCS <KEYS key1 key2 | STRINGS string1 string2> [LEN] [IDX] [MINMATCHLEN length] "
    "[WITHMATCHLEN]",
    READONLY,
    NamedKeys(b"KEYS", 1, 2, takes={b"STRINGS": 2, b"MINMATCHLEN": 1}),
    group="string",
    since="6.0.0",
    arity=-2,
)
def stralgo(ctx: Context, argv: Argv) -> Reply:
    """What became LCS in 7.0, where this command is no more (``stralgoCommand``)."""
    if argv[1].upper() != b"LCS":
        raise CommandError(SYNTAX)
    strings: tuple[bytes, bytes] | None = None
    words: list[bytes] = []
    rest = list(argv[:1:-1])
    while rest:
        word = rest.pop()
        if word.upper() not in (b"KEYS", b"STRINGS") or len(rest) < 2:
            words.append(word)
            if word.upper() == b"MINMATCHLEN" and rest:
                words.append(rest.pop())
            continue
        _options(words)  # what is wrong further in front is told first
        if strings is not None:
            raise CommandError(b"ERR Either use STRINGS or KEYS")
        strings = rest.pop(), rest.pop()
        if word.upper() == b"KEYS":
            strings = _strings_at(ctx, *strings)
    if strings is None:
        _options(words)
        raise CommandError(b"ERR Please specify two strings: STRINGS or KEYS options are mandatory")
    return _reply(*strings, words)
