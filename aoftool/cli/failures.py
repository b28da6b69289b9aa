"""The package's own errors as one line on standard error and an exit code, without a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

from aoftool.cli.render.words import printable
from aoftool.errors import AofError, ExitCode


@contextmanager
def exit_on_error() -> Iterator[None]:
    """Turn an AofError, or Ctrl-C, into its message and its exit code."""
    try:
        yield
    except KeyboardInterrupt:
        click.echo("aoftool: interrupted", err=True)
        sys.exit(int(ExitCode.INTERRUPTED))
    except AofError as error:
        click.echo(printable(f"aoftool: {_with_path(error)}"), err=True)
        sys.exit(int(error.exit_code))


def _with_path(error: AofError) -> str:
    """The message, behind the file's name where it does not say that itself."""
    path, text = getattr(error, "path", None), str(error)
    return text if path is None or str(path) in text else f"{path}: {text}"
