"""Where a replay stands, in a file that is replaced as a whole; and whether a source is the same.

What was sent before the place is told by its hash: a source may have grown since, or lie elsewhere,
but not have changed before the place where the replay goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from aoftool.errors import RefusedError, SourceError
from aoftool.ops.replay.model import Position
from aoftool.ops.safefile import NewFile
from aoftool.ops.source import STDIN, Identity, Part, identity_of

_SCHEMA = "aoftool.replay-checkpoint/1"
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A replay that was stopped.

    Attributes:
        source: name of the file that it stands in; sizes: bytes of all files, by name.
        offset, record, db: see Position. It never stands inside a transaction (``in_multi``).
        digest: of all bytes of that file before ``offset``.
        target: where it goes to; options: what else must be the same.
        held: whether times of expiry are held back in the target.
        now_ms, delta_ms: see Moments.
        done: whether everything was sent and acknowledged.
    """

    source: str
    sizes: dict[str, int]
    offset: int
    record: int
    db: int
    digest: str
    target: str
    options: str
    held: bool
    now_ms: int
    delta_ms: int
    done: bool = False
    in_multi: bool = False
    schema: str = _SCHEMA


def read_checkpoint(path: Path) -> Checkpoint:
    """Raises SourceError where there is none, RefusedError for a file that is none."""
    try:
        found: Any = json.loads(path.read_bytes())
    except OSError as error:
        raise SourceError(error.strerror or str(error), path) from error
    except ValueError as error:
        raise RefusedError(f"it is no checkpoint: {error}", path) from error
    names = {row.name for row in fields(Checkpoint)}
    if not isinstance(found, dict) or set(found) != names or found["schema"] != _SCHEMA:
        raise RefusedError("it is no checkpoint of this release", path)
    return Checkpoint(**found)


class Prefix:
    """The hash of a file's bytes before a place that only moves on; reads them again."""

    def __init__(self) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._identity: Identity | None = None
        self._offset = 0

    def digest(self, path: Path, offset: int, wanted: Identity | None = None) -> str:
        """Of the first ``offset`` bytes.

        Raises SourceError: also where there are fewer, or where the file is not the one that is
        wanted, but another that has its name by now.
        """
        try:
            with path.open("rb", buffering=0) as file:
                found = identity_of(os.fstat(file.fileno()))
                if wanted not in (None, found):
                    raise SourceError("it was replaced by another file meanwhile", path)
                if found != self._identity or offset < self._offset:
                    self._hash = hashlib.blake2b(digest_size=16)
                    self._identity, self._offset = found, 0
                file.seek(self._offset)
                while self._offset < offset:
                    chunk = file.read(min(_CHUNK, offset - self._offset))
                    if not chunk:
                        raise SourceError(f"it is shorter than {offset} bytes", path)
                    self._hash.update(chunk)
                    self._offset += len(chunk)
        except OSError as error:
            raise SourceError(error.strerror or str(error), path) from error
        return self._hash.copy().hexdigest()


def write_checkpoint(path: Path, checkpoint: Checkpoint) -> None:
    """Replace the file in one step. Raises SourceError."""
    try:
        with NewFile(path) as file:
            file.write(json.dumps(asdict(checkpoint), indent=1).encode() + b"\n")
            file.put_in_place(replace=True, keep_old=False)
    except OSError as error:
        raise SourceError(error.strerror or str(error), path) from error


def sizes_of(parts: list[Part]) -> dict[str, int]:
    """Bytes of files by name; those that are gone are left out."""
    return {part.path.name: part.path.stat().st_size for part in parts if part.path.exists()}


def place_of(checkpoint: Checkpoint, parts: list[Part], path: Path) -> Position:
    """The position to go on from, in the source as it is now.

    Raises RefusedError where that is not the source of the checkpoint.
    """
    names = [part.path.name for part in parts]
    if checkpoint.source not in names or parts[0].path == STDIN:
        raise _changed(f"no file {checkpoint.source} is in it", path)
    index = names.index(checkpoint.source)
    sizes = sizes_of(parts)
    for name, size in checkpoint.sizes.items():
        if name in sizes and sizes[name] < size:
            raise _changed(f"{name} is shorter than it was", path)
    try:
        digest = Prefix().digest(parts[index].path, checkpoint.offset)
    except SourceError as error:
        raise _changed(str(error), path) from error
    if digest != checkpoint.digest:
        raise _changed(
            f"{checkpoint.source} is another file up to offset {checkpoint.offset}", path
        )
    return Position(index, checkpoint.offset, checkpoint.record, checkpoint.db)


def _changed(how: str, path: Path) -> RefusedError:
    advice = "replay it from its start, without --resume; --flush empties the target before"
    return RefusedError(f"the source has changed: {how}; {advice}", path)
