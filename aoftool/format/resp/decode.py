"""The one strict decoder of RESP commands, by position.

Stricter than redis-check-aof and the server's loader (``loadSingleAppendOnlyFile`` in aof.c), which
skip or clamp what they do not look at: numbers are plain digits without sign, blank or leading
zero, every line and every argument ends in CR LF, and a command has at least one argument.
"""

from __future__ import annotations

from aoftool.errors import CorruptError
from aoftool.format.resp.limits import MAX_ANNOTATION, MAX_DIGITS
from aoftool.format.resp.reasons import TEXT, Wrong
from aoftool.format.speed import pick

Buffer = bytes | bytearray | memoryview

_STAR, _DOLLAR, _CR, _LF, _ZERO, _NINE, _HASH = b"*$\r\n09#"


def wrong(reason: Wrong, offset: int, start: int) -> CorruptError:
    """The error for a wrong byte at ``offset`` in the record that begins at ``start``."""
    return CorruptError(TEXT[reason], offset, start)


def read_number(
    buf: Buffer, pos: int, end: int, reason: Wrong, start: int
) -> tuple[int, int] | None:
    """Read digits and CR LF at ``pos``; return the number and the position behind the line.

    None means that the line is not complete at ``end``. Raises CorruptError (see ``wrong``).
    """
    at, number = pos, 0
    while at < end and _ZERO <= buf[at] <= _NINE:
        if at - pos >= MAX_DIGITS or (at > pos and number == 0):
            raise wrong(reason, at, start)
        number = number * 10 + buf[at] - _ZERO
        at += 1
    if at == end:
        return None
    if at == pos:
        raise wrong(reason, at, start)
    if buf[at] != _CR:
        raise wrong(Wrong.LINE_END, at, start)
    if at + 1 == end:
        return None
    if buf[at + 1] != _LF:
        raise wrong(Wrong.LINE_END, at + 1, start)
    return number, at + 2


def _read_bulk(buf: Buffer, pos: int, end: int, start: int) -> tuple[bytes, int] | None:
    """Read one ``$<length>`` argument at ``pos``; None where it is not complete at ``end``."""
    if pos == end:
        return None
    if buf[pos] != _DOLLAR:
        raise wrong(Wrong.BULK_TYPE, pos, start)
    head = read_number(buf, pos + 1, end, Wrong.BULK_LENGTH, start)
    if head is None:
        return None
    length, body = head
    stop = body + length
    for at, byte in ((stop, _CR), (stop + 1, _LF)):
        if at >= end:
            return None
        if buf[at] != byte:
            raise wrong(Wrong.BULK_END, at, start)
    return bytes(buf[body:stop]), stop + 2


def decode_command_at(buf: Buffer, pos: int, end: int) -> tuple[list[bytes], int] | None:
    """Decode the command that begins at ``pos``: its arguments, and the position behind it.

    None means incomplete: more bytes are needed after ``end``. Positions are the buffer's.
    Raises CorruptError at the first wrong byte, ``start`` being ``pos``.
    """
    if pos == end:
        return None
    if buf[pos] != _STAR:
        raise wrong(Wrong.RECORD_TYPE, pos, pos)
    head = read_number(buf, pos + 1, end, Wrong.ARRAY_COUNT, pos)
    if head is None:
        return None
    count, at = head
    if count < 1:
        raise wrong(Wrong.NO_ARGUMENTS, pos + 1, pos)
    argv: list[bytes] = []
    for _ in range(count):
        bulk = _read_bulk(buf, at, end, pos)
        if bulk is None:
            return None
        argument, at = bulk
        argv.append(argument)
    return argv, at


def pure_decode_commands_at(
    buf: Buffer, pos: int, end: int, most: int
) -> tuple[list[list[bytes]], list[int]]:
    """Decode up to ``most`` commands from ``pos`` on: their arguments, the position behind each.

    Stops before an annotation, before a command that is not complete, and before one that is wrong
    unless it is the first, for which CorruptError is raised. ``buf`` is not empty.
    """
    commands: list[list[bytes]] = []
    ends: list[int] = []
    while pos < end and len(commands) < most and buf[pos] != _HASH:
        try:
            found = decode_command_at(buf, pos, end)
        except CorruptError:
            if commands:
                break
            raise
        if found is None:
            break
        argv, pos = found
        commands.append(argv)
        ends.append(pos)
    return commands, ends


decode_commands_at = pick("decode_commands_at", pure_decode_commands_at)


def decode_annotation_at(buf: Buffer, pos: int, end: int) -> tuple[bytes, int] | None:
    """Decode the ``#`` line that begins at ``pos``: its text without CR LF, and the next position.

    None means incomplete. Raises CorruptError for a line without CR before its LF or one that is
    longer than ``limits.MAX_ANNOTATION``.
    """
    line = bytes(buf[pos : min(end, pos + MAX_ANNOTATION)])
    stop = line.find(b"\n")
    if stop < 0:
        if len(line) == MAX_ANNOTATION:
            raise wrong(Wrong.ANNOTATION, pos + MAX_ANNOTATION - 1, pos)
        return None
    if line[stop - 1] != _CR:
        raise wrong(Wrong.ANNOTATION, pos + stop, pos)
    return line[: stop - 1], pos + stop + 1
