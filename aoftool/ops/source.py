"""What a PATH stands for: one file, standard input, or the files of a multi-part AOF."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from aoftool.errors import AofError, FileSetError, SourceError
from aoftool.format.aof.manifest import Manifest, looks_like_manifest, parse_manifest

#: Larger than any manifest that a server would write; what is larger is none.
MAX_MANIFEST = 1 << 20
#: ``appenddirname`` of a server whose configuration does not say otherwise.
APPEND_DIR = "appendonlydir"
#: PATH of standard input.
STDIN = Path("-")


#: Tells a file from others that have, or had, its name.
Identity = tuple[int, int]


class Role(Enum):
    """What a file is to its set."""

    SINGLE = "single"
    BASE = "base"
    INCR = "incr"


@dataclass(frozen=True, slots=True)
class Part:
    """One file to be loaded."""

    path: Path
    role: Role


@dataclass(frozen=True, slots=True)
class Source:
    """The files a PATH stands for, in the order in which a server loads them.

    ``manifest_path`` and ``manifest`` are None for a single file.
    """

    path: Path
    parts: tuple[Part, ...]
    manifest_path: Path | None = None
    manifest: Manifest | None = None


def identity_of(status: os.stat_result) -> Identity:
    """Device and inode."""
    return status.st_dev, status.st_ino


def resolve(path: Path) -> Source:
    """Find out what ``path`` stands for; opens nothing but a manifest.

    Raises SourceError where it cannot be read, FileSetError for a directory that holds no file set
    or several, ManifestError for a manifest that a server would refuse.
    """
    if path == STDIN:
        return Source(path, (Part(path, Role.SINGLE),))
    try:
        if path.is_dir():
            return _resolve_directory(path)
        if not path.is_file():
            return Source(path, (Part(path, Role.SINGLE),))
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise SourceError(error.strerror or str(error), path) from error
    if looks_like_manifest(head) or path.name.endswith(".manifest"):
        return _resolve_manifest(path, path)
    return Source(path, (Part(path, Role.SINGLE),))


def _resolve_directory(path: Path) -> Source:
    """A directory with a manifest, one whose ``appendonlydir`` has one, or one with a single file.

    As a server would, it prefers the AOF to an RDB file beside it.
    """
    for folder in (path, path / APPEND_DIR):
        manifests = _matching(folder, ".manifest")
        if len(manifests) > 1:
            raise FileSetError(f"several manifests, name one of them: {_listed(manifests)}", path)
        if manifests:
            return _resolve_manifest(path, manifests[0])
    for suffix in (".aof", ".rdb"):
        files = _matching(path, suffix)
        if len(files) > 1:
            raise FileSetError(
                f"several {suffix} files and no manifest, name one of them: {_listed(files)}", path
            )
        if files:
            return Source(path, (Part(files[0], Role.SINGLE),))
    raise FileSetError("no manifest, no .aof and no .rdb file in this directory", path)


def _matching(folder: Path, suffix: str) -> list[Path]:
    """Files of the folder that end in ``suffix``, without the server's temporary ones."""
    if not folder.is_dir():
        return []
    found = (entry for entry in folder.iterdir() if entry.name.endswith(suffix))
    return sorted(entry for entry in found if not entry.name.startswith("temp-"))


def _listed(paths: list[Path]) -> str:
    return ", ".join(path.name for path in paths)


def _resolve_manifest(path: Path, manifest_path: Path) -> Source:
    try:
        with manifest_path.open("rb") as file:
            data = file.read(MAX_MANIFEST + 1)
    except OSError as error:
        raise SourceError(error.strerror or str(error), manifest_path) from error
    if len(data) > MAX_MANIFEST:
        raise FileSetError(f"a manifest of more than {MAX_MANIFEST} bytes", manifest_path)
    manifest = parse_manifest(data)
    parts = []
    for entry in manifest.load_order:
        role = Role.BASE if entry is manifest.base else Role.INCR
        parts.append(Part(manifest_path.parent / os.fsdecode(entry.name), role))
    return Source(path, tuple(parts), manifest_path, manifest)


def source_size(path: Path) -> int:
    """Bytes of all files that ``path`` stands for, as far as they can be found: for progress."""
    try:
        return sum(part.path.stat().st_size for part in resolve(path).parts)
    except (AofError, OSError):
        return 0
