# SPDX-License-Identifier: Apache-2.0
"""A profile's run: everything is started, measured in turn, and ended.

A round does each job with each contender in turn, so that whatever else the machine does meets them alike. What
fails is reported and left out of this run; the rest goes on.
"""
import os
import shutil
import tempfile
import time
import types

from . import contenders, targets
from .processes import MIB, Failure, run
from .profiles import LIMITS
from .stats import NUMBERS, number_text

COMPLAINTS = (Failure, OSError)


def copy(contender, job):
    """cp or dd of `mib` from or to the file. MiB/s, in a shell's terms: until the command is back."""
    tool, way = job.way.split("-")
    plain = f"{targets.SHM}-{os.getpid()}-copy"
    size = min(job.mib, contender.mib)
    try:
        make_plain(plain, size if way == "write" else 0)
        source, sink = (contender.file, plain) if way == "read" else (plain, contender.file)
        forget(contender.file)
        before, begin = contender.server.cpu_seconds(), time.monotonic()
        if tool == "cp":
            run("cp", source, sink)
        else:
            run("dd", "bs=1M", "status=none", f"if={source}", f"of={sink}")
        seconds = time.monotonic() - begin
        if way == "read" and os.stat(plain).st_size != size * MIB:
            raise Failure(f"{tool} has read {os.stat(plain).st_size} bytes instead of {size} MiB")
    finally:
        if os.path.exists(plain):
            os.unlink(plain)
    cpu = contender.server.cpu_seconds() - before
    return {"rate": size / seconds, "cpu": cpu / size * 1e6, "rss": contender.server.rss()}


def make_plain(path, mib):
    noise = os.urandom(MIB)
    with open(path, "wb") as f:
        for _ in range(mib):
            f.write(noise)


def forget(path):
    """What the kernel has cached of a file would be read instead of the LUN."""
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(fd)


def mount(contender, seconds):
    """A mount of its own: the time until all LUNs are there, memory then, and how often it wakes when idle."""
    fresh = type(contender)(contender.spec, contender.target, contender.work, contender.tools)
    try:
        begin = time.monotonic()
        fresh.start()
        fresh.server.wait_until(contender.name, fresh.is_complete, pause=0.005)
        took = time.monotonic() - begin
        time.sleep(0.5)  # what the start has left to do is not idleness
        rss, before = fresh.server.rss(), fresh.server.wakes()
        time.sleep(seconds)
        return {"seconds": took, "rss": rss, "wakes": (fresh.server.wakes() - before) / seconds}
    finally:
        fresh.stop()


def measure(contender, job, seconds):
    if job.kind == "copy":
        return copy(contender, job)
    if job.kind == "mount":
        return mount(contender, seconds)
    return contender.measure(job, seconds)


class Run:
    """One profile, from the first process to the last."""

    def __init__(self, profile, o, say):
        self.profile, self.say = profile, say
        self.rounds, self.seconds = profile.rounds or o.rounds, profile.seconds or o.seconds
        self.build, self.lunfs = o.build, o.lunfs
        self.rows, self.failures, self.started, self.fields = [], [], [], []

    def complain(self, who, error):
        self.failures.append(f"{self.profile.name}: {who}: {error}")
        self.say(f"FAILED {self.failures[-1]}")

    def start(self, thing, who):
        self.started.append(thing)
        try:
            thing.start()
            return True
        except COMPLAINTS as error:
            self.complain(who, error)
            return False

    def start_all(self, work):
        tools = types.SimpleNamespace(lunfs=self.lunfs, null_fuse=os.path.join(self.build, "tests/lib/null-fuse"),
                                      loopback=os.path.join(self.build, "tests/lib/loopback"))
        up = {LIMITS: None}
        for t in self.profile.targets:
            target = targets.KINDS[t.kind](t, work, self.build)
            if self.start(target, f"target {t.name}"):
                up[t.name] = target
        for c in self.profile.contenders:
            for name in c.targets:
                if name not in up:
                    continue
                contender = contenders.KINDS[c.kind](c, up[name], work, tools)
                if self.start(contender, f"{c.name} on {name}"):
                    self.fields.append((name, contender, set(c.jobs)))

    def touch(self):
        """Each LUN is written once, so that no target allocates a page while it is measured."""
        done = set()
        for name, contender, _ in self.fields:
            if name not in done and isinstance(contender, contenders.Lunfs):
                done.add(name)
                try:
                    run("dd", "if=/dev/zero", f"of={contender.file}", "bs=1M", f"count={contender.mib}",
                        "conv=notrunc", "status=none")
                except COMPLAINTS as error:
                    self.complain(f"writing {name}", error)

    def one(self, number, job, field):
        name, contender, _ = field
        try:
            figures = measure(contender, job, self.seconds)
        except COMPLAINTS as error:
            self.complain(f"{job.title}, {contender.name} on {name}", error)
            return False
        row = dict.fromkeys(NUMBERS) | figures
        row |= {"profile": self.profile.name, "target": name, "job": job.key, "contender": contender.name,
                "round": number}
        self.rows.append(row)
        shown = [f"{number_text(row['rate'])} {job.unit}"] if row["rate"] else [f"{row['seconds']:.2f} s"]
        shown += [f"{number_text(row['cpu'])} µs CPU"] if row["cpu"] else []
        where = "" if name == LIMITS else f" on {name}"
        self.say(f"{self.profile.name} {number}/{self.rounds}  {job.title}, {contender.name}{where}:"
                 f" {', '.join(shown)}")
        return True

    def rounds_of_jobs(self):
        broken = set()
        for number in range(1, self.rounds + 1):
            for job in self.profile.jobs:
                able = [f for f in self.fields if f[1].can(job) and (not f[2] or job.key in f[2])]
                turn = number % len(able) if able else 0  # nobody is always the first after a pause
                for field in able[turn:] + able[:turn]:
                    if (job.key, id(field)) not in broken and not self.one(number, job, field):
                        broken.add((job.key, id(field)))

    def __call__(self):
        work = tempfile.mkdtemp(prefix="lunfs-bench-")
        try:
            self.start_all(work)
            self.touch()
            self.rounds_of_jobs()
        finally:
            for thing in reversed(self.started):
                try:
                    thing.stop()
                except OSError as error:
                    self.say(f"stopping {thing.name}: {error}")
            shutil.rmtree(work, ignore_errors=True)
        return self.rows, self.failures
