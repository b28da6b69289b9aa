"""A real server and ours as processes, asked the same over sockets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.compat.wire import Wire

#: What our server is told to be, to be like each release; and how that one is started.
COMPAT = {"6.2": "6.0", "7.0": "7.4"}
OPTIONS = {"6.2": (), "7.0": ("--enable-debug-command", "yes")}

#: What commands read from a clock that stands at other points in the two servers, and how far
#: (in seconds) these may be apart while other work goes on.
READINGS = {"object idletime": 5}


def path_of(client: Any) -> Path:
    """The unix socket that a client uses."""
    return Path(client.connection_pool.connection_kwargs["path"])


class Pair:
    """A real server and ours, asked the same.

    Attributes:
        paths: the unix sockets of both.
    """

    def __init__(self, release: str, real: Path, ours: Path) -> None:
        self.release = release
        self.paths = real, ours
        self.real, self.ours = Wire(real), Wire(ours)
        self._others: list[Pair] = []

    def again(self) -> Pair:
        """Other connections to the same servers."""
        other = Pair(self.release, *self.paths)
        self._others.append(other)
        return other

    def close(self) -> None:
        """End these connections, and those that were made by ``again``."""
        for pair in self._others:
            pair.close()
        self.real.close()
        self.ours.close()

    def both(self, line: str) -> tuple[Any, Any]:
        """What both answer to the words of a line; '' stands for an empty word."""
        words = [word if word != "''" else "" for word in line.split(" ")]
        words = [word.replace("_", " ") if "\\" in word else word for word in words]
        return self.real(words), self.ours(words)


def assert_same(pair: Pair, lines: str) -> None:
    """Every reply must be the same; a line that begins with a release is for that one only."""
    for line in filter(None, map(str.strip, lines.splitlines())):
        release, _, rest = line.partition(": ")
        if rest and release != pair.release:
            continue
        real, ours = pair.both(rest or line)
        assert ours == real or is_near(line, real, ours), f"{line}\n  real: {real}\n  ours: {ours}"


def is_near(line: str, real: Any, ours: Any) -> bool:
    """Whether these are two readings of one clock, taken one after the other."""
    slack = next((far for words, far in READINGS.items() if line.startswith(words)), None)
    if slack is None or not real[0] == ours[0] == ":":
        return False
    return bool(abs(int(real[1]) - int(ours[1])) <= slack)
