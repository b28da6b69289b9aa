"""``rewrite``: the smallest file that rebuilds what a file holds, made without a server.

The source is loaded into a keyspace as a server would load it, and the keyspace is written to a
new file, as BGREWRITEAOF writes it. Nothing of the source is touched before the new file is whole,
durable and, unless that is switched off, read again and found equal.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from aoftool.errors import AofError, ExitCode, RefusedError, SourceError
from aoftool.format.aof import AofEncoder
from aoftool.format.rdb import ModuleValue, RdbEncoder
from aoftool.keyspace.database import Keyspace
from aoftool.keyspace.fingerprint import fingerprint
from aoftool.keyspace.rdbmap import rdb_value
from aoftool.keyspace.snapshot import database_as_commands, functions_as_commands
from aoftool.keyspace.stream import Stream
from aoftool.keyspace.values import HashValue, type_name
from aoftool.ops.collection import no_collection
from aoftool.ops.loading import Loaded, LoadOptions, load
from aoftool.ops.safefile import NewFile
from aoftool.ops.source import STDIN, Source, resolve
from aoftool.ops.targets import Target
from aoftool.ops.window import Progress, no_progress

#: Bytes of output that are kept back before they are written.
_DRAIN = 1 << 20


class Form(Enum):
    """What the new file holds."""

    RESP = "resp"
    PREAMBLE = "preamble"
    RDB = "rdb"


@dataclass(frozen=True, slots=True)
class RewriteOptions:
    """How to rewrite.

    Attributes:
        form: commands, an AOF that is all RDB preamble, or an RDB file.
        target: the release that must read it.
        allow_loss: leave out what the target cannot hold.
        verify: read the new file again and compare.
        ctime: Unix time in seconds that an RDB part states, or None.
        loading: how the source is loaded.
    """

    form: Form
    target: Target
    allow_loss: bool = False
    verify: bool = True
    ctime: int | None = None
    loading: LoadOptions = field(default_factory=LoadOptions)


@dataclass(frozen=True, slots=True)
class Rewritten:
    """What was done.

    Attributes:
        path: the new file; backup: where the old one is kept after a replacement, or None.
        bytes_out: its size; keys: by (database, type); lost: what the target cannot hold.
    """

    path: Path
    backup: Path | None
    loaded: Loaded
    bytes_out: int
    keys: dict[tuple[int, str], int]
    lost: list[str]
    verified: bool


class VerifyError(AofError):
    """The new file does not hold what the source holds; it was removed."""

    exit_code = ExitCode.CORRUPT


def rewrite(
    path: Path,
    out: Path,
    options: RewriteOptions,
    *,
    replace: bool = False,
    backup: bool = True,
    progress: Progress = no_progress,
) -> Rewritten:
    """Rewrite what ``path`` stands for into ``out``.

    ``replace``: ``out`` is the source itself and is replaced in one step; ``backup``: it is kept
    under another name first. Raises RefusedError where ``out`` exists or the target cannot hold
    everything, VerifyError, SourceError, and what ``load`` raises. On any error the source is
    untouched and no part of a new file is left.
    """
    source = resolve(path)
    _refuse_unsafe(source, out, replace)
    with no_collection():
        return _rewrite(source, out, options, replace, backup, progress)


def _rewrite(
    source: Source,
    out: Path,
    options: RewriteOptions,
    replace: bool,
    backup: bool,
    progress: Progress,
) -> Rewritten:
    loaded = load(source, options.loading, progress)
    keyspace = loaded.keyspace
    lost = find_losses(keyspace, options.target, options.form)
    if lost and not options.allow_loss:
        raise RefusedError(
            f"{options.target.name} cannot hold: {'; '.join(lost)}. --allow-loss leaves this out",
            source.path,
        )
    if lost:
        remove_losses(keyspace, options.target)
    keys, before = _count(keyspace), fingerprint(keyspace) if options.verify else 0
    try:
        with NewFile(out) as file:
            for chunk in _encode(keyspace, options):
                file.write(chunk)
            file.sync()
            loaded.keyspace = keyspace = Keyspace(0)  # its memory serves the second reading
            if options.verify:
                _verify(file.temporary, before, options, out)
            size = file.size
            kept = file.put_in_place(replace=replace, keep_old=backup)
    except OSError as error:
        raise SourceError(error.strerror or str(error), out) from error
    return Rewritten(out, kept, loaded, size, keys, lost, options.verify)


def _refuse_unsafe(source: Source, out: Path, replace: bool) -> None:
    if replace and source.manifest is not None:
        raise RefusedError("a file set is not replaced in place; name an output with -o", out)
    if not replace and out.exists():
        raise RefusedError("it exists already; name another output with -o", out)
    if source.parts and source.parts[0].path != STDIN:
        size = sum(part.path.stat().st_size for part in source.parts if part.path.exists())
        free = shutil.disk_usage(out.resolve().parent).free
        if free < size:
            raise RefusedError(f"{free} bytes are free beside it, the source has {size}", out)


# What a target cannot hold.
def find_losses(keyspace: Keyspace, target: Target, form: Form) -> list[str]:
    """What ``target`` cannot hold of a keyspace, a line each, with counts."""
    found = []
    if form is not Form.RESP and target.rdb_version is None:
        found.append("RDB data that is written here (use --format resp)")
    if keyspace.functions and not target.functions:
        found.append(f"{len(keyspace.functions)} function libraries")
    kinds = Counter(
        type(value) for database in keyspace.databases for value in database.data.values()
    )
    streams = kinds[Stream]
    fields = _expiring_fields(keyspace) if kinds[HashValue] else 0
    if streams and not target.streams:
        found.append(f"{streams} streams")
    if fields and not target.hash_ttl:
        found.append(f"the expiries of {fields} hash fields")
    return found


def _expiring_fields(keyspace: Keyspace) -> int:
    return sum(
        len(value.expires)
        for database in keyspace.databases
        for value in database.data.values()
        if type(value) is HashValue and value.expires
    )


def remove_losses(keyspace: Keyspace, target: Target) -> None:
    """Take out of the keyspace what ``target`` cannot hold."""
    if not target.functions:
        keyspace.functions.clear()
    if target.streams and target.hash_ttl:
        return
    for database in keyspace.databases:
        for key, value in list(database.data.items()):
            if type(value) is Stream and not target.streams:
                database.delete(key)
            elif type(value) is HashValue and not target.hash_ttl:
                value.expires = None


def _count(keyspace: Keyspace) -> dict[tuple[int, str], int]:
    counts: dict[tuple[int, str], int] = {}
    for database in keyspace.databases:
        # By class first: asking every value for its type would take longer than writing it.
        for kind, count in Counter(map(type, database.data.values())).items():
            example = next(value for value in database.data.values() if type(value) is kind)
            key = database.index, _kind_name(example)
            counts[key] = counts.get(key, 0) + count
    return counts


def _kind_name(value: object) -> str:
    return "module" if isinstance(value, ModuleValue) else type_name(value).decode()


# Writing.
def _encode(keyspace: Keyspace, options: RewriteOptions) -> Iterator[bytes]:
    if options.form is Form.RESP:
        return _encode_commands(keyspace, options.target)
    return _encode_rdb(keyspace, options)


def _encode_commands(keyspace: Keyspace, target: Target) -> Iterator[bytes]:
    encoder = AofEncoder()
    pending = [encoder.command(argv, None) for argv in functions_as_commands(keyspace)]
    size = 0
    for database in keyspace.databases:
        for argv in database_as_commands(database, target.style):
            chunk = encoder.command(argv, database.index)
            pending.append(chunk)
            size += len(chunk)
            if size >= _DRAIN:
                yield b"".join(pending)
                pending.clear()
                size = 0
    yield b"".join(pending)


def _encode_rdb(keyspace: Keyspace, options: RewriteOptions) -> Iterator[bytes]:
    version = options.target.rdb_version
    assert version is not None
    encoder = RdbEncoder(version)
    encoder.aux(b"redis-bits", b"64")
    if options.ctime is not None:
        encoder.aux(b"ctime", b"%d" % options.ctime)
    if options.form is Form.PREAMBLE:
        encoder.aux(b"aof-preamble" if version == 9 else b"aof-base", b"1")
    for code in keyspace.functions.values():
        encoder.function(code)
    for database in keyspace.databases:
        data, expires = database.data, database.expires
        if not data:
            continue
        encoder.select_db(database.index)
        encoder.resize_db(len(data), len(expires))
        for key, value in data.items():
            kind, plain = rdb_value(value)
            encoder.key(key, kind, plain, expires.get(key))
            if encoder.pending >= _DRAIN:
                yield encoder.take()
    yield encoder.end()


# Reading again.
def _verify(path: Path, before: int, options: RewriteOptions, out: Path) -> None:
    again = load(resolve(path), LoadOptions(truncated=False, now_ms=options.loading.now_ms))
    if fingerprint(again.keyspace) != before:
        raise VerifyError(f"{out}: the new file does not hold what the source holds; removed")
