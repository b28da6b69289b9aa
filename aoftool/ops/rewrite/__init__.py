"""``rewrite``: the smallest file that rebuilds what a file holds, made without a server.

The source is loaded into a keyspace as a server would load it, and the keyspace is written to a
new file, as BGREWRITEAOF writes it. Nothing of the source is touched before the new file is whole,
durable and, unless that is switched off, read again and found equal.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from aoftool.errors import AofError, ExitCode, RefusedError, SourceError
from aoftool.format.rdb import ModuleValue
from aoftool.keyspace.fingerprint import fingerprint
from aoftool.keyspace.keyspace import Keyspace
from aoftool.keyspace.values import type_name
from aoftool.ops.collection import no_collection
from aoftool.ops.loading import Loaded, LoadOptions, load
from aoftool.ops.rewrite.destination import Beside, Destination, InPlace
from aoftool.ops.rewrite.encoding import Form, encode
from aoftool.ops.rewrite.losses import find_able, find_losses, remove_losses
from aoftool.ops.safefile import NewFile
from aoftool.ops.source import STDIN, Source, resolve, source_size
from aoftool.ops.targets import Target
from aoftool.ops.window import Progress, no_progress

__all__ = [
    "Beside",
    "Destination",
    "Form",
    "InPlace",
    "RewriteOptions",
    "Rewritten",
    "Stages",
    "VerifyError",
    "rewrite",
]

#: Opens a stage of the work: its name, how much there is to do, and in what unit.
Stages = Callable[[str, int, str], AbstractContextManager[Progress]]


@contextmanager
def no_stages(name: str, total: int, unit: str) -> Iterator[Progress]:
    """The stages of those who want no progress."""
    yield no_progress


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
    path: Path, destination: Destination, options: RewriteOptions, stages: Stages = no_stages
) -> Rewritten:
    """Rewrite what ``path`` stands for into ``destination``.

    Raises RefusedError where that would not be safe or the target cannot hold everything,
    VerifyError, SourceError, and what ``load`` raises. On any error the source is untouched and no
    part of a new file is left.
    """
    source = resolve(path)
    try:
        out = destination.prepare(source, options.form)
        _refuse_full_disk(source, out)
    except OSError as error:
        raise SourceError(error.strerror or str(error), path) from error
    with no_collection():
        return _rewrite(source, destination, out, options, stages)


def _rewrite(
    source: Source, destination: Destination, out: Path, options: RewriteOptions, stages: Stages
) -> Rewritten:
    with stages("loading", source_size(source.path), "B") as progress:
        loaded = load(source, options.loading, progress)
    keyspace = loaded.keyspace
    lost = _accept_losses(source, keyspace, options)
    keys, before = _count(keyspace), fingerprint(keyspace) if options.verify else 0
    try:
        with NewFile(out, destination.files) as file:
            with stages("writing", len(keyspace), "key") as progress:
                for chunk in encode(
                    keyspace, options.form, options.target, options.ctime, progress
                ):
                    file.write(chunk)
                file.sync()
            loaded.keyspace = keyspace = Keyspace(0)  # its memory serves the second reading
            if options.verify:
                with stages("verifying", file.size, "B") as progress:
                    _verify(file.temporary, before, options, out, progress)
            size = file.size
            kept = destination.commit(file)
    except OSError as error:
        raise SourceError(error.strerror or str(error), out) from error
    return Rewritten(out, kept, loaded, size, keys, lost, options.verify)


def _refuse_full_disk(source: Source, out: Path) -> None:
    """Free space as large as the source: more than a rewrite will need."""
    if source.parts and source.parts[0].path != STDIN:
        size = sum(part.path.stat().st_size for part in source.parts if part.path.exists())
        free = shutil.disk_usage(out.resolve().parent).free
        if free < size:
            raise RefusedError(f"{free} bytes are free beside it, the source has {size}", out)


def _accept_losses(source: Source, keyspace: Keyspace, options: RewriteOptions) -> list[str]:
    """What will be left out because the target cannot hold it; refused unless that is allowed."""
    lost = find_losses(keyspace, options.target)
    if not lost:
        return lost
    if not options.allow_loss:
        able = find_able(keyspace)
        instead = f"--target {able.name} holds it all, " if able else ""
        raise RefusedError(
            f"{options.target.name} cannot hold: {'; '.join(lost)}. {instead}"
            "--allow-loss leaves this out",
            source.path,
        )
    remove_losses(keyspace, options.target)
    return lost


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


# Reading again.
def _verify(
    path: Path, before: int, options: RewriteOptions, out: Path, progress: Progress
) -> None:
    how = LoadOptions(truncated=False, now_ms=options.loading.now_ms)
    if fingerprint(load(resolve(path), how, progress).keyspace) != before:
        raise VerifyError(f"{out}: the new file does not hold what the source holds; removed")
