# SPDX-License-Identifier: Apache-2.0
"""Who is measured: file systems that stay mounted for a whole profile, and programs run for each measurement."""
import itertools
import os
import re

from . import fio
from .processes import MIB, Failure, Server, run_measured, unmount

COUNTER = itertools.count(1)


class Contender:
    def __init__(self, contender, target, work, tools):
        self.spec, self.name, self.options = contender, contender.name, contender.options
        self.target, self.work, self.tools = target, work, tools
        self.mib = target.mib if target else 512
        self.folder = os.path.join(work, f"{contender.kind}-{next(COUNTER)}")
        self.file = self.server = None

    def start(self):
        pass

    def stop(self):
        pass

    def can(self, job):
        return job.kind == "io"


class Mounted(Contender):
    """A daemon and the file it serves."""

    def serve(self, argv, mountpoint):
        self.mountpoint = mountpoint
        self.server = Server(self.folder + ".log", argv)
        self.server.wait_until(self.name, self.is_up)

    def is_up(self):
        try:
            return os.stat(self.file).st_size == self.mib * MIB
        except OSError:
            return False

    def measure(self, job, seconds):
        before = self.server.cpu_seconds()
        row = fio.measure(self.file, job, seconds, self.mib)
        row["cpu"] = (self.server.cpu_seconds() - before) / row.pop("operations") * 1e6
        row["rss"] = self.server.rss()
        return row

    def can(self, job):
        return job.kind in ("io", "copy")

    def stop(self):
        if self.server:
            self.server.stop()
            unmount(self.mountpoint)


class Lunfs(Mounted):
    def start(self):
        os.mkdir(self.folder)
        tree = os.path.join(self.folder, self.target.iqn)
        self.file = os.path.join(tree, f"lun{self.target.first_lun}", "data")
        options = ["-o", ",".join(self.options)] if self.options else []
        self.serve([self.tools.lunfs, "-f", *options, self.target.url(), self.folder], self.folder)

    def is_complete(self):
        """Every LUN is there, with the size it has. A LUN that is no disk, as tgt's LUN 0, has no `data`."""
        tree = os.path.join(self.folder, self.target.iqn)
        try:
            files = [os.path.join(tree, name, "data") for name in os.listdir(tree) if re.fullmatch(r"lun\d+", name)]
            sizes = [os.stat(file).st_size for file in files if os.path.exists(file)]
            return len(sizes) >= self.target.luns and all(size == self.mib * MIB for size in sizes)
        except OSError:
            return False

    def can(self, job):
        return True


class Qemu(Mounted):
    def start(self):
        os.mkdir(self.folder)
        self.file = os.path.join(self.folder, "lun")
        with open(self.file, "wb"):
            pass
        device = ["driver=iscsi", "node-name=d0", "transport=tcp", f"portal=127.0.0.1:{self.target.port}",
                  f"target={self.target.iqn}", f"lun={self.target.first_lun}", "cache.direct=on", *self.options]
        self.serve(["qemu-storage-daemon", "--blockdev", ",".join(device), "--export",
                    f"type=fuse,id=e0,node-name=d0,mountpoint={self.file},writable=on"], self.file)


class NullFuse(Mounted):
    def start(self):
        os.mkdir(self.folder)
        self.file = os.path.join(self.folder, "data")
        self.serve([self.tools.null_fuse, str(self.mib * MIB), self.folder], self.folder)

    def can(self, job):
        return job.kind == "io"


class IscsiPerf(Contender):
    """It only reads, knows no percentiles, and prints rates over each other (\\r): the last average counts."""

    def measure(self, job, seconds):
        options = ["-m", str(job.depth), "-b", str(job.block // 512), "-t", str(seconds)]
        options += ["-r"] if job.way == "randread" else []
        text, cpu = run_measured("iscsi-perf", *options, self.target.url(self.target.first_lun))
        rates = re.findall(r"iops average (\d+)", text)
        if not rates or not int(rates[-1]):
            raise Failure("iscsi-perf prints no rate:\n" + text[-500:])
        return {"rate": rate(job, float(rates[-1])), "cpu": cpu / (float(rates[-1]) * seconds) * 1e6}

    def can(self, job):
        return job.kind == "io" and job.reads


class Loopback(Contender):
    """TCP without iSCSI; its CPU time is the client's side."""

    def measure(self, job, seconds):
        way = "read" if job.reads else "write"
        text, _ = run_measured(self.tools.loopback, way, str(job.block), str(job.depth), str(seconds))
        match = re.search(r"(\d+) operations, ([\d.]+) s, ([\d.]+) s CPU", text)
        if not match or not int(match[1]):
            raise Failure("loopback prints no count: " + text)
        n = int(match[1])
        return {"rate": rate(job, n / float(match[2])), "cpu": float(match[3]) / n * 1e6}


def rate(job, per_second):
    return per_second if job.small else per_second * job.block / MIB


KINDS = {"lunfs": Lunfs, "qemu": Qemu, "iscsi-perf": IscsiPerf, "null-fuse": NullFuse, "loopback": Loopback}
