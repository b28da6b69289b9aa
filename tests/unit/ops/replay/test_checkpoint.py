"""checkpoint: replaced as a whole, and only good for the source that it was made of."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from aoftool.errors import RefusedError, SourceError
from aoftool.ops.replay.checkpoint import (
    Checkpoint,
    Prefix,
    place_of,
    read_checkpoint,
    sizes_of,
    write_checkpoint,
)
from aoftool.ops.replay.model import Position
from aoftool.ops.source import resolve


def made(path: Path, offset: int) -> Checkpoint:
    parts = list(resolve(path).parts)
    return Checkpoint(
        source=path.name, sizes=sizes_of(parts), offset=offset, record=3, db=2,
        digest=Prefix().digest(path, offset), target="t", options="o", held=True, now_ms=5,
        delta_ms=7,
    )  # fmt: skip


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "x.aof"
    path.write_bytes(bytes(range(256)) * 10)
    return path


def test_there_and_back(source: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    for offset in (0, 1000, 2560):
        checkpoint = made(source, offset)
        write_checkpoint(kept, checkpoint)
        assert read_checkpoint(kept) == checkpoint
        place = place_of(checkpoint, list(resolve(source).parts), source)
        assert place == Position(0, offset, 3, 2)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "x.aof"]


def test_only_what_is_before_the_place_must_be_the_same(source: Path) -> None:
    checkpoint = made(source, 1000)
    data = source.read_bytes()
    parts = list(resolve(source).parts)
    source.write_bytes(data[:1000] + b"?" * 5000)
    assert place_of(checkpoint, parts, source).offset == 1000
    for changed in (b"?" + data[1:], data[:999] + b"?" + data[1000:], data[:-1], b""):
        source.write_bytes(changed)
        with pytest.raises(RefusedError, match="the source has changed"):
            place_of(checkpoint, parts, source)
    source.write_bytes(data)
    with pytest.raises(RefusedError, match=r"no file y\.aof"):
        place_of(replace(checkpoint, source="y.aof"), parts, source)


def test_prefixes_go_on_where_they_were(source: Path) -> None:
    moving = Prefix()
    for offset in (0, 5, 5, 1000, 10, 2560):
        assert moving.digest(source, offset) == Prefix().digest(source, offset)
    with pytest.raises(SourceError, match="shorter than 3000"):
        moving.digest(source, 3000)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"schema": "other"}', "no json"])
def test_what_is_no_checkpoint(text: str, tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text(text)
    with pytest.raises(RefusedError, match="no checkpoint"):
        read_checkpoint(path)
    with pytest.raises(SourceError, match="No such file"):
        read_checkpoint(tmp_path / "nothing")


def test_of_another_release(source: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    write_checkpoint(kept, made(source, 5))
    told = json.loads(kept.read_text())
    assert told["in_multi"] is False
    kept.write_text(json.dumps({**told, "schema": "aoftool.replay-checkpoint/99"}))
    with pytest.raises(RefusedError, match="this release"):
        read_checkpoint(kept)
