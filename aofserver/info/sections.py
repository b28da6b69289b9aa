"""The sections of INFO: each from numbers to fields (``genRedisInfoString`` in server.c).

What this server does not have (replicas, a cluster, modules, messages, eviction) is told as a Redis
tells it that does not use them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from aofserver.info.counters import commandstats, debug, errorstats, latencystats, stats
from aofserver.info.fields import ONLY_6, ONLY_7, Fields, human, sized, zeros
from aofserver.info.persistence import persistence
from aofserver.info.snapshot import Keys, Snapshot
from aoftool.keyspace.context import Style

_DAY_S = 86400
_NO_ID = "0" * 40


def server(now: Snapshot) -> Fields:
    """Section Server."""
    process = now.process
    up_s = now.now_us // 1_000_000 - process.started_s
    return [
        ("redis_version", process.version),
        ("redis_git_sha1", "00000000"),
        ("redis_git_dirty", 0),
        ("redis_build_id", "0"),
        ("redis_mode", "standalone"),
        ("os", process.system),
        ("arch_bits", 64),
        ("monotonic_clock", "POSIX clock_gettime"),
        ("multiplexing_api", "epoll"),
        ("atomicvar_api", "c11-builtin"),
        ("gcc_version", process.compiler),
        ("process_id", process.pid),
        ("process_supervised", process.supervisor),
        ("run_id", process.run_id),
        ("tcp_port", process.port),
        ("server_time_usec", now.now_us),
        ("uptime_in_seconds", up_s),
        ("uptime_in_days", up_s // _DAY_S),
        ("hz", now.config["hz"]),
        ("configured_hz", now.config["hz"]),
        ("lru_clock", now.now_us // 1_000_000 & 0xFFFFFF),
        ("executable", process.executable),
        ("config_file", process.config_file),
        ("io_threads_active", 0),
    ]


def clients(now: Snapshot) -> Fields:
    """Section Clients."""
    return [
        ("connected_clients", now.clients),
        ("cluster_connections", 0),
        ("maxclients", now.config["maxclients"]),
        ("client_recent_max_input_buffer", now.longest_input),
        ("client_recent_max_output_buffer", now.longest_output),
        ("blocked_clients", now.blocking.clients),
        ("tracking_clients", now.tracking.clients),
        ("pubsub_clients", now.listening.clients),
        ("watching_clients", now.watching),
        ("clients_in_timeout_table", now.blocking.timed),
        ("total_watched_keys", now.watched_keys),
        ("total_blocking_keys", now.blocking.keys),
        ("total_blocking_keys_on_nokey", now.blocking.keys_until_gone),
    ]


def memory(now: Snapshot) -> Fields:
    """Section Memory: of the whole process; its overhead is what it had before it had data."""
    found = now.memory
    data = found.used - found.startup
    spare = max(0, found.resident - found.used)
    ratio = f"{found.resident / (found.used or 1):.2f}"
    lua_of_7 = 0 if now.style is Style.REDIS_6 else found.lua
    limit = int(now.config["maxmemory"])
    old = now.style is Style.REDIS_6
    cached: Fields = [("number_of_cached_scripts", now.scripts)]
    return [
        *sized("used_memory", found.used),
        *sized("used_memory_rss", found.resident),
        *sized("used_memory_peak", found.peak),
        ("used_memory_peak_perc", f"{found.used / (found.peak or 1) * 100:.2f}%"),
        ("used_memory_overhead", found.startup),
        ("used_memory_startup", found.startup),
        ("used_memory_dataset", data),
        ("used_memory_dataset_perc", "100.00%" if data else "0.00%"),
        ("allocator_allocated", found.used),
        ("allocator_active", found.resident),
        ("allocator_resident", found.resident),
        *sized("total_system_memory", found.system),
        ("used_memory_lua", found.lua),
        ("used_memory_vm_eval", found.lua),
        ("used_memory_lua_human", human(found.lua)),
        ("used_memory_scripts_eval", 0),
        *([] if old else cached),
        ("number_of_functions", now.functions),
        ("number_of_libraries", now.libraries),
        ("used_memory_vm_functions", 0),
        *sized("used_memory_vm_total", lua_of_7),
        ("used_memory_functions", 0),
        *sized("used_memory_scripts", 0),
        *(cached if old else []),
        *sized("maxmemory", limit),
        ("maxmemory_policy", now.config["maxmemory-policy"]),
        ("allocator_frag_ratio", "1.00"),
        ("allocator_frag_bytes", 0),
        ("allocator_rss_ratio", "1.00"),
        ("allocator_rss_bytes", 0),
        ("rss_overhead_ratio", "1.00"),
        ("rss_overhead_bytes", 0),
        ("mem_fragmentation_ratio", ratio),
        ("mem_fragmentation_bytes", spare),
        ("mem_not_counted_for_evict", found.aof_buffer),
        *zeros("mem_replication_backlog mem_total_replication_buffers mem_clients_slaves"),
        ("mem_clients_normal", found.clients),
        ("mem_cluster_links", 0),
        ("mem_aof_buffer", found.aof_buffer),
        ("mem_allocator", "python"),
        ("mem_overhead_db_hashtable_rehashing", 0),
        ("active_defrag_running", 0),
        ("lazyfree_pending_objects", found.to_free),
        ("lazyfreed_objects", found.freed),
    ]


def replication(now: Snapshot) -> Fields:
    """Section Replication: a master without replicas."""
    return [
        ("role", "master"),
        ("connected_slaves", 0),
        ("master_failover_state", "no-failover"),
        ("master_replid", now.process.replication_id),
        ("master_replid2", _NO_ID),
        ("master_repl_offset", 0),
        ("second_repl_offset", -1),
        ("repl_backlog_active", 0),
        ("repl_backlog_size", now.config["repl-backlog-size"]),
        *zeros("repl_backlog_first_byte_offset repl_backlog_histlen"),
    ]


def cpu(now: Snapshot) -> Fields:
    """Section CPU."""
    found = now.cpu
    seconds = {
        "sys": found.system,
        "user": found.user,
        "sys_children": found.children_system,
        "user_children": found.children_user,
        "sys_main_thread": found.thread_system,
        "user_main_thread": found.thread_user,
    }
    return [(f"used_cpu_{name}", f"{value:.6f}") for name, value in seconds.items()]


def keyspace(now: Snapshot) -> Fields:
    """Section Keyspace."""
    return [(f"db{row.index}", _database(row)) for row in now.keys]


def _database(row: Keys) -> str:
    return f"keys={row.keys},expires={row.expires},avg_ttl={row.mean_ttl_ms}"


def _nothing(now: Snapshot) -> Fields:
    return []


def _cluster(now: Snapshot) -> Fields:
    return [("cluster_enabled", 0)]


#: By the name that INFO takes: the title, and what makes the fields.
SECTIONS: dict[str, tuple[str, Callable[[Snapshot], Fields]]] = {
    "server": ("Server", server),
    "clients": ("Clients", clients),
    "memory": ("Memory", memory),
    "persistence": ("Persistence", persistence),
    "stats": ("Stats", stats),
    "replication": ("Replication", replication),
    "cpu": ("CPU", cpu),
    "modules": ("Modules", _nothing),
    "commandstats": ("Commandstats", commandstats),
    "errorstats": ("Errorstats", errorstats),
    "latencystats": ("Latencystats", latencystats),
    "cluster": ("Cluster", _cluster),
    "keyspace": ("Keyspace", keyspace),
    "debug": ("Debug", debug),
}
_ON_REQUEST = {"commandstats", "latencystats", "debug"}
#: Sections of a bare INFO.
DEFAULT = frozenset(SECTIONS) - _ON_REQUEST
_SINCE_7 = frozenset(("latencystats", "debug"))
#: Those that need not be named.
_ALL = frozenset(SECTIONS) - {"debug"}
_GROUPS: dict[str, Collection[str]] = {
    "default": DEFAULT,
    "all": _ALL,
    "everything": _ALL,
}


def render(now: Snapshot, asked: Sequence[str]) -> str:
    """The text of the sections that are asked for, each once and in their order."""
    wanted = {name for word in asked or ["default"] for name in _GROUPS.get(word, (word,))}
    old = now.style is Style.REDIS_6
    if old:
        wanted -= _SINCE_7
    left_out = ONLY_7 if old else ONLY_6
    parts: list[str] = []
    for name, (title, fields_of) in SECTIONS.items():
        if name in wanted:
            lines = [f"{field}:{value}" for field, value in fields_of(now) if field not in left_out]
            parts.append("".join(f"{line}\r\n" for line in [f"# {title}", *lines]))
    return "\r\n".join(parts)
