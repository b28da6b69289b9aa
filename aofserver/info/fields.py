"""What the sections of INFO are made with."""

from __future__ import annotations

#: Fields of a section in their order.
Fields = list[tuple[str, object]]


def words(text: str) -> list[str]:
    """Names parted by blanks."""
    return text.split()


#: Fields that only one of the two styles has.
ONLY_7 = frozenset(
    words(
        "async_loading current_cow_peak current_cow_size current_cow_size_age current_fork_perc "
        "current_save_keys_processed current_save_keys_total rdb_saves "
        "rdb_last_load_keys_expired rdb_last_load_keys_loaded aof_rewrites "
        "aof_rewrites_consecutive_failures loading_rdb_used_mem total_net_repl_input_bytes "
        "total_net_repl_output_bytes instantaneous_input_repl_kbps "
        "instantaneous_output_repl_kbps evicted_clients total_eviction_exceeded_time "
        "current_eviction_exceeded_time pubsubshard_channels total_active_defrag_time "
        "current_active_defrag_time reply_buffer_shrinks reply_buffer_expands "
        "used_memory_vm_eval used_memory_scripts_eval number_of_functions number_of_libraries "
        "used_memory_vm_functions used_memory_vm_total used_memory_vm_total_human "
        "used_memory_functions mem_total_replication_buffers mem_cluster_links "
        "acl_access_denied_auth acl_access_denied_cmd acl_access_denied_key "
        "acl_access_denied_channel client_query_buffer_limit_disconnections "
        "client_output_buffer_limit_disconnections evicted_scripts expired_subkeys "
        "pubsub_clients watching_clients total_watched_keys total_blocking_keys "
        "total_blocking_keys_on_nokey instantaneous_eventloop_cycles_per_sec "
        "instantaneous_eventloop_duration_usec eventloop_cycles eventloop_duration_sum "
        "eventloop_duration_cmd_sum mem_overhead_db_hashtable_rehashing "
    )
)
ONLY_6 = frozenset(("aof_rewrite_buffer_length",))


def human(size: int) -> str:
    """Bytes with a unit (``bytesToHuman``)."""
    if size < 1024:
        return f"{size}B"
    value, units = float(size), iter("KMGTP")
    unit = ""
    while value >= 1024 and (step := next(units, "")):
        value, unit = value / 1024, step
    return f"{value:.2f}{unit}"


def sized(name: str, size: int) -> Fields:
    """A number of bytes, and the same for people."""
    return [(name, size), (f"{name}_human", human(size))]


def zeros(names: str) -> Fields:
    """Fields of what is not here."""
    return [(name, 0) for name in names.split()]
