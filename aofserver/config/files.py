"""Options from files in redis.conf's syntax and from the command line (``loadServerConfig``)."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from aofserver.config.config import Config
from aofserver.config.kinds import ConfigError
from aoftool.format.resp.inline import split_args


class FileError(ConfigError):
    """A line of a file is not accepted; the text says which, and why."""


def read_arguments(config: Config, arguments: Sequence[str]) -> None:
    """Take ``--option value ...``: the words up to the next option are its. Raises ConfigError."""
    name: str | None = None
    words: list[str] = []
    for argument in [*arguments, "--"]:
        if not argument.startswith("--"):
            if name is None:
                raise ConfigError(f"'{argument}' is no option: options begin with --")
            words.append(argument)
            continue
        if name is not None:
            _give(config, name, words)
        name, words = argument.removeprefix("--"), []


def read_file(config: Config, path: Path) -> None:
    """Read a file in redis.conf's syntax, with ``include``. Raises ConfigError with its line."""
    if config.path is None:  # what it includes is not the file that CONFIG REWRITE writes
        config.path = path.resolve()
    try:
        lines = path.read_bytes().split(b"\n")
    except OSError as error:
        raise ConfigError(f"can't open config file '{path}': {error.strerror}") from error
    for number, line in enumerate(lines, 1):
        try:
            read_line(config, line, path.parent)
        except ConfigError as error:
            if isinstance(error, FileError):  # of a file that this one includes
                raise
            shown = line.decode("utf-8", "backslashreplace").strip()
            raise FileError(
                "*** FATAL CONFIG FILE ERROR ***\n"
                f"Reading the configuration file, at line {number} of {path}\n"
                f">>> '{shown}'\n{error}"
            ) from error


def read_line(config: Config, line: bytes, folder: Path) -> None:
    """Take one line; comments and empty ones say nothing. Raises ConfigError."""
    line = line.strip(b" \t\r\n")
    if not line or line.startswith(b"#"):
        return
    words = split_args(line)
    if words is None:
        raise ConfigError("Unbalanced quotes in configuration line")
    name, *rest = (word.decode("utf-8", "surrogateescape") for word in words)
    if name.lower() == "include":
        for entry in rest:
            read_file(config, folder / entry)
        return
    config.give(name, rest)


def _give(config: Config, name: str, words: list[str]) -> None:
    """Take an option of the command line. Raises ConfigError with its name."""
    try:
        config.give(name, words)
    except ConfigError as error:
        raise ConfigError(f"--{name}: {error}") from None
