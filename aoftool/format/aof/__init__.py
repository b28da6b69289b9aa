"""The append-only file: decoded and encoded without I/O, and the manifest of a multi-part one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aoftool.format.faces import lazy_face

if TYPE_CHECKING:
    from aoftool.format.aof.annotations import timestamp_of
    from aoftool.format.aof.decoder import AofDecoder, Event, decode_aof
    from aoftool.format.aof.encoder import AofEncoder
    from aoftool.format.aof.events import Annotation, Batch, Command, PlainRun
    from aoftool.format.aof.manifest import (
        FileType,
        Manifest,
        ManifestFile,
        looks_like_manifest,
        parse_manifest,
    )
    from aoftool.format.aof.transactions import Step, TransactionTracker

_MODULES = {
    "annotations": "timestamp_of",
    "decoder": "AofDecoder Event decode_aof",
    "encoder": "AofEncoder",
    "events": "Annotation Batch Command PlainRun",
    "manifest": "FileType Manifest ManifestFile looks_like_manifest parse_manifest",
    "transactions": "Step TransactionTracker",
}

__all__ = [
    "Annotation",
    "AofDecoder",
    "AofEncoder",
    "Batch",
    "Command",
    "Event",
    "FileType",
    "Manifest",
    "ManifestFile",
    "PlainRun",
    "Step",
    "TransactionTracker",
    "decode_aof",
    "looks_like_manifest",
    "parse_manifest",
    "timestamp_of",
]

__getattr__ = lazy_face(__name__, _MODULES)
