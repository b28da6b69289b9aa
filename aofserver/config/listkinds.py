"""Kinds of option values of several words (config.c)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from aofserver.config.kinds import ConfigError, parse_memory
from aoftool.format.resp.inline import split_args
from aoftool.keyspace.numbers import parse_float, parse_int


def _split(words: list[str]) -> list[str]:
    return [word for given in words for word in given.split()]


def _numbers(words: list[str], refusal: ConfigError) -> list[int]:
    found: list[int] = []
    for word in _split(words):
        number = parse_int(word.encode("utf-8", "surrogateescape"))
        if number is None:
            raise refusal
        found.append(number)
    return found


@dataclass(frozen=True, slots=True)
class Words:
    """Any number of words."""

    def parse(self, words: list[str]) -> list[str]:
        return _split(words)

    def show(self, value: list[str]) -> str:
        return " ".join(value)


@dataclass(frozen=True, slots=True)
class Lines:
    """Any number of lines of words; what is given as one text is split as a file's lines are."""

    def parse(self, words: list[str]) -> list[list[str]]:
        if len(words) == 1:
            found = split_args(words[0].encode("utf-8", "surrogateescape"))
            if found is None:
                raise ConfigError("Unbalanced quotes in configuration line")
            words = [word.decode("utf-8", "surrogateescape") for word in found]
        return [words] if words else []

    def show(self, value: list[list[str]]) -> str:
        return " ".join(word for line in value for word in line)


def join_lines(before: list[list[str]], more: list[list[str]]) -> list[list[str]]:
    """The lines so far, with those that follow."""
    return before + more


Points = list[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class SavePoints:
    """Pairs of seconds and changes; an empty word for none."""

    def parse(self, words: list[str]) -> Points:
        refusal = ConfigError("Invalid save parameters", "")
        numbers = _numbers(words, refusal)
        points = list(zip(numbers[::2], numbers[1::2], strict=False))
        if len(numbers) % 2 or any(seconds < 1 or changes < 0 for seconds, changes in points):
            raise refusal
        return points

    def show(self, value: Points) -> str:
        return " ".join(f"{seconds} {changes}" for seconds, changes in value)


def join_points(before: Points, more: Points) -> Points:
    """What several lines of a file say together; an empty one takes back those before it."""
    return before + more if more else []


@dataclass(frozen=True, slots=True)
class OutputLimit:
    """How many bytes of replies may wait for a client; 0: any number.

    Attributes:
        hard: more than that, and it is closed at once.
        soft: more than that for ``seconds``, and it is closed.
    """

    hard: int
    soft: int
    seconds: int


_CLASSES = {"normal": "normal", "slave": "slave", "replica": "slave", "pubsub": "pubsub"}
Limits = Mapping[str, OutputLimit]


@dataclass(frozen=True, slots=True)
class OutputLimits:
    """Limits by class of client: any of the classes in groups of four words."""

    def parse(self, words: list[str]) -> dict[str, OutputLimit]:
        given = _split(words)
        if not given or len(given) % 4:
            raise ConfigError("Wrong number of arguments in buffer limit configuration.", "")
        found: dict[str, OutputLimit] = {}
        for at in range(0, len(given), 4):
            name = _CLASSES.get(given[at].lower())
            if name is None:
                raise ConfigError(
                    "Invalid client class specified in buffer limit configuration.", ""
                )
            found[name] = self._limit(*given[at + 1 : at + 4])
        return found

    @staticmethod
    def _limit(hard: str, soft: str, seconds: str) -> OutputLimit:
        parsed = parse_memory(hard), parse_memory(soft), parse_int(seconds.encode())
        if parsed[0] is None or parsed[1] is None or parsed[2] is None or parsed[2] < 0:
            raise ConfigError(
                "Error in hard, soft or soft_seconds setting in buffer limit configuration.", ""
            )
        return OutputLimit(parsed[0], parsed[1], parsed[2])

    def show(self, value: Limits) -> str:
        return " ".join(
            f"{name} {limit.hard} {limit.soft} {limit.seconds}" for name, limit in value.items()
        )


def join_limits(before: Limits, more: Limits) -> Limits:
    """Limits of which some were given anew."""
    return {**before, **more}


#: Classes of keyspace events that ``A`` stands for, and all, in the order in which they are told.
_ALL = "g$lshzxetd"
_EVENTS = _ALL + "KEmn"


@dataclass(frozen=True, slots=True)
class KeyEvents:
    """Classes of keyspace events (``keyspaceEventsStringToFlags`` in notify.c)."""

    def parse(self, words: list[str]) -> str:
        given = "".join(words).replace("A", _ALL)
        if set(given) - set(_EVENTS):
            raise ConfigError("Invalid event class character. Use 'Ag$lshzxeKEtmdn'.", "")
        return "".join(letter for letter in _EVENTS if letter in given)

    def show(self, value: str) -> str:
        return value.replace(_ALL, "A")


_AT_SIGNAL = ("default", "save", "nosave", "now", "force")


@dataclass(frozen=True, slots=True)
class AtSignal:
    """How a signal ends the server: words of which each says something."""

    def parse(self, words: list[str]) -> list[str]:
        given = {word.lower() for word in _split(words)}
        if not given or given - set(_AT_SIGNAL):
            raise ConfigError("argument(s) must be one of the following: " + ", ".join(_AT_SIGNAL))
        if {"save", "nosave"} <= given:
            raise ConfigError("shutdown options SAVE and NOSAVE can't be used simultaneously")
        return [word for word in _AT_SIGNAL[1:] if word in given]

    def show(self, value: list[str]) -> str:
        return " ".join(value or _AT_SIGNAL[:1])


_TITLES = frozenset((
    "{title}", "{listen-addr}", "{server-mode}", "{port}", "{tls-port}", "{unixsocket}",
    "{config-file}",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class TitleTemplate:
    """A text with variables between braces."""

    def parse(self, words: list[str]) -> str:
        text = " ".join(words)
        found = re.findall(r"\{[^}]*\}?", text)
        if not set(found) <= _TITLES:
            raise ConfigError("template format is invalid or contains unknown variables")
        return text

    def show(self, value: str) -> str:
        return value


@dataclass(frozen=True, slots=True)
class OomScores:
    """Three numbers for the kernel's choice of what to kill when memory is short."""

    def parse(self, words: list[str]) -> list[int]:
        if len(_split(words)) != 3:
            raise ConfigError("wrong number of arguments", "")
        refusal = ConfigError(
            "Invalid oom-score-adj-values, elements must be between -2000 and 2000."
        )
        numbers = _numbers(words, refusal)
        if any(not -2000 <= number <= 2000 for number in numbers):
            raise refusal
        return numbers

    def show(self, value: list[int]) -> str:
        return " ".join(map(str, value))


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Numbers from 0 to 100."""

    def parse(self, words: list[str]) -> list[float]:
        found: list[float] = []
        for word in _split(words):
            number = parse_float(word.encode("utf-8", "surrogateescape"))
            if number is None:
                raise ConfigError("Invalid latency-tracking-info-percentiles parameters")
            if not 0 <= number <= 100:
                raise ConfigError(
                    "latency-tracking-info-percentiles parameters should sit between [0.0,100.0]"
                )
            found.append(number)
        return found

    def show(self, value: list[float]) -> str:
        return " ".join(f"{number:.15g}" for number in value)
