"""Kinds of option values: how each is read, written, and what it accepts (config.c)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol


class ConfigError(Exception):
    """A value, or an option, that is not accepted; the text says why."""


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
    """A whole number within bounds; ``octal`` for file modes."""

    least: int
    most: int
    octal: bool = False

    def parse(self, words: list[str]) -> int:
        word = one(words)
        try:
            value = int(word, 8 if self.octal else 10)
        except ValueError:
            kind = "a valid octal number" if self.octal else "parsed into an integer"
            raise ConfigError(
                f"argument couldn't be {kind}" if not self.octal else f"argument must be {kind}"
            ) from None
        return bounded(value, self.least, self.most)

    def show(self, value: int) -> str:
        return f"{value:o}" if self.octal else str(value)


def bounded(value: int, least: int, most: int) -> int:
    """``value``, if it lies between the two. Raises ConfigError."""
    if not least <= value <= most:
        raise ConfigError(f"argument must be between {least} and {most} inclusive")
    return value


_UNITS = {
    "": 1, "b": 1, "k": 1000, "kb": 1 << 10, "m": 1000**2, "mb": 1 << 20, "g": 1000**3,
    "gb": 1 << 30,
}  # fmt: skip
_MEMORY = re.compile(r"(-?\d+)([a-z]*)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes, with a unit (``memtoll`` in util.c); ``percent``: or a share, kept as negative."""

    least: int
    most: int
    percent: bool = False

    def parse(self, words: list[str]) -> int:
        word = one(words)
        if self.percent and word.endswith("%") and word[:-1].isdigit():
            return -bounded(int(word[:-1]), 0, 100)
        match = _MEMORY.fullmatch(word)
        if match is None or match[2].lower() not in _UNITS:
            kind = "a memory or percent value" if self.percent else "a memory value"
            raise ConfigError(f"argument must be {kind}")
        return bounded(int(match[1]) * _UNITS[match[2].lower()], self.least, self.most)

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
            listed = ", ".join(self.words)
            raise ConfigError(f"argument(s) must be one of the following: {listed}")
        return self.words[word]

    def show(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class Text:
    """Any word; ``plain_name``: without a path in it."""

    plain_name: bool = False

    def parse(self, words: list[str]) -> str:
        word = one(words)
        if self.plain_name and "/" in word:
            raise ConfigError("can't be a path, just a filename")
        return word

    def show(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class Words:
    """Any number of words."""

    def parse(self, words: list[str]) -> list[str]:
        return [word for given in words for word in given.split()]

    def show(self, value: list[str]) -> str:
        return " ".join(value)


@dataclass(frozen=True, slots=True)
class SavePoints:
    """Pairs of seconds and changes; an empty word for none."""

    def parse(self, words: list[str]) -> list[tuple[int, int]]:
        given = [word for text in words for word in text.split()]
        if len(given) % 2:
            raise ConfigError("Invalid save parameters")
        try:
            numbers = [int(word) for word in given]
        except ValueError:
            raise ConfigError("Invalid save parameters") from None
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if any(seconds < 1 or changes < 0 for seconds, changes in points):
            raise ConfigError("Invalid save parameters")
        return points

    def show(self, value: list[tuple[int, int]]) -> str:
        return " ".join(f"{seconds} {changes}" for seconds, changes in value)
