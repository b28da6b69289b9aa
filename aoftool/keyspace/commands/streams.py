"""Streams, apart from their consumer groups (t_stream.c)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from aoftool.format.rdb import EncodingLimits, StreamId
from aoftool.format.resp.replies import NULL_ARRAY, OK, Reply
from aoftool.keyspace.arguments import integer
from aoftool.keyspace.command import DENYOOM, FAST, RANDOM, READONLY, WRITE, Call, command
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import NO_SUCH_KEY, SYNTAX, CommandError, wrong_arity
from aoftool.keyspace.keyspecs import Argv, Keys
from aoftool.keyspace.stream import MAX_ID, MIN_ID, Stream
from aoftool.keyspace.streamids import (
    INVALID_ID,
    after,
    format_id,
    parse_bound,
    parse_id,
    parse_new_id,
)

_KEY = Keys(1, 1)
_DEFAULTS = EncodingLimits()
#: How many nodes an approximate trim removes where LIMIT does not say.
_NODES_AT_ONCE, _LIMIT_WITHOUT_NODES, _MAX_LIMIT = 100, 10_000, 1_000_000
_TOO_SMALL = b"ERR The ID specified in XADD is equal or smaller than the target stream top item"


def get_stream(ctx: Context, key: bytes) -> Stream | None:
    """The stream at ``key``, or None. Raises CommandError WRONGTYPE."""
    value: Stream | None = ctx.typed(key, Stream)
    return value


def read_stream(ctx: Context, key: bytes) -> Stream | None:
    """The same for a command that reads."""
    value: Stream | None = ctx.read(key, Stream)
    return value


def entry_reply(entry_id: StreamId, body: list[bytes]) -> Reply:
    """An entry as it is answered: its ID, and its fields and values in turn."""
    return [format_id(entry_id), [*body]]


# Adding and trimming.
class TrimOptions:
    """What XADD and XTRIM say of trimming (``streamParseAddOrTrimArgsOrReply``).

    Attributes:
        length, min_id: the threshold; both None: no trimming.
        at: where the threshold stands; stop: where the options end (XADD: where the ID stands).
    """

    __slots__ = ("approximate", "at", "length", "limit", "make", "min_id", "stop")

    def __init__(self, ctx: Context, argv: Argv, adding: bool) -> None:
        self.length: int | None = None
        self.min_id: StreamId | None = None
        self.approximate = False
        self.make = True
        self.limit: int | None = None
        self.at = 0
        at, size = 2, len(argv)
        while at < size:
            word = argv[at].upper()
            more = size - 1 - at
            if adding and word == b"*":
                break
            if word in (b"MAXLEN", b"MINID") and more:
                at = self._threshold(argv, at, word == b"MAXLEN")
            elif word == b"LIMIT" and more:
                self.limit = integer(argv[at + 1])
                if self.limit < 0:
                    raise CommandError(b"ERR The LIMIT argument must be >= 0.")
                at += 1
            elif adding and word == b"NOMKSTREAM":
                self.make = False
            elif adding:
                break
            else:
                raise CommandError(SYNTAX)
            at += 1
        self.stop = at
        if adding and at < size and argv[at] != b"*":
            _check_new_id(ctx, argv[at])
        self._check(ctx, adding)

    def _threshold(self, argv: Argv, at: int, by_length: bool) -> int:
        """Read MAXLEN or MINID; where its threshold stands."""
        if self.at:
            raise CommandError(
                b"ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
            )
        at += 1
        if at + 1 < len(argv) and argv[at] in (b"~", b"="):
            self.approximate = argv[at] == b"~"
            at += 1
        if by_length:
            self.length = integer(argv[at])
            if self.length < 0:
                raise CommandError(b"ERR The MAXLEN argument must be >= 0.")
        else:
            self.min_id = parse_id(argv[at])
        self.at = at
        return at

    def _check(self, ctx: Context, adding: bool) -> None:
        if self.limit and not self.at:
            raise CommandError(
                b"ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
            )
        if not adding and not self.at:
            raise CommandError(b"ERR syntax error, XTRIM must be called with a trimming strategy")
        if ctx.trusted:
            # What was trimmed has been written in place of the limit.
            self.limit = 0
        elif self.limit is not None:
            if not self.approximate:
                raise CommandError(
                    b"ERR syntax error, LIMIT cannot be used without the special ~ option"
                )
        elif self.approximate:
            entries = (ctx.options.limits or _DEFAULTS).stream_node_entries
            self.limit = min(_NODES_AT_ONCE * entries or _LIMIT_WITHOUT_NODES, _MAX_LIMIT)

    def trim(self, stream: Stream) -> int:
        """Trim; how many entries were removed."""
        return stream.trim(self.length, self.min_id, self.approximate, self.limit or 0)

    def as_done(self, argv: Argv, stream: Stream) -> Argv:
        """The call with what an approximate trim came to (``streamRewriteTrimArgument``)."""
        if not self.approximate:
            return argv
        done = list(argv)
        done[self.at - 1] = b"="
        by_length = self.length is not None
        done[self.at] = b"%d" % len(stream) if by_length else format_id(stream.edge_id)
        return done


def _check_new_id(ctx: Context, text: bytes) -> None:
    _, open_ended = parse_new_id(text)
    if open_ended and ctx.options.style is Style.REDIS_6 and not ctx.trusted:
        raise CommandError(INVALID_ID)


def _as_done(call: Call) -> Iterable[Sequence[bytes]]:
    """The handler has left the call with everything filled in that depends on time and place."""
    return (call.argv if call.ctx.fact is None else call.ctx.fact,)


@command(
    "XADD",
    "key [NOMKSTREAM] [<MAXLEN | MINID> [= | ~] threshold [LIMIT count]] <* | id> "
    "field value [field value ...]",
    WRITE | DENYOOM | FAST | RANDOM,
    _KEY,
    group="stream",
    since="5.0.0",
    propagate=_as_done,
)
def xadd(ctx: Context, argv: Argv) -> Reply:
    """Append an entry to a stream, and trim it."""
    options: TrimOptions | None = None
    at = 2
    if argv[2][:1].isalpha():
        options = TrimOptions(ctx, argv, True)
        at = options.stop
    given = None
    open_ended = False
    if at < len(argv) and argv[at] != b"*":
        if options is None:
            _check_new_id(ctx, argv[at])
        given, open_ended = parse_new_id(argv[at])
    pairs = len(argv) - at - 1
    if pairs < 2 or pairs % 2:
        if ctx.options.style is Style.REDIS_6:
            raise CommandError(b"ERR wrong number of arguments for XADD")
        raise wrong_arity(argv[0])
    if given == MIN_ID and not open_ended:
        raise CommandError(b"ERR The ID specified in XADD must be greater than 0-0")
    key = argv[1]
    stream = get_stream(ctx, key)
    if stream is None:
        if options is not None and not options.make:
            return None
        stream = Stream(ctx.options.limits)
        ctx.db.put(key, stream)
    entry_id = _next_id(ctx, stream, given, open_ended)
    stream.append(entry_id, list(argv[at + 1 :]))
    ctx.changed(b"xadd", key)
    done: Argv = argv
    if options is not None and options.at:
        if options.trim(stream):
            ctx.changed(b"xtrim", key, 0)
        done = options.as_done(argv, stream)
    text = format_id(entry_id)
    if given is None or open_ended:
        done = [*done[:at], text, *done[at + 1 :]]
    ctx.fact = done
    return text


def _next_id(ctx: Context, stream: Stream, given: StreamId | None, open_ended: bool) -> StreamId:
    """The ID of a new entry (``streamAppendItem``). Raises CommandError."""
    last = stream.last_id
    if last == MAX_ID:
        raise CommandError(
            b"ERR The stream has exhausted the last possible ID, unable to add more items"
        )
    if given is None:
        return (ctx.now_ms, 0) if ctx.now_ms > last[0] else after(last)
    entry_id = given
    if open_ended and given[0] == last[0]:
        entry_id = after(last)
        if entry_id[0] != last[0]:
            raise CommandError(_TOO_SMALL)
    if entry_id <= last:
        raise CommandError(_TOO_SMALL)
    return entry_id


@command("XTRIM", "key <MAXLEN | MINID> [= | ~] threshold [LIMIT count]", WRITE | RANDOM, _KEY,
         group="stream", since="5.0.0", propagate=_as_done)  # fmt: skip
def xtrim(ctx: Context, argv: Argv) -> Reply:
    """Remove the oldest entries of a stream."""
    options = TrimOptions(ctx, argv, False)
    stream = get_stream(ctx, argv[1])
    if stream is None:
        return 0
    removed = options.trim(stream)
    if removed:
        ctx.fact = options.as_done(argv, stream)
        ctx.changed(b"xtrim", argv[1], removed)
    return removed


def delete_entry(stream: Stream, entry_id: StreamId) -> bool:
    """Remove an entry, and remember that it was there; whether it was."""
    if not stream.delete(entry_id):
        return False
    stream.max_deleted_id = max(stream.max_deleted_id, entry_id)
    return True


@command("XDEL", "key id [id ...]", WRITE | FAST, _KEY, group="stream", since="5.0.0")
def xdel(ctx: Context, argv: Argv) -> Reply:
    """Remove entries of a stream; it stays even where it is empty then."""
    stream = get_stream(ctx, argv[1])
    if stream is None:
        return 0
    ids = [parse_id(text) for text in argv[2:]]
    removed = sum(delete_entry(stream, entry_id) for entry_id in ids)
    if removed:
        ctx.changed(b"xdel", argv[1], removed)
    return removed


@command("XSETID", "key last-id [ENTRIESADDED count] [MAXDELETEDID id]", WRITE | DENYOOM | FAST,
         _KEY, group="stream", since="5.0.0")  # fmt: skip
def xsetid(ctx: Context, argv: Argv) -> Reply:
    """Set a stream's last ID, and what it remembers of entries that are gone."""
    if len(argv) > 3 and ctx.options.style is Style.REDIS_6 and not ctx.trusted:
        raise wrong_arity(argv[0])
    if ctx.options.style is Style.REDIS_6 and get_stream(ctx, argv[1]) is None:
        raise CommandError(NO_SUCH_KEY)  # before the ID is looked at
    last_id, added, deleted_id = parse_id(argv[2]), None, MIN_ID
    words = iter(argv[3:])
    for word in words:
        text = next(words, None)
        if text is None or word.upper() not in (b"ENTRIESADDED", b"MAXDELETEDID"):
            raise CommandError(SYNTAX)
        if word.upper() == b"ENTRIESADDED":
            added = integer(text)
            if added < 0:
                raise CommandError(b"ERR entries_added must be positive")
        else:
            deleted_id = parse_id(text)
            if last_id < deleted_id:
                raise _smaller(b"the provided max_deleted_entry_id")
    stream = get_stream(ctx, argv[1])
    if stream is None:
        raise CommandError(NO_SUCH_KEY)
    if last_id < stream.max_deleted_id and ctx.options.style is not Style.REDIS_6:
        raise _smaller(b"current max_deleted_entry_id")
    if len(stream):
        if last_id < stream.top_id:
            raise _smaller(b"the target stream top item")
        if added is not None and len(stream) > added:
            raise CommandError(
                b"ERR The entries_added specified in XSETID is smaller than the target stream "
                b"length"
            )
    stream.last_id = last_id
    if added is not None:
        stream.entries_added = added
    if deleted_id != MIN_ID:
        stream.max_deleted_id = deleted_id
    ctx.changed(b"xsetid", argv[1])
    return OK


