"""Where a server's files stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from aofserver.config import Config
from aofserver.system.children import is_alive

#: Names of files that children leave when they are ended.
_TEMPORARY = re.compile(r"temp-(?:rewriteaof-(?:bg-)?)?(\d+)\.(?:aof|rdb)")


class Places:
    """The files of a server, by its options as they are when one asks."""

    def __init__(self, config: Config) -> None:
        self._config = config

    @property
    def folder(self) -> Path:
        """Where all files stand."""
        return Path(self._config.text("dir")).absolute()

    @property
    def aof(self) -> Path:
        """The AOF."""
        return self.folder / self._config.text("appendfilename")

    @property
    def rdb(self) -> Path:
        """The snapshot."""
        return self.folder / self._config.text("dbfilename")

    def left_behind(self) -> Iterator[Path]:
        """Files of children that have ended. Raises OSError."""
        for path in self.folder.iterdir():
            match = _TEMPORARY.fullmatch(path.name)
            if match is not None and not is_alive(int(match[1])):
                yield path
