"""The options that the keyspace follows."""

from __future__ import annotations

from aofserver.config.config import Config
from aoftool.format.rdb import EncodingLimits
from aoftool.keyspace.context import Options

#: Fields of ``EncodingLimits`` by the option that they follow.
_LIMITS = {
    "hash-max-listpack-entries": "hash_entries",
    "hash-max-listpack-value": "hash_value_bytes",
    "zset-max-listpack-entries": "zset_entries",
    "zset-max-listpack-value": "zset_value_bytes",
    "set-max-intset-entries": "intset_entries",
    "set-max-listpack-entries": "set_entries",
    "set-max-listpack-value": "set_value_bytes",
    "stream-node-max-bytes": "stream_node_bytes",
    "stream-node-max-entries": "stream_node_entries",
}
_LIST_SIZE = "list-max-listpack-size"
#: Bytes that the sizes below zero stand for (``optimization_level`` in quicklist.c), and those
#: that a node has at most whose elements are counted (``SIZE_SAFETY_LIMIT``).
_SAFE_BYTES = 8192
_LIST_BYTES = {-1: 4096, -2: 8192, -3: 16384, -4: 32768, -5: 65536}
#: Fields of ``Options`` by the option that they follow.
_FIELDS = {
    "proto-max-bulk-len": "max_bulk",
    "hll-sparse-max-bytes": "hll_sparse_max_bytes",
    "lazyfree-lazy-expire": "lazy_expire",
    "lazyfree-lazy-server-del": "lazy_server_del",
    "lazyfree-lazy-eviction": "lazy_eviction",
    "lazyfree-lazy-user-del": "lazy_user_del",
    "lazyfree-lazy-user-flush": "lazy_user_flush",
}


def limits_of(config: Config) -> EncodingLimits:
    """Up to where the compact encodings are chosen."""
    numbers = {field: config.number(name) for name, field in _LIMITS.items()}
    size = config.number(_LIST_SIZE)
    node = _LIST_BYTES[max(size, min(_LIST_BYTES))] if size < 0 else _SAFE_BYTES
    return EncodingLimits(
        **numbers, list_node_bytes=node, list_node_entries=max(size, 1) if size >= 0 else 0
    )


def apply_to_keyspace(config: Config, options: Options) -> None:
    """Have the keyspace's own options say what the configuration says."""
    for name, field in _FIELDS.items():
        setattr(options, field, config[name])
    options.limits = limits_of(config)


def names() -> tuple[str, ...]:
    """All of them."""
    return (*_LIMITS, *_FIELDS, _LIST_SIZE)
