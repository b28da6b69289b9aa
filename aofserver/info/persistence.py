"""INFO persistence: the AOF, the snapshots, and how far a load has come."""

from __future__ import annotations

from aofserver.info.fields import Fields, zeros
from aofserver.info.snapshot import Snapshot
from aofserver.persistence.schedule import Mode


def _ok(good: bool) -> str:
    return "ok" if good else "err"


def persistence(now: Snapshot) -> Fields:
    """Section Persistence."""
    now_s = now.now_us // 1_000_000
    saves, schedule, aof = now.saves, now.schedule, now.aof
    fields: Fields = [
        ("loading", int(now.loading is not None)),
        ("async_loading", 0),
        *_child(now),
        ("rdb_changes_since_last_save", now.dirty),
        ("rdb_bgsave_in_progress", int(now.saving)),
        ("rdb_last_save_time", saves.last_save_s),
        ("rdb_last_bgsave_status", _ok(saves.last_ok)),
        ("rdb_last_bgsave_time_sec", saves.last_took_s),
        ("rdb_current_bgsave_time_sec", now_s - saves.started_s if now.saving else -1),
        ("rdb_saves", saves.saves),
        ("rdb_last_cow_size", saves.cow_bytes),
        ("rdb_last_load_keys_expired", now.loaded.expired),
        ("rdb_last_load_keys_loaded", now.loaded.rdb_keys),
        ("aof_enabled", int(schedule.mode is not Mode.OFF)),
        ("aof_rewrite_in_progress", int(schedule.running)),
        ("aof_rewrite_scheduled", int(schedule.scheduled)),
        ("aof_last_rewrite_time_sec", schedule.last_took_s),
        (
            "aof_current_rewrite_time_sec",
            now_s - schedule.started_s if schedule.running else -1,
        ),
        ("aof_last_bgrewrite_status", _ok(schedule.last_ok)),
        ("aof_rewrites", schedule.rewrites),
        ("aof_rewrites_consecutive_failures", schedule.failures),
        ("aof_last_write_status", _ok(aof.error is None)),
        ("aof_last_cow_size", now.cow_bytes),
        *zeros("module_fork_in_progress module_fork_last_cow_size"),
    ]
    if now.config["appendonly"] == "yes":
        fields += _aof(now)
    return fields + _loading(now)


def _child(now: Snapshot) -> Fields:
    """What the child that runs has told."""
    child = now.child
    return [
        ("current_cow_peak", child.peak_bytes),
        ("current_cow_size", child.cow_bytes),
        ("current_cow_size_age", child.age_s),
        ("current_fork_perc", f"{child.percent:.2f}"),
        ("current_save_keys_processed", child.keys),
        ("current_save_keys_total", child.total),
    ]


def _aof(now: Snapshot) -> Fields:
    return [
        ("aof_current_size", now.aof.size),
        ("aof_base_size", now.aof.base_size),
        ("aof_pending_rewrite", 0),
        ("aof_buffer_length", now.aof.pending_bytes),
        ("aof_rewrite_buffer_length", now.diff_bytes),
        ("aof_pending_bio_fsync", int(now.syncing)),
        ("aof_delayed_fsync", now.aof.delayed),
    ]


def _loading(now: Snapshot) -> Fields:
    """How far a load has come, and the seconds it will need if it goes on as it went."""
    loading = now.loading
    if loading is None:
        return []
    seconds = now.now_us / 1_000_000 - loading.started_ms / 1000
    left = loading.total - loading.done
    eta = seconds / loading.done * left if loading.done else 1
    return [
        ("loading_start_time", loading.started_ms // 1000),
        ("loading_total_bytes", loading.total),
        ("loading_rdb_used_mem", 0),
        ("loading_loaded_bytes", loading.done),
        ("loading_loaded_perc", f"{loading.done / (loading.total or 1) * 100:.2f}"),
        ("loading_eta_seconds", int(eta)),
    ]
