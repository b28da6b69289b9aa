"""The corpus of files that real servers wrote (see its README.md), unpacked once a run."""

from __future__ import annotations

import atexit
import shutil
import tarfile
import tempfile
from functools import cache
from pathlib import Path

ARCHIVES = Path(__file__).parent / "data" / "corpus"
SUFFIX = ".tar.xz"
SERVERS = sorted(path.name.removesuffix(SUFFIX) for path in ARCHIVES.glob(f"*{SUFFIX}"))


@cache
def unpacked() -> Path:
    """The folder that holds all servers' folders."""
    root = Path(tempfile.mkdtemp(prefix="aof-corpus-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    for server in SERVERS:
        with tarfile.open(ARCHIVES / f"{server}{SUFFIX}") as archive:
            archive.extractall(root, filter="data")
    return root


@cache
def folders() -> list[Path]:
    """Every folder with files and their truth.json, relative to ``unpacked()``."""
    root = unpacked()
    return sorted(path.parent.relative_to(root) for path in root.glob("*/*/truth.json"))


@cache
def files(suffix: str) -> list[Path]:
    """All non-empty files of the corpus that end in ``suffix``."""
    return sorted(path for path in unpacked().rglob(f"*{suffix}") if path.stat().st_size)
