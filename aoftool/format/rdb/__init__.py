"""RDB, Redis's snapshot format, also the preamble of an AOF: decoded and encoded without I/O.

Read: every version of Redis up to 12 (13 where only its known items occur) and Valkey's 80.
Written: versions 9 to 12. Nothing here touches files, clocks or the environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aoftool.format.faces import lazy_face

if TYPE_CHECKING:
    from aoftool.format.rdb.decoder import NEED_DATA, NeedData, RdbDecoder, decode_events
    from aoftool.format.rdb.encoder import DEFAULT_VERSION, WRITABLE_VERSIONS, RdbEncoder
    from aoftool.format.rdb.events import (
        Aux,
        End,
        Event,
        Function,
        Header,
        Key,
        KeyMeta,
        ModuleAux,
        ResizeDb,
        SelectDb,
        SlotImport,
        SlotInfo,
        StringKeys,
    )
    from aoftool.format.rdb.layouts import EncodingLimits
    from aoftool.format.rdb.opcodes import Dialect
    from aoftool.format.rdb.values import (
        Consumer,
        Group,
        HashField,
        Kind,
        ModuleValue,
        PendingEntry,
        ScoredMember,
        StreamEntry,
        StreamId,
        StreamValue,
        Value,
    )

_MODULES = {
    "decoder": "NEED_DATA NeedData RdbDecoder decode_events",
    "encoder": "DEFAULT_VERSION WRITABLE_VERSIONS RdbEncoder",
    "events": "Aux End Event Function Header Key KeyMeta ModuleAux ResizeDb SelectDb SlotImport "
    "SlotInfo StringKeys",
    "layouts": "EncodingLimits",
    "opcodes": "Dialect",
    "values": "Consumer Group HashField Kind ModuleValue PendingEntry ScoredMember StreamEntry "
    "StreamId StreamValue Value",
}

__all__ = [
    "DEFAULT_VERSION",
    "NEED_DATA",
    "WRITABLE_VERSIONS",
    "Aux",
    "Consumer",
    "Dialect",
    "EncodingLimits",
    "End",
    "Event",
    "Function",
    "Group",
    "HashField",
    "Header",
    "Key",
    "KeyMeta",
    "Kind",
    "ModuleAux",
    "ModuleValue",
    "NeedData",
    "PendingEntry",
    "RdbDecoder",
    "RdbEncoder",
    "ResizeDb",
    "ScoredMember",
    "SelectDb",
    "SlotImport",
    "SlotInfo",
    "StreamEntry",
    "StreamId",
    "StreamValue",
    "StringKeys",
    "Value",
    "decode_events",
]

__getattr__ = lazy_face(__name__, _MODULES)
