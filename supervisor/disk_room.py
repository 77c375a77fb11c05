"""How much room a run needs on its disk, and the sentence that says what is lacking."""

from supervisor.work_dir import WorkDir

LEAST_MB = 1
"""The ledger, its log and one document: with less nothing can be begun, whatever the settings say."""


def lack_of_room(work_dir: WorkDir, limit_mb: float) -> str:
    """How much is free, how much is needed and what to do; empty when there is enough."""
    free_mb = work_dir.free_mb()
    if free_mb >= limit_mb:
        return ""
    return (
        f"only {free_mb:.1f} MB are free below {work_dir.root}, and a run needs {limit_mb:.0f} MB "
        "([run] min_free_disk_mb). Nothing is lost: make room and run the same command again."
    )
