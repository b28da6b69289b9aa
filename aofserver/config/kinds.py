"""Kinds of option values of one word: how each is read, written, and what it accepts (config.c)."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from aoftool.keyspace.numbers import parse_int


class ConfigError(Exception):
    """A value, or an option, that is not accepted; the text says why.

    Attributes:
        old: how Redis 6 says it, where that is not the same; empty where it gives no reason.
        alone: whether that is all that Redis 6 says.
    """

    def __init__(self, text: str, old: str | None = None, alone: bool = False) -> None:
        super().__init__(text)
        self.old = text if old is None else old
        self.alone = alone


class Kind(Protocol):
    """How the values of an option are read and written."""

    def parse(self, words: list[str]) -> Any:
        """The value that the words stand for. Raises ConfigError."""

    def show(self, value: Any) -> str:
        """The value as CONFIG GET tells it."""


def one(words: list[str]) -> str:
    """The only word. Raises ConfigError."""
    if len(words) != 1:
        raise ConfigError("wrong number of arguments")
    return words[0]


@dataclass(frozen=True, slots=True)
class Bool:
    """yes or no."""

    def parse(self, words: list[str]) -> bool:
        word = one(words).lower()
        if word not in ("yes", "no"):
            raise ConfigError("argument must be 'yes' or 'no'")
        return word == "yes"

    def show(self, value: bool) -> str:
        return "yes" if value else "no"


@dataclass(frozen=True, slots=True)
class Integer:
    """A whole number within bounds; ``clamp``: bounds that it is brought within silently."""

    least: int
    most: int
    clamp: tuple[int, int] | None = None

    def parse(self, words: list[str]) -> int:
        value = parse_int(one(words).encode("utf-8", "surrogateescape"))
        if value is None:
            raise ConfigError("argument couldn't be parsed into an integer")
        value = bounded(value, self.least, self.most)
        return min(max(value, self.clamp[0]), self.clamp[1]) if self.clamp else value

    def show(self, value: int) -> str:
        return str(value)


@dataclass(frozen=True, slots=True)
class FileMode:
    """Permissions of a file, octal."""

    def parse(self, words: list[str]) -> int:
        try:
            return bounded(int(one(words), 8), 0, 0o777)
        except ValueError:
            raise ConfigError("argument must be a valid octal number") from None

    def show(self, value: int) -> str:
        return f"{value:o}"


def bounded(value: int, least: int, most: int) -> int:
    """``value``, if it lies between the two. Raises ConfigError."""
    if not least <= value <= most:
        raise ConfigError(f"argument must be between {least} and {most} inclusive")
    return value


_UNITS = {
    "": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000**2, "mb": 1 << 20, "g": 1000**3,
    "gb": 1 << 30,
}  # fmt: skip
_MEMORY = re.compile(r"(\d+)([a-z]*)", re.IGNORECASE)


def parse_memory(word: str) -> int | None:
    """Bytes of a size with a unit (``memtoull`` in util.c), or None."""
    match = _MEMORY.fullmatch(word)
    if match is None or match[2].lower() not in _UNITS:
        return None
    return int(match[1]) * _UNITS[match[2].lower()]


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes, with a unit; ``percent``: or a share, kept as a negative number."""

    least: int
    most: int
    percent: bool = False

    def parse(self, words: list[str]) -> int:
        word = one(words)
        if self.percent and word.endswith("%") and word[:-1].isdigit():
            if int(word[:-1]) > 100:
                raise ConfigError("percentage argument must be less or equal to 100")
            return -int(word[:-1])
        value = parse_memory(word)
        if value is None:
            kind = "a memory or percent value" if self.percent else "a memory value"
            raise ConfigError(f"argument must be {kind}")
        return bounded(value, self.least, self.most)

    def show(self, value: int) -> str:
        return f"{-value}%" if value < 0 and self.percent else str(value)


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several words; the value is the word, in lower case, that stands for it."""

    words: Mapping[str, str]

    @staticmethod
    def of(*words: str) -> Choice:
        """A choice of words that stand for themselves."""
        return Choice({word: word for word in words})

    def parse(self, words: list[str]) -> str:
        word = one(words).lower()
        if word not in self.words:
            listed = "must be one of the following: " + ", ".join(self.words)
            raise ConfigError(f"argument(s) {listed}", f"argument {listed}")
        return self.words[word]

    def show(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class Text:
    """Any word; ``file_of``: the name of a file without its path, which the refusal calls so."""

    file_of: str = ""

    def parse(self, words: list[str]) -> str:
        word = one(words)
        if self.file_of and "/" in word:
            raise ConfigError(f"{self.file_of} can't be a path, just a filename")
        return word

    def show(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class HostName:
    """The name of a host, or nothing."""

    def parse(self, words: list[str]) -> str:
        word = one(words)
        if re.fullmatch(r"[A-Za-z0-9.-]*", word) is None:
            raise ConfigError("Hostnames may only contain alphanumeric characters, hyphens or dots")
        return word

    def show(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder that exists; the value is its absolute path."""

    def parse(self, words: list[str]) -> str:
        path = str(Path(one(words)).absolute())
        try:
            os.scandir(path).close()
        except OSError as error:
            raise ConfigError(
                str(error.strerror), f"Changing directory: {error.strerror}", alone=True
            ) from None
        return path

    def show(self, value: str) -> str:
        return value
