"""The package's own errors as one line on standard error and an exit code, without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from aoftool.cli.render.words import printable
from aoftool.errors import AofError


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Turn an AofError into its message and its exit code."""
    try:
        yield
    except AofError as error:
        click.echo(printable(f"aoftool: {error}"), err=True)
        sys.exit(int(error.exit_code))
