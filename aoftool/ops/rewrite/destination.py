"""Where a rewritten file goes: beside its source, or in its place."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from aoftool.errors import RefusedError
from aoftool.format.aof.manifest import FileType, Manifest, ManifestFile
from aoftool.ops.filesystem import SYSTEM, FileSystem
from aoftool.ops.rewrite.encoding import Form
from aoftool.ops.safefile import NewFile, create_empty
from aoftool.ops.source import Source
from aoftool.ops.writers import find_writers


class Destination(Protocol):
    """What becomes of the new file.

    Attributes:
        files: the file system it is written on.
    """

    @property
    def files(self) -> FileSystem: ...

    def prepare(self, source: Source, form: Form) -> Path:
        """The file to write. Raises RefusedError where that would not be safe, OSError."""

    def commit(self, file: NewFile) -> Path | None:
        """Put the whole file in place; where the old one is kept, or None.

        Raises RefusedError, OSError; after either the source is as it was.
        """


@dataclass(slots=True)
class Beside:
    """A new file; nothing that exists is touched."""

    out: Path
    files: FileSystem = SYSTEM

    def prepare(self, source: Source, form: Form) -> Path:
        if self.out.exists():
            raise RefusedError("it exists already; name another output with -o", self.out)
        return self.out

    def commit(self, file: NewFile) -> Path | None:
        return file.put_in_place(replace=False, keep_old=False)


class InPlace:
    """Replaces the source: a single file by one rename, a file set by a new manifest.

    A set gets a new BASE and an empty new INCR file, as BGREWRITEAOF leaves one; the manifest that
    names them is renamed over the old one. With ``keep_old`` the old files stay under their names,
    and the old manifest beside the new one still loads them.
    """

    def __init__(
        self, *, keep_old: bool = True, in_use: bool = False, files: FileSystem = SYSTEM
    ) -> None:
        self.files = files
        self._keep_old = keep_old
        self._in_use = in_use
        self._source: Source
        self._before: list[tuple[int, ...]]
        self._new: tuple[ManifestFile, ManifestFile]

    def prepare(self, source: Source, form: Form) -> Path:
        self._source = source
        self._before = _identities(source)
        if not self._in_use:
            _refuse_writers(source)
        if source.manifest_path is None or source.manifest is None:
            return source.parts[0].path
        suffix = "aof" if form is Form.RESP else "rdb"
        self._new = next_files(source.manifest_path, source.manifest, suffix)
        return source.manifest_path.parent / os.fsdecode(self._new[0].name)

    def commit(self, file: NewFile) -> Path | None:
        if _identities(self._source) != self._before:
            raise RefusedError("it changed since it was read; nothing was replaced",
                               self._source.path)  # fmt: skip
        if self._source.manifest_path is None:
            return file.put_in_place(replace=True, keep_old=self._keep_old)
        return self._commit_set(file, self._source.manifest_path)

    def _commit_set(self, file: NewFile, path: Path) -> Path | None:
        base, incr = self._new
        manifest = Manifest(base, (), (incr,)).encode()
        made = [path.parent / os.fsdecode(entry.name) for entry in self._new]
        try:
            file.put_in_place(replace=False, keep_old=False)
            create_empty(made[1], self.files)
            with NewFile(path, self.files) as new:
                new.write(manifest)
                kept = new.put_in_place(replace=True, keep_old=self._keep_old)
        except BaseException:
            # Where the rename was done and only the sync behind it failed, they are in force.
            if path.read_bytes() != manifest:
                self._remove([entry for entry in made if entry.exists()])
            raise
        if not self._keep_old:
            self._remove([part.path for part in self._source.parts])
        return kept

    def _remove(self, paths: list[Path]) -> None:
        for path in paths:
            self.files.unlink(path)
        self.files.sync_directory(paths[0].parent) if paths else None


def _identities(source: Source) -> list[tuple[int, ...]]:
    """What tells whether a file is still the one that was read."""
    paths = [part.path for part in source.parts]
    if source.manifest_path is not None:
        paths.append(source.manifest_path)
    found = [path.stat() for path in paths]
    return [(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns) for stat in found]


def _refuse_writers(source: Source) -> None:
    for part in source.parts:
        fd = os.open(part.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            writers = find_writers(fd)
        finally:
            os.close(fd)
        if writers:
            named = ", ".join(f"{writer.name} (pid {writer.pid})" for writer in writers)
            raise RefusedError(f"it is open for writing by {named}; stop that first", part.path)


def next_files(path: Path, manifest: Manifest, suffix: str) -> tuple[ManifestFile, ManifestFile]:
    """Lines for a new BASE and a new INCR file with numbers that no file beside ``path`` has."""
    stem = path.name.removesuffix(".manifest")
    base = manifest.base.seq if manifest.base else 0
    incr = manifest.incr[-1].seq if manifest.incr else 0
    return (
        _free(path.parent, f"{stem}.%d.base.{suffix}", base, FileType.BASE),
        _free(path.parent, f"{stem}.%d.incr.aof", incr, FileType.INCR),
    )


def _free(folder: Path, name: str, last: int, kind: FileType) -> ManifestFile:
    seq = last + 1
    while (folder / (name % seq)).exists():
        seq += 1
    return ManifestFile(os.fsencode(name % seq), seq, kind)
