# SPDX-License-Identifier: Apache-2.0
"""Profiles: what is to be measured, on what, and what is wanted of it; TOML files (tools/profiles/README.md).

Whatever is wrong in one is a ProfileError that names the file and the key.
"""
import dataclasses
import itertools
import os
import re
import tomllib

KIB, MIB = 1 << 10, 1 << 20
TARGET_KINDS = ("fast", "tgt")
CONTENDER_KINDS = ("lunfs", "qemu", "iscsi-perf", "null-fuse", "loopback")
LIMIT_KINDS = ("null-fuse", "loopback")  # they need no target, and are measured once for all of them
LIMITS = "none"  # stands where the target's name does
JOB_KINDS = ("io", "copy", "mount")
WAYS = ("randread", "randwrite", "read", "write")
COPIES = ("cp-read", "cp-write", "dd-read", "dd-write")
MEASURES = ("rate", "cpu", "p50", "p90", "p99", "p999", "rss", "seconds", "wakes")
PLOT_KINDS = ("bars", "lines", "latency")


class ProfileError(Exception):
    pass


@dataclasses.dataclass(frozen=True)
class Target:
    name: str
    kind: str
    luns: int
    mib: int
    options: tuple


@dataclasses.dataclass(frozen=True)
class Contender:
    name: str
    kind: str
    options: tuple
    targets: tuple
    jobs: tuple  # keys of jobs; empty: all


@dataclasses.dataclass(frozen=True)
class Job:
    key: str
    kind: str
    way: str = ""
    block: int = 0
    depth: int = 0
    mib: int = 0

    @property
    def reads(self):
        return "read" in self.way

    @property
    def small(self):
        """Small operations are counted, large ones weighed."""
        return self.kind == "io" and self.block < 64 * KIB

    @property
    def unit(self):
        return "IOPS" if self.small else "MiB/s"

    @property
    def title(self):
        if self.kind == "mount":
            return "mount"
        if self.kind == "copy":
            tool, _, way = self.way.partition("-")
            return f"{'dd bs=1M' if tool == 'dd' else 'cp'}, {way}s {self.mib} MiB"
        return f"{size_text(self.block)} {self.way.replace('rand', 'random ')}s, depth {self.depth}"


@dataclasses.dataclass(frozen=True)
class Wanted:
    target: str
    job: str
    what: str
    of: str
    against: str  # empty: the figure itself is limited
    against_target: str
    limit: float
    at_least: bool


@dataclasses.dataclass(frozen=True)
class Plot:
    name: str
    kind: str
    title: str
    what: str
    target: str
    x: str
    jobs: tuple


@dataclasses.dataclass(frozen=True)
class Profile:
    name: str
    title: str
    about: str
    targets: tuple
    contenders: tuple
    jobs: tuple
    wanted: tuple
    plots: tuple
    rounds: int  # 0: as the command line says
    seconds: int


def size_text(n):
    if n % MIB == 0:
        return f"{n // MIB} MiB"
    return f"{n // KIB} KiB" if n % KIB == 0 else f"{n} B"


def size_key(n):
    return size_text(n).replace(" ", "").replace("iB", "").replace("B", "")


class Table:
    """A TOML table whose keys are taken one by one; what is left over is unknown."""

    def __init__(self, place, values):
        self.place, self.left = place, dict(values)

    def fail(self, key, problem):
        raise ProfileError(f"{self.place}, {key}: {problem}")

    def take(self, key, kind, default=None):
        if key not in self.left:
            if default is None:
                self.fail(key, "is missing")
            return default
        value = self.left.pop(key)
        good = isinstance(value, kind) and not (isinstance(value, bool) and bool not in (kind, *as_tuple(kind)))
        if not good:
            wanted = " or ".join({"str": "a text", "int": "a number", "float": "a number", "list": "a list",
                                  "dict": "a table"}[k.__name__] for k in as_tuple(kind))
            self.fail(key, f"{wanted} is expected, not {value!r}")
        return value

    def number(self, key, low, high, default=None):
        n = self.take(key, int, default)
        if not low <= n <= high:
            self.fail(key, f"{n} is not from {low} to {high}")
        return n

    def choice(self, key, known, default=None):
        return self.check(key, self.take(key, str, default), known)

    def check(self, key, value, known):
        if value not in known:
            self.fail(key, f"'{value}' is none of: {', '.join(map(str, known))}")
        return value

    def texts(self, key, default=None):
        """One text, or a list of them."""
        values = self.take(key, (str, list), default)
        values = [values] if isinstance(values, str) else values
        for v in values:
            if not isinstance(v, str):
                self.fail(key, f"a text is expected, not {v!r}")
        return tuple(values)

    def choices(self, key, known, default=None):
        return tuple(self.check(key, v, known) for v in self.texts(key, default))

    def tables(self, key):
        for i, values in enumerate(self.take(key, list, [])):
            place = f"{self.place}, {key} {i + 1}"
            if not isinstance(values, dict):
                raise ProfileError(f"{place}: a table is expected, not {values!r}")
            yield Table(place, values)

    def end(self):
        for key in self.left:
            self.fail(key, "is not known")


