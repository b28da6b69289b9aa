"""Reports as text: for people, for programs, for CI."""

from __future__ import annotations

from collections.abc import Callable

from aoftool.cli.render.json import render_json
from aoftool.cli.render.ci import render_github, render_junit
from aoftool.cli.render.text import render_text
from aoftool.ops.check.report import SourceReport

#: By the value of --format; each takes the reports and whether to leave out the clean ones.
RENDERERS: dict[str, Callable[[list[SourceReport], bool], str]] = {
    "text": render_text,
    "json": render_json,
    "junit": render_junit,
    "github": render_github,
}
