"""Strings as rows of bits (bitops.c)."""

from __future__ import annotations

from aoftool.format.resp.replies import Reply
from aoftool.keyspace import bitops
from aoftool.keyspace.arguments import integer
from aoftool.keyspace.bitfield import (
    Action,
    FieldOp,
    FieldType,
    Overflow,
    end_of,
    get_field,
    parse_offset,
    parse_type,
    step_in,
)
from aoftool.keyspace.command import DENYOOM, FAST, READONLY, WRITE, command
from aoftool.keyspace.commands.strings import STRING, editable
from aoftool.keyspace.context import Context, Style
from aoftool.keyspace.errors import SYNTAX, CommandError
from aoftool.keyspace.keyspecs import Argv, Keys

_KEY = Keys(1, 1)
_BAD_OFFSET = b"ERR bit offset is not an integer or out of range"
_BAD_BIT = b"ERR bit is not an integer or out of range"
_BAD_TYPE = (
    b"ERR Invalid bitfield type. Use something like i16 u8. "
    b"Note that u64 is not supported but i64 is."
)
_NO_LIMIT = 1 << 62


def _offset(ctx: Context, text: bytes, field: FieldType | None = None) -> int:
    """An offset in bits (``getBitOffsetFromArgument``). Raises CommandError."""
    trusted = ctx.trusted and ctx.options.style is not Style.REDIS_6
    offset = parse_offset(text, field, _NO_LIMIT if trusted else ctx.options.max_bulk)
    if offset is None:
        raise CommandError(_BAD_OFFSET)
    return offset


def _bits(ctx: Context, key: bytes) -> bytes | bytearray | None:
    """The string at ``key``, not copied, or None. Raises CommandError WRONGTYPE."""
    value: bytes | bytearray | None = ctx.typed(key, STRING)
    return value


def _read_bits(ctx: Context, key: bytes) -> bytes | bytearray | None:
    """The same for a command that reads."""
    value: bytes | bytearray | None = ctx.read(key, STRING)
    return value


def _grown(ctx: Context, key: bytes, size: int) -> tuple[bytearray, bool]:
    """The string at ``key`` with at least ``size`` bytes, and whether it was shorter before.

    (``lookupStringForBitCommand``.) Raises CommandError WRONGTYPE.
    """
    value = _bits(ctx, key)
    buffer = editable(ctx, key, value)
    shorter = value is None or len(value) < size
    if shorter:
        bitops.grow(buffer, size)
    return buffer, shorter


# One bit.
@command("SETBIT", "key offset value", WRITE | DENYOOM, _KEY, group="bitmap", since="2.2.0")
def setbit(ctx: Context, argv: Argv) -> Reply:
    """Set or clear a bit; what it was."""
    key, offset, bit = argv[1], _offset(ctx, argv[2]), integer(argv[3], _BAD_BIT)
    if bit not in (0, 1):
        raise CommandError(_BAD_BIT)
    buffer, grown = _grown(ctx, key, (offset >> 3) + 1)
    old = bitops.set_bit_in(buffer, offset, bit)
    # From 7.0 on a bit that is as it was is no change.
    if grown or old != bit or ctx.options.style is Style.REDIS_6:
        ctx.changed(b"setbit", key)
    return old


@command("GETBIT", "key offset", READONLY | FAST, _KEY, group="bitmap", since="2.2.0")
def getbit(ctx: Context, argv: Argv) -> Reply:
    """A bit; 0 beyond the end."""
    offset = _offset(ctx, argv[2])
    return bitops.get_bit(_read_bits(ctx, argv[1]) or b"", offset)


# Ranges of bits.
def _in_bits(ctx: Context, words: Argv) -> bool:
    """Whether the words behind a range say BIT and not BYTE, which 7.0 brought."""
    if not words:
        return False
    unit = words[0].upper()
    if len(words) > 1 or unit not in (b"BIT", b"BYTE") or ctx.options.style is Style.REDIS_6:
        raise CommandError(SYNTAX)
    return unit == b"BIT"


@command("BITCOUNT", "key [start end [BYTE | BIT]]", READONLY, _KEY, group="bitmap",
         since="2.6.0")  # fmt: skip
def bitcount(ctx: Context, argv: Argv) -> Reply:
    """How many bits are set."""
    before_7 = ctx.options.style is Style.REDIS_6
    # The arguments are looked at first from 7.2 on, so that a missing key hides no error.
    value = _read_bits(ctx, argv[1]) if before_7 else None
    if before_7 and value is None:
        return 0
    start, end, in_bits = 0, -1, False
    if len(argv) == 3:
        raise CommandError(SYNTAX)
    if len(argv) > 3:
        if before_7 and len(argv) > 4:
            raise CommandError(SYNTAX)
        start, end = integer(argv[2]), integer(argv[3])
        in_bits = _in_bits(ctx, argv[4:])
    value = value if before_7 else _read_bits(ctx, argv[1])
    return bitops.bitcount(value or b"", start, end, bits=in_bits)


