"""The values of all options, and who wants to know when one changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from aofserver.config.kinds import ConfigError
from aofserver.config.options import OPTIONS, Option

#: Looks at a value that is about to be set; raises ConfigError to refuse it.
Check = Callable[[Any], None]


class Config:
    """Configuration of one server.

    Config({"port": "0", "appendonly": "yes"}) says in words what redis.conf would say.

    Attributes:
        path: the file that it was read from, or None.
        unknown: names of options that were given and are not known.
    """

    def __init__(self, words: Mapping[str, str] | None = None) -> None:
        self.path: Path | None = None
        self.unknown: list[str] = []
        self._values = {
            option.name: option.kind.parse(_default(option)) for option in OPTIONS.values()
        }
        self._listeners: dict[str, list[Check]] = {}
        for name, text in (words or {}).items():
            self.give(name, [text])

    def give(self, name: str, words: list[str]) -> None:
        """Take a line of a file or an option of the command line. Raises ConfigError."""
        option = find(name)
        if option is None:
            self.unknown.append(name)
            return
        try:
            self._values[option.name] = option.kind.parse(words)
        except ConfigError as error:
            raise ConfigError(f"{name}: {error}") from None

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def flag(self, name: str) -> bool:
        """A yes or no."""
        return bool(self._values[name])

    def number(self, name: str) -> int:
        """A number, or a size in bytes."""
        return int(self._values[name])

    def text(self, name: str) -> str:
        """A word."""
        return str(self._values[name])

    def show(self, name: str) -> str:
        """A value as CONFIG GET tells it."""
        return OPTIONS[name].kind.show(self._values[name])

    def words(self, name: str) -> list[str]:
        """A value as the words that a file would hold."""
        shown = self.show(name)
        return shown.split() if name in ("save", "bind") and shown else [shown]

    def is_default(self, name: str) -> bool:
        """Whether the value is what it would be if nothing were said."""
        return bool(self._values[name] == OPTIONS[name].kind.parse(_default(OPTIONS[name])))

    def on_change(self, name: str, listener: Check) -> None:
        """Have ``listener`` called with each new value; it raises ConfigError to refuse one."""
        self._listeners.setdefault(name, []).append(listener)

    def set(self, changes: Iterable[tuple[str, list[str]]]) -> None:
        """Change options while the server runs: all of them or none. Raises ConfigError.

        Listeners are called in order; where one refuses, those that were called before are told
        the old values again.
        """
        parsed: list[tuple[Option, Any]] = []
        for name, words in changes:
            parsed.append((_mutable(name), _parsed(name, words)))
        done: list[tuple[Option, Any]] = []
        try:
            for option, value in parsed:
                before = self._values[option.name]
                self._values[option.name] = value
                done.append((option, before))
                self._tell(option, value)
        except ConfigError:
            for option, before in reversed(done):
                self._values[option.name] = before
                try:
                    self._tell(option, before)
                except ConfigError:  # it refuses its own old value: that stands all the same
                    continue
            raise

    def _tell(self, option: Option, value: Any) -> None:
        for listener in self._listeners.get(option.name, ()):
            try:
                listener(value)
            except ConfigError as error:
                raise ConfigError(f"{option.name}: {error}") from None


def find(name: str) -> Option | None:
    """The option of this name or alias, whatever its case."""
    name = name.lower()
    return OPTIONS.get(name) or _ALIASES.get(name)


_ALIASES = {alias: option for option in OPTIONS.values() for alias in option.aliases}


def _default(option: Option) -> list[str]:
    return [option.default]


def _mutable(name: str) -> Option:
    option = find(name)
    if option is None:
        raise ConfigError(f"Unknown option or number of arguments for CONFIG SET - '{name}'")
    if not option.mutable:
        raise ConfigError(f"{option.name}: can't set immutable config")
    return option


def _parsed(name: str, words: list[str]) -> Any:
    option = find(name)
    assert option is not None
    try:
        return option.kind.parse(words)
    except ConfigError as error:
        raise ConfigError(f"{option.name}: {error}") from None
