"""What ``replay`` is told in words: targets, sizes, ranges, databases."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

import click

from aoftool.ops.replay.address import Address, Tls
from aoftool.ops.replay.pacing import Pace
from aoftool.ops.replay.selection import Bound
from aoftool.ops.source import STDIN

MEMORY = "memory"
#: Where a password may come from that no list of processes shows.
USER_VARIABLE, PASSWORD_VARIABLE = "AOFTOOL_USER", "AOFTOOL_PASSWORD"
_SIZES = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMG]?)(B?)", re.IGNORECASE)


def parse_target(text: str, tls: Tls, ask_password: bool) -> Address | None:
    """The address that a URL says; None for memory. Raises click.UsageError."""
    if text == MEMORY:
        return None
    url = urlsplit(text)
    # A name without a password is one whose password comes from elsewhere.
    user = unquote(url.username) if url.username else os.environ.get(USER_VARIABLE)
    password = unquote(url.password) if url.password else os.environ.get(PASSWORD_VARIABLE)
    if ask_password:
        password = click.prompt("Password of the target", hide_input=True, err=True)
    if url.scheme == "unix":
        return Address(path=unquote(url.path), user=user, password=password)
    if url.scheme not in ("redis", "rediss"):
        raise click.UsageError(
            "--to takes redis://host:port, rediss://host:port, unix:///path/of/socket or memory"
        )
    if url.path.strip("/"):
        raise click.UsageError("--to names no database: choose and map databases with --db")
    try:
        port = url.port or 6379
    except ValueError as error:
        raise click.UsageError(f"--to: {error}") from error
    secured = tls if url.scheme == "rediss" else None
    return Address(url.hostname or "127.0.0.1", port, None, secured, user, password)


def parse_size(text: str) -> int:
    """``8MB``, ``512k`` or a plain number as bytes. Raises click.UsageError."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise click.UsageError(f"no size: {text!r} (as in 8MB)")
    return int(float(match[1]) * _SIZES[match[2].upper()])


def parse_pace(rate: str | None, speed: str | None) -> Pace:
    """``--rate`` and ``--speed``. Raises click.UsageError."""
    commands = size = factor = None
    if rate is not None:
        match = _SIZE.fullmatch(rate.strip())
        if match is None or not float(match[1]):
            raise click.UsageError("--rate takes commands (20000) or bytes (10MB) a second")
        if match[3]:
            size = float(parse_size(rate))
        else:
            commands = float(match[1]) * 1000 ** "KMG".find(match[2].upper() or "-").__add__(1)
    if speed is not None:
        match = re.fullmatch(r"(\d+(?:\.\d+)?)x", speed)
        factor = 1.0 if speed == "real" else float(match[1]) if match else 0.0
        if not factor:
            raise click.UsageError("--speed takes 'real' or a multiple of it: 2x, 0.5x")
    return Pace(commands, size, factor)


def parse_bound(text: str | None, option: str) -> Bound:
    """``offset:N``, ``record:N``, or a time. Raises click.UsageError."""
    if text is None:
        return Bound()
    kind, _, rest = text.partition(":")
    if kind in ("offset", "record") and rest.isdigit():
        return Bound(offset=int(rest)) if kind == "offset" else Bound(record=int(rest))
    return Bound(second=parse_moment(text, option))


def parse_moment(text: str, option: str) -> int:
    """Unix time in seconds from such a number or an ISO date (UTC where it says no zone)."""
    if text.isdigit():
        return int(text)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.UsageError(
            f"{option} takes Unix seconds or a date (2026-05-01T12:00:00)"
            + ("" if option == "--now" else ", offset:N, record:N")
        ) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def parse_databases(pairs: tuple[str, ...]) -> Mapping[int, int] | None:
    """``N`` or ``N:M``. Raises click.UsageError."""
    if not pairs:
        return None
    found: dict[int, int] = {}
    for pair in pairs:
        match = re.fullmatch(r"(\d+)(?::(\d+))?", pair)
        if match is None:
            raise click.UsageError("--db takes a database, or two: 0, or 3:0 to map 3 to 0")
        found[int(match[1])] = int(match[2] or match[1])
    return found


def parse_renames(pairs: tuple[str, ...]) -> tuple[tuple[bytes, bytes], ...]:
    """``PREFIX:NEW``; the first colon that no other one follows parts them: ``user::u:``."""
    found = []
    for pair in pairs:
        words = re.fullmatch(r"(.+?):(?!:)(.*)", pair, re.DOTALL)
        if words is None:
            raise click.UsageError("--rename takes PREFIX:NEW")
        found.append((os.fsencode(words[1]), os.fsencode(words[2])))
    return tuple(found)


def parse_tls(
    authorities: Path | None, certificate: Path | None, key: Path | None, verify: bool
) -> Tls:
    """How to speak TLS."""
    return Tls(authorities, certificate, key, verify)


def parse_verify(text: str | None) -> tuple[bool, int | None] | None:
    """Whether a digest will do, and how many keys to compare; None: nothing is compared."""
    if text is None:
        return None
    if text in ("digest", "full"):
        return text == "digest", None
    if text.isdigit() and int(text):
        return False, int(text)
    raise click.UsageError("--verify takes digest, full, or a number of keys")


def refuse_vain_comparison(
    source: Path, address: Address | None, verify: str | None, follow: bool
) -> None:
    """Usage errors for a --verify that could compare nothing."""
    if parse_verify(verify) is None:
        return
    if source == STDIN:
        raise click.UsageError("--verify reads the source again: standard input is gone by then")
    if address is None:
        raise click.UsageError("--verify compares a target with memory: --to memory is that")
    if follow:
        raise click.UsageError("--verify compares what has ended: not with --follow")