def _smaller(than: bytes) -> CommandError:
    return CommandError(b"ERR The ID specified in XSETID is smaller than " + than)


# Reading.
@command("XLEN", "key", READONLY | FAST, _KEY, group="stream", since="5.0.0")
def xlen(ctx: Context, argv: Argv) -> Reply:
    """How many entries a stream has."""
    stream = read_stream(ctx, argv[1])
    return 0 if stream is None else len(stream)


def _range(ctx: Context, argv: Argv, start: bytes, end: bytes, backward: bool) -> Reply:
    """``xrangeGenericCommand``."""
    first, last = parse_bound(start), parse_bound(end, end=True)
    count = -1
    words = iter(argv[4:])
    for word in words:
        text = next(words, None)
        if word.upper() != b"COUNT" or text is None:
            raise CommandError(SYNTAX)
        count = max(integer(text), 0)
    stream = read_stream(ctx, argv[1])
    if stream is None:
        return []
    if count == 0:
        return NULL_ARRAY
    entries = stream.backward(first, last) if backward else stream.forward(first, last)
    return read_entries(entries, max(count, 0))


def read_entries(entries: Iterable[tuple[StreamId, list[bytes]]], count: int) -> list[Reply]:
    """The first ``count`` entries, 0: all of them, as they are answered."""
    found: list[Reply] = []
    for entry_id, body in entries:
        found.append(entry_reply(entry_id, body))
        if len(found) == count:
            break
    return found


@command("XRANGE", "key start end [COUNT count]", READONLY, _KEY, group="stream", since="5.0.0")
def xrange(ctx: Context, argv: Argv) -> Reply:
    """The entries between two IDs."""
    return _range(ctx, argv, argv[2], argv[3], False)


@command("XREVRANGE", "key end start [COUNT count]", READONLY, _KEY, group="stream",
         since="5.0.0")  # fmt: skip
def xrevrange(ctx: Context, argv: Argv) -> Reply:
    """The entries between two IDs, the last one first."""
    return _range(ctx, argv, argv[3], argv[2], True)
