"""A progress bar by bytes on standard error, on a terminal only unless asked for."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from aoftool.ops.window import Progress, no_progress

progress_option = click.option(
    "--progress/--no-progress",
    default=None,
    help="Show a progress bar on standard error (default: only on a terminal).",
)


@contextmanager
def byte_progress(wanted: bool | None, total: int, name: str) -> Iterator[Progress]:
    """Yield the callback that moves the bar; ``wanted`` None: only where stderr is a terminal."""
    if wanted is None:
        wanted = sys.stderr.isatty()
    if not wanted:
        yield no_progress
        return
    from tqdm import tqdm

    # A bar of no known length for standard input: tqdm then shows bytes and rate only.
    with tqdm(
        total=total or None,
        unit="B",
        unit_scale=True,
        unit_divisor=1024,
        desc=name,
        leave=False,
        file=sys.stderr,
    ) as bar:

        def advance(count: int) -> None:
            bar.update(count)

        yield advance