@command("BITPOS", "key bit [start [end [BYTE | BIT]]]", READONLY, _KEY, group="bitmap",
         since="2.8.7")  # fmt: skip
def bitpos(ctx: Context, argv: Argv) -> Reply:
    """The position of the first bit that is set, or clear."""
    bit = integer(argv[2])
    if bit not in (0, 1):
        raise CommandError(b"ERR The bit argument must be 1 or 0.")
    before_7 = ctx.options.style is Style.REDIS_6
    value = _read_bits(ctx, argv[1]) if before_7 else None
    if before_7 and value is None:
        return -bit
    if len(argv) > (5 if before_7 else 6):
        raise CommandError(SYNTAX)
    start = integer(argv[3]) if len(argv) > 3 else 0
    in_bits = _in_bits(ctx, argv[5:])
    end = integer(argv[4]) if len(argv) > 4 else None
    value = value if before_7 else _read_bits(ctx, argv[1])
    if value is None:
        return -bit
    return bitops.bitpos(value, bit, start, end, bits=in_bits)


@command("BITOP", "operation destkey key [key ...]", WRITE | DENYOOM, Keys(2, -1), group="bitmap",
         since="2.6.0")  # fmt: skip
def bitop(ctx: Context, argv: Argv) -> Reply:
    """Store strings combined bit by bit: AND, OR, XOR, NOT; the length of the result in bytes."""
    operation, target = argv[1].upper(), argv[2]
    if operation not in (b"AND", b"OR", b"XOR", b"NOT"):
        raise CommandError(SYNTAX)
    if operation == b"NOT" and len(argv) != 4:
        raise CommandError(b"ERR BITOP NOT must be called with a single source key.")
    result = bitops.bitop(operation, [_read_bits(ctx, key) or b"" for key in argv[3:]])
    if result:
        ctx.db.replace(target, bytearray(result))
        ctx.changed(b"set", target)
    elif ctx.db.delete(target):
        ctx.changed(b"del", target)
    return len(result)


# Integers of any width.
_ACTIONS = {action.value: action for action in Action}
_OVERFLOWS = {overflow.value: overflow for overflow in Overflow}


def _parse_fields(ctx: Context, argv: Argv) -> list[FieldOp]:
    """The steps of a BITFIELD. Raises CommandError."""
    steps = []
    overflow = Overflow.WRAP
    rest = list(reversed(argv[2:]))
    while rest:
        word = rest.pop().upper()
        action = _ACTIONS.get(word)
        if word == b"OVERFLOW" and rest:
            wanted = _OVERFLOWS.get(rest.pop().upper())
            if wanted is None:
                raise CommandError(b"ERR Invalid OVERFLOW type specified")
            overflow = wanted
            continue
        if action is None or len(rest) < (2 if action is Action.GET else 3):
            raise CommandError(SYNTAX)
        field = parse_type(rest.pop())
        if field is None:
            raise CommandError(_BAD_TYPE)
        offset = _offset(ctx, rest.pop(), field)
        value = 0 if action is Action.GET else integer(rest.pop())
        steps.append(FieldOp(action, field, offset, value, overflow))
    return steps


def _read_fields(ctx: Context, key: bytes, steps: list[FieldOp]) -> Reply:
    value = _read_bits(ctx, key) or b""
    return [get_field(value, step.type, step.offset) for step in steps]


@command("BITFIELD", "key [GET encoding offset | [OVERFLOW <WRAP | SAT | FAIL>] "
         "<SET encoding offset value | INCRBY encoding offset increment> ...]",
         WRITE | DENYOOM, _KEY, group="bitmap", since="3.2.0")  # fmt: skip
def bitfield(ctx: Context, argv: Argv) -> Reply:
    """Read, write and count integers of any width at any place."""
    key, steps = argv[1], _parse_fields(ctx, argv)
    size = max((end_of(step) for step in steps if step.action is not Action.GET), default=0)
    if not size:
        return _read_fields(ctx, key, steps)
    buffer, grown = _grown(ctx, key, size)
    # Up to 6.2 every step that may write counts; from 7.0 on one that, or whose growing, did.
    always = ctx.options.style is Style.REDIS_6
    replies: list[Reply] = []
    changes = 0
    for step in steps:
        reply, differs = step_in(buffer, step)
        replies.append(reply)
        if step.action is not Action.GET:
            changes += always or differs or (grown and reply is not None)
    if changes:
        ctx.changed(b"setbit", key, changes)
    return replies


@command("BITFIELD_RO", "key [GET encoding offset ...]", READONLY | FAST, _KEY, group="bitmap",
         since="6.0.0")  # fmt: skip
def bitfield_ro(ctx: Context, argv: Argv) -> Reply:
    """Read integers of any width at any place."""
    steps = _parse_fields(ctx, argv)
    if any(step.action is not Action.GET for step in steps):
        raise CommandError(b"ERR BITFIELD_RO only supports the GET subcommand")
    return _read_fields(ctx, argv[1], steps)
