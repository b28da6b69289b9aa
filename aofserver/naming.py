"""What the system shows of the process: its title, and how dear it is when memory is short."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress

from aofserver.config import Config
from aofserver.config.kinds import ConfigError
from aofserver.log import Log
from aofserver.system import process

_TITLE = "aofserver"
_TEMPLATE = "proc-title-template"
_VARIABLE = re.compile(r"\{[^}]*\}")


def title_of(config: Config) -> str:
    """``proc-title-template`` with its variables in place (``redisProcTitleGetVariable``)."""
    port, tls_port = config.number("port"), config.number("tls-port")
    address = next(iter(config["bind"]), "*").removeprefix("-")
    shown = "*" if address in ("0.0.0.0", "::*") else address
    listens = f"{shown}:{port or tls_port}" if port or tls_port else config.text("unixsocket")
    variables = {
        "{title}": _TITLE,
        "{listen-addr}": listens,
        "{server-mode}": "",
        "{port}": str(port),
        "{tls-port}": str(tls_port),
        "{unixsocket}": config.text("unixsocket"),
        "{config-file}": str(config.path or ""),
    }
    text = _VARIABLE.sub(lambda found: variables.get(found[0], found[0]), config.text(_TEMPLATE))
    return text.rstrip()


def name_process(config: Config, log: Log, tell_children: Callable[[int | None], None]) -> None:
    """Give the process its title and its score, now and whenever an option of theirs changes.

    ``tell_children``: takes the score of children; None: that of their parent.
    """
    before = process.oom_score()

    def rename(value: object) -> None:
        if config.flag("set-proc-title"):
            process.set_title(title_of(config))

    def score(value: object) -> None:
        own, _, child = oom_scores(config, before)
        tell_children(None if config.text("oom-score-adj") == "no" else child)
        try:
            process.set_oom_score(own)
        except OSError as error:
            log.warning(f"Unable to write oom_score_adj: {error.strerror}")
            raise ConfigError(
                "Failed to apply new oom_score_adj configuration, check server logs."
            ) from error

    rename(None)
    if config.text("oom-score-adj") != "no":
        with suppress(ConfigError):  # the log says so; the server starts all the same
            score(None)
    config.on_change(_TEMPLATE, rename)
    for name in ("oom-score-adj", "oom-score-adj-values"):
        config.on_change(name, score)


def oom_scores(config: Config, before: int) -> list[int]:
    """Scores of a server, a replica and a child (``setOOMScoreAdj``).

    ``before``: that of the process at its start.
    """
    how = config.text("oom-score-adj")
    if how == "no":
        return [before] * 3
    base = 0 if how == "absolute" else before
    return [max(-1000, min(1000, base + value)) for value in config["oom-score-adj-values"]]
