"""The rules between the files of a multi-part AOF."""

from __future__ import annotations

import os
from pathlib import Path

from aoftool.ops.check.report import FileReport, Severity, SourceReport, Verdict
from aoftool.ops.source import Part, Source


def missing_files(source: Source) -> list[Part]:
    """The parts that a manifest names and that are not there."""
    if source.manifest is None:
        return []
    return [part for part in source.parts if not part.path.exists()]


def check_set(source: Source, missing: list[Part], report: SourceReport) -> None:
    """Add to the report what is wrong between the files; each file has been checked by itself."""
    manifest = source.manifest
    assert manifest is not None
    report.manifest = str(source.manifest_path)
    for note in manifest.notes:
        report.add_finding("manifest-note", Severity.WARNING, f"the manifest's {note}")
    if not report.files:
        report.add_finding(
            "manifest-note", Severity.WARNING, "the manifest names no file to load: starts empty"
        )
    for part in missing:
        text = f"{part.path.name} is in the manifest but not on disk"
        report.add_error("missing-file", text, Verdict.FILE_SET)
    for file in report.files[:-1]:
        _refuse_cut(file, report)
    _strangers(source, report)


def _refuse_cut(file: FileReport, report: SourceReport) -> None:
    """A cut in any file but the last leaves a hole in history: truncating would not mend it."""
    if file.verdict is not Verdict.TRUNCATED:
        return
    file.cut = None
    name = Path(file.path).name
    report.add_error(
        "not-last",
        f"{name} is cut short, but only the last file of a set may be",
        Verdict.FILE_SET,
    )


def _strangers(source: Source, report: SourceReport) -> None:
    """Files beside the manifest that look like part of the set and are not named in it."""
    manifest, folder = source.manifest, Path(report.manifest or "").parent
    assert manifest is not None
    named = {os.fsdecode(file.name) for file in manifest.load_order + manifest.history}
    stem = Path(report.manifest or "").name.removesuffix(".manifest")
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return
    for name in names:
        of_the_set = name.startswith(stem + ".") and (".incr." in name or ".base." in name)
        if of_the_set and name not in named and ".cut-" not in name:
            report.add_finding(
                "unnamed-file", Severity.WARNING, f"{name} is not named in the manifest: not loaded"
            )
