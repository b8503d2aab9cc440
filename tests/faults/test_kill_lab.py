"""A short run of the kill lab; `python -m tests.faults.kill_lab` is the long one."""

from tests.faults import kill_lab


def test_nothing_is_lost_doubled_or_stuck_when_processes_are_killed() -> None:
    lab, broken = kill_lab.run(turns=50, seed=7, stop=0.2)
    assert broken == []
    assert lab.kills >= 5
    assert lab.repeats > 0
    assert lab.stopped > 0


def test_nor_when_the_database_is_restarted_and_the_provider_breaks_off() -> None:
    lab, broken = kill_lab.run(turns=20, seed=7, restart_database_every=5, break_off=0.15)
    assert broken == []
    assert lab.database_restarts >= 2
    assert lab.broken_off > 0
