"""The values of all options, and who wants to know when one changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from aofserver.config.kinds import ConfigError
from aofserver.config.option import Option
from aofserver.config.options import NAMES, OPTIONS

#: Looks at a value that is about to be set; raises ConfigError to refuse it.
Check = Callable[[Any], None]


class RefusedChange(ConfigError):
    """What CONFIG SET does not do.

    Attributes:
        option: which one was named, or None for a name that is not known.
        name, value: as they were given; reason: what was said against it.
    """

    def __init__(self, option: Option | None, name: str, value: str, reason: ConfigError) -> None:
        super().__init__(str(reason))
        self.option = option
        self.name = name
        self.value = value
        self.reason = reason


class Config:
    """Configuration of one server.

    Config({"port": "0", "appendonly": "yes"}) says in words what redis.conf would say.

    Attributes:
        path: the file that it was read from, or None.
        unknown: names of options that were given and are not known.
        kept: names of options that were given and change nothing here.
    """

    def __init__(self, words: Mapping[str, str] | None = None) -> None:
        self.path: Path | None = None
        self.unknown: list[str] = []
        self.kept: list[str] = []
        self._values = {option.name: _default(option) for option in OPTIONS.values()}
        self._given: set[str] = set()
        self._assumed: dict[str, Any] = {}
        self._listeners: dict[str, list[Check]] = {}
        for name, text in (words or {}).items():
            try:
                self.give(name, [text])
            except ConfigError as error:
                raise ConfigError(f"{name}: {error}") from None

    def give(self, name: str, words: list[str]) -> None:
        """Take a line of a file or an option of the command line. Raises ConfigError."""
        option = find(name)
        if option is None:
            self.unknown.append(name)
            return
        value = option.kind.parse(words)
        if option.join is not None and (option.partial or option.name in self._given):
            value = option.join(self._values[option.name], value)
        self._values[option.name] = value
        if option.kept and option.name not in self._given:
            self.kept.append(option.name)
        self._given.add(option.name)

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

    def lower(self, name: str, value: int) -> None:
        """Make do with less of something than was asked for."""
        self._values[name] = value

    def assume(self, name: str, word: str) -> None:
        """Have another default than the usual one, unless something was said."""
        self._assumed[name] = value = OPTIONS[name].kind.parse([word])
        if name not in self._given:
            self._values[name] = value

    def is_default(self, name: str) -> bool:
        """Whether the value is what it would be if nothing were said."""
        usual = self._assumed[name] if name in self._assumed else _default(OPTIONS[name])
        return bool(self._values[name] == usual)

    def on_change(self, name: str, listener: Check) -> None:
        """Have ``listener`` called with each new value; it raises ConfigError to refuse one."""
        self._listeners.setdefault(name, []).append(listener)

    def set(self, changes: Iterable[tuple[str, str]], protected: bool = False) -> None:
        """Change options while the server runs: all of them or none. Raises RefusedChange.

        ``protected``: refuse those that are protected. Listeners are called in order; where one
        refuses, those that were called before are told the old values again.
        """
        named = [(self._settable(name, value, protected), name, value) for name, value in changes]
        _refuse_twice(named)
        parsed = [
            (option, value, self._parsed(option, name, value)) for option, name, value in named
        ]
        done: list[tuple[Option, Any]] = []
        for (option, text, value), (_, name, _) in zip(parsed, named, strict=True):
            done.append((option, self._values[option.name]))
            self._values[option.name] = value
            try:
                self._tell(option, value)
            except ConfigError as error:
                self._take_back(done)
                raise RefusedChange(option, name, text, error) from error

    def may_change(self, option: Option) -> bool:
        """Whether CONFIG SET may change an option in the release that the server is like."""
        return option.mutable and not (option.later and self.text("compat-version") == "6.0")

    def _settable(self, name: str, value: str, protected: bool) -> Option:
        option = find(name)
        if option is None or option.line:
            option = None
            reason = ConfigError(f"Unknown option or number of arguments for CONFIG SET - '{name}'")
        elif not self.may_change(option):
            reason = ConfigError("can't set immutable config")
        elif protected and option.protected:
            reason = ConfigError("can't set protected config")
        else:
            return option
        raise RefusedChange(option, name, value, reason)

    def _take_back(self, done: list[tuple[Option, Any]]) -> None:
        for option, before in reversed(done):
            self._values[option.name] = before
            try:
                self._tell(option, before)
            except ConfigError:  # it refuses its own old value: that stands all the same
                continue

    def _parsed(self, option: Option, name: str, text: str) -> Any:
        try:
            value = option.kind.parse([text])
        except ConfigError as error:
            raise RefusedChange(option, name, text, error) from error
        if option.partial and option.join is not None:
            return option.join(self._values[option.name], value)
        return value

    def _tell(self, option: Option, value: Any) -> None:
        for listener in self._listeners.get(option.name, ()):
            listener(value)


def find(name: str) -> Option | None:
    """The option of this name or alias, whatever its case."""
    return NAMES.get(name.lower())


def _default(option: Option) -> Any:
    return option.kind.parse([option.default])


def _refuse_twice(named: list[tuple[Option, str, str]]) -> None:
    seen: set[str] = set()
    for option, name, value in named:
        if name.lower() in seen:  # an alias is another name
            raise RefusedChange(option, name, value, ConfigError("duplicate parameter"))
        seen.add(name.lower())
