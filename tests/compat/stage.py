"""The same play of several connections on a real server and on ours.

Each line begins with the name of a connection: ``a: WORDS`` sends a command and compares its
replies, ``a> WORDS`` sends one that may not be answered yet, ``a<`` compares what comes next.
Before the next line both servers have taken in what was sent: a PING of another connection says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.compat.face import Pair

_LINE = re.compile(r"(\w+)([:<>])(?: (.*))?")
#: Makes replies comparable where two releases say the same in other words.
Same = Callable[[Any], Any]


def _as_is(reply: Any) -> Any:
    return reply


class Stage:
    """Named pairs of connections; ``resp3`` says which protocol they begin with."""

    def __init__(self, servers: Pair, resp3: bool = False, same: Same = _as_is) -> None:
        self.release = servers.release
        self._servers = servers
        self._resp3 = resp3
        self._same = same
        self._pairs: dict[str, Pair] = {}
        self._control = servers.again()
        self._control.both("flushall")

    def __getitem__(self, name: str) -> Pair:
        """The connections of that name, made when they are first asked for."""
        found = self._pairs.get(name)
        if found is None:
            found = self._pairs[name] = self._servers.again()
            # With an answer both have let it in.
            found.both("hello 3" if self._resp3 else "ping")
        return found

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *exc: object) -> None:
        for pair in (self._control, *self._pairs.values()):
            pair.close()

    def play(self, lines: str) -> list[Any]:
        """Play; the replies of our server. A line that begins with ``6.2|`` is for that one only.

        A word between ``<`` and ``>`` is replaced by the id of the connection of that name.
        """
        replies: list[Any] = []
        for line in filter(None, map(str.strip, lines.splitlines())):
            release, bar, rest = line.partition("|")
            if bar and release in ("6.2", "7.0"):
                if release != self.release:
                    continue
                line = rest
            replies += self._play(line)
        return replies

    def _play(self, line: str) -> list[Any]:
        match = _LINE.fullmatch(line)
        assert match, line
        name, what, words = match.groups()
        pair = self[name]
        if words:
            for wire, index in ((pair.real, 0), (pair.ours, 1)):
                wire.send(*[self._words(call, index) for call in words.split(" ; ")])
        if what == ">":
            self._control.both("ping")
            return []
        replies: list[Any] = []
        for _ in range(words.count(" ; ") + 1 if words else 1):
            real, ours = self._same(pair.real.reply()), self._same(pair.ours.reply())
            assert ours == real, f"{line}\n  real: {real}\n  ours: {ours}"
            replies.append(ours)
        return replies

    def _words(self, call: str, index: int) -> list[str]:
        words = call.split(" ")
        for at, word in enumerate(words):
            if re.fullmatch(r"<\w+>", word):
                pair = self[word[1:-1]]
                wire = (pair.real, pair.ours)[index]
                words[at] = wire(["client", "id"])[1].decode()
            elif word == "''":
                words[at] = ""
            else:
                words[at] = word.replace("\\_", " ")
        return words
