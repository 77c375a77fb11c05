"""A disk whose device begins to refuse what it has accepted: a file system on a loop device whose own store
runs out below it.

Writes go into the system's memory and succeed; the sync that follows fails, later the journal is aborted and
the file system read-only. What had not been synced by then is lost. So it looks when a disk dies, or when a
thin volume has no more room.
"""

from pathlib import Path

from tests.support.small_disk import SmallDisk

_IMAGE_MB = 256

_HOLD = f"""
store="$2.store"; image="$store/image"
mkdir "$store" && mount -t tmpfs -o "size=$1" store "$store" &&
truncate -s {_IMAGE_MB}M "$image" &&
mkfs.ext4 -q -J size=4 -E nodiscard,lazy_itable_init=1,lazy_journal_init=1 "$image" &&
mount -o loop "$image" "$2" && chmod 777 "$2" && echo mounted && exec cat
"""


class FailingDevice(SmallDisk):
    """``with FailingDevice(tmp_path, size_mb=16) as disk: … disk.fails() … disk.mend()``.

    ``size_mb``: what it really has, of the 256 it promises. Skips the test for whoever may not have a loop
    device.
    """

    hold = _HOLD

    def fails(self) -> None:
        """From now on; what it has taken it keeps."""
        self._inside("sh", "-c", 'cat /dev/zero >"$1/ballast" 2>/dev/null || true', "fill", self._store)

    def mend(self) -> None:
        """As after a power cut: checked, repaired and mounted again. Nobody may use it meanwhile."""
        script = (
            'rm "$1/ballast" && umount "$2" && { e2fsck -fy "$1/image" >/dev/null 2>&1 || [ $? -le 1 ]; }'
        )
        script += ' && mount -o loop "$1/image" "$2"'
        self._inside("sh", "-c", script, "mend", self._store, str(self.place))

    @property
    def _store(self) -> str:
        return str(Path(f"{self.place}.store"))