def as_tuple(kind):
    return kind if isinstance(kind, tuple) else (kind,)


def bytes_of(table, key, text):
    match = re.fullmatch(r"(\d{1,8})([KM]?)", text)
    n = int(match[1]) * {"": 1, "K": KIB, "M": MIB}[match[2]] if match else 0
    if not match or not 512 <= n <= 16 * MIB or n % 512:
        table.fail(key, f"'{text}' is no multiple of 512 from 512 to 16M")
    return n


def targets_of(table):
    for t in table.tables("targets"):
        target = Target(t.take("name", str), t.choice("kind", TARGET_KINDS), t.number("luns", 1, 1000, 1),
                        t.number("mib", 1, 4096, 512), t.texts("options", []))
        t.end()
        if target.name == LIMITS:
            t.fail("name", f"'{LIMITS}' is taken")
        yield target


def jobs_of(table):
    for t in table.tables("jobs"):
        kind = t.choice("kind", JOB_KINDS, "io")
        if kind == "mount":
            yield Job("mount", kind)
        elif kind == "copy":
            mib = t.number("mib", 1, 4096, 1024)
            for way in t.choices("way", COPIES, list(COPIES)):
                yield Job(way, kind, way, mib=mib)
        else:
            yield from io_jobs(t)
        t.end()


def io_jobs(t):
    ways = t.choices("way", WAYS)
    blocks = [bytes_of(t, "block", text) for text in t.texts("block")]
    depths = t.take("depth", (int, list))
    depths = depths if isinstance(depths, list) else [depths]
    for depth in depths:
        if not isinstance(depth, int) or isinstance(depth, bool) or not 1 <= depth <= 256:
            t.fail("depth", f"{depth!r} is not from 1 to 256")
    for block, depth, way in itertools.product(blocks, depths, ways):
        yield Job(f"{way}-{size_key(block)}-{depth}", "io", way, block, depth)


def contenders_of(table, targets, jobs):
    for t in table.tables("contenders"):
        kind = t.choice("kind", CONTENDER_KINDS)
        name = t.take("name", str, kind)
        options = t.texts("options", [])
        where = t.choices("targets", targets, list(targets))
        which = t.choices("jobs", jobs, [])
        t.end()
        yield Contender(name, kind, options, (LIMITS,) if kind in LIMIT_KINDS else where, which)


def wanted_of(table, targets, jobs, names):
    for t in table.tables("wanted"):
        where = t.choices("target", targets)
        which = t.choices("job", jobs)
        what = t.choice("what", MEASURES)
        of = t.choice("of", names)
        against = t.choice("against", [*names, ""], "")
        against_target = t.choice("against_target", [*targets, ""], "")
        if ("at_least" in t.left) == ("at_most" in t.left):
            t.fail("at_least", "either at_least or at_most is expected")
        at_least = "at_least" in t.left
        limit = float(t.take("at_least" if at_least else "at_most", (int, float)))
        t.end()
        for target, job in itertools.product(where, which):
            yield Wanted(target, job, what, of, against, against_target or target, limit, at_least)


def plots_of(table, targets, jobs):
    for t in table.tables("plots"):
        plot = Plot(t.take("name", str), t.choice("kind", PLOT_KINDS), t.take("title", str),
                    t.choice("what", MEASURES, "rate"), t.choice("target", targets),
                    t.choice("x", ("depth", "block"), "depth"), t.choices("jobs", jobs, []))
        t.end()
        if not re.fullmatch(r"[a-z0-9-]+", plot.name):
            t.fail("name", f"'{plot.name}' is no name of a file: small letters, digits and -")
        yield plot


def unique(place, kind, names):
    for name in names:
        if names.count(name) > 1:
            raise ProfileError(f"{place}: two {kind} are named '{name}'")
    return names


def parse(text, place, name):
    """The profile in a text; `place` is what errors call it."""
    try:
        table = Table(place, tomllib.loads(text))
    except tomllib.TOMLDecodeError as e:
        raise ProfileError(f"{place}: {e}") from None
    title, about = table.take("title", str), table.take("about", str, "")
    rounds, seconds = table.number("rounds", 0, 100, 0), table.number("seconds", 0, 600, 0)
    targets = tuple(targets_of(table))
    target_names = unique(place, "targets", [t.name for t in targets])
    jobs = tuple(jobs_of(table))
    keys = unique(place, "jobs", [j.key for j in jobs])
    contenders = tuple(contenders_of(table, target_names, keys))
    names = unique(place, "contenders", [c.name for c in contenders])
    wanted = tuple(wanted_of(table, target_names, keys, names))
    plots = tuple(plots_of(table, target_names, keys))
    table.end()
    if not targets or not jobs or not contenders:
        raise ProfileError(f"{place}: targets, jobs and contenders are expected, at least one each")
    return Profile(name, title, about, targets, contenders, jobs, wanted, plots, rounds, seconds)


def load(path):
    try:
        with open(path, encoding="utf-8") as f:
            text = f.read()
    except (OSError, UnicodeDecodeError) as e:
        raise ProfileError(f"{path}: {getattr(e, 'strerror', None) or e}") from None
    return parse(text, path, os.path.splitext(os.path.basename(path))[0])
