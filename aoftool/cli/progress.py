"""A progress bar on standard error, on a terminal only unless asked for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from aoftool.ops.window import Progress, no_progress

progress_option = click.option(
    "--progress/--no-progress",
    default=None,
    help="Show a progress bar on standard error (default: only on a terminal).",
)


@contextmanager
def shown_progress(
    wanted: bool | None,
    total: int,
    name: str,
    unit: str = "B",
    beside: Callable[[], str] | None = None,
) -> Iterator[Progress]:
    """Yield the callback that moves the bar; ``wanted`` None: only where stderr is a terminal.

    ``unit``: what is counted; bytes in powers of 1024, anything else in powers of 1000.
    ``beside``: what is shown beside the bar, asked for whenever it moves.
    """
    if wanted is None:
        wanted = sys.stderr.isatty()
    if not wanted:
        yield no_progress
        return
    from tqdm import tqdm

    # A bar of no known length for standard input: tqdm then shows bytes and rate only.
    with tqdm(
        total=total or None,
        unit=unit,
        unit_scale=True,
        unit_divisor=1024 if unit == "B" else 1000,
        desc=name,
        leave=False,
        file=sys.stderr,
    ) as bar:

        def advance(count: int) -> None:
            if beside is not None:
                bar.set_postfix_str(beside(), refresh=False)
            bar.update(count)

        yield advance
