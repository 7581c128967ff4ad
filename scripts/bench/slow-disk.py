"""A folder as a hard disk of 7,200 turns a minute would have it (FUSE, read only): argv: the folder, the mount point.

One request at a time, in the order that the kernel sends them. One that goes on where the last one ended costs its transfer;
any other costs a seek and half a turn as well. The kernel's page cache and read-ahead lie above, as over a real disk; the
files below should be in memory. Ends when unmounted, or with SIGTERM.
"""
import os
import sys
import time

import fusepy as fuse

SEEK_S = 0.0085
HALF_TURN_S = 0.0042
BYTES_PER_S = 160e6
# A short gap passes under the head sooner than a seek would take.
PASS_OVER = 512 * 1024


class SlowDisk(fuse.Operations):
    def __init__(self, folder):
        self.folder = folder
        self.file = None
        self.at = 0
        self.free_s = 0.0

    def _path(self, path):
        return self.folder + path

    def getattr(self, path, fh=None):
        stat = os.lstat(self._path(path))
        names = ("st_mode", "st_nlink", "st_size", "st_mtime", "st_ctime", "st_atime", "st_uid", "st_gid", "st_blocks")
        return {name: getattr(stat, name) for name in names}

    def readdir(self, path, fh):
        return [".", ".."] + os.listdir(self._path(path))

    def statfs(self, path):
        stat = os.statvfs(self._path(path))
        names = ("f_bavail", "f_bfree", "f_blocks", "f_bsize", "f_files", "f_ffree", "f_frsize", "f_namemax")
        return {name: getattr(stat, name) for name in names}

    def open(self, path, flags):
        if flags & (os.O_WRONLY | os.O_RDWR):
            raise fuse.FuseOSError(30)  # EROFS
        return os.open(self._path(path), os.O_RDONLY)

    def release(self, path, fh):
        os.close(fh)
        return 0

    def read(self, path, size, offset, fh):
        data = os.pread(fh, size, offset)
        gap = offset - self.at if path == self.file else -1
        near = 0 <= gap <= PASS_OVER
        cost = ((gap if near else 0) + len(data)) / BYTES_PER_S + (0 if near else SEEK_S + HALF_TURN_S)
        self.file = path
        self.at = offset + len(data)
        # Counted from when the disk was free, so that sleeping too long is made up for.
        now = time.monotonic()
        self.free_s = max(self.free_s, now - 0.005) + cost
        if self.free_s > now:
            time.sleep(self.free_s - now)
        return data


if __name__ == "__main__":
    fuse.FUSE(SlowDisk(sys.argv[1]), sys.argv[2], foreground=True, nothreads=True, ro=True, allow_other=True)
