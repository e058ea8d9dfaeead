# SPDX-License-Identifier: Apache-2.0
"""The command: options, what has to be installed, the runs, and where the results go."""
import argparse
import os
import platform
import shutil
import signal
import subprocess
import sys
import time

from . import profiles, report, stats, targets
from .measure import Run
from .processes import PAGE, Failure

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(TOP, "tools", "profiles")
DEFAULT = ("reach", "depth", "size", "scale", "digests", "copy")
PACKAGES = {"tgtd": "tgt", "fio": "fio", "qemu-storage-daemon": "qemu-system-common qemu-block-extra",
            "iscsi-perf": "libiscsi-bin", "umount": "mount"}


def options():
    p = argparse.ArgumentParser(prog="tools/bench", description="Measures lunfs beside its nearest peers, and beside"
                                " what FUSE and TCP cost by themselves, in interleaved rounds. Run it as root.")
    p.add_argument("profile", nargs="*", help=f"a name in tools/profiles, or a file; default: {' '.join(DEFAULT)}")
    p.add_argument("--quick", action="store_true", help="the profile 'quick': does it all work? (under 3 minutes)")
    p.add_argument("--rounds", type=int, default=5, help="how often each contender does each job (5)")
    p.add_argument("--seconds", type=int, default=1, help="of each measurement (1)")
    p.add_argument("--build", metavar="DIR", default=os.path.join(TOP, "build"), help="(build)")
    p.add_argument("--lunfs", metavar="FILE", help="another daemon (BUILD/src/lunfs)")
    p.add_argument("--out", metavar="DIR", help="for results.csv, report.md and the plots (BUILD/bench)")
    p.add_argument("--from", dest="source", metavar="CSV", help="measure nothing: a report of these results")
    p.add_argument("--write", action="store_true", help="put the report into docs/benchmarks.md, the rest into"
                   " docs/plots")
    o = p.parse_args()
    if o.quick and o.profile:
        p.error("--quick is a profile of its own")
    o.profile = o.profile or (["quick"] if o.quick else list(DEFAULT))
    o.build = os.path.abspath(o.build)
    o.lunfs = os.path.abspath(o.lunfs or os.path.join(o.build, "src", "lunfs"))
    o.out = os.path.join(TOP, "docs", "plots") if o.write else os.path.abspath(o.out or
                                                                             os.path.join(o.build, "bench"))
    if min(o.rounds, o.seconds) < 1:
        p.error("--rounds and --seconds start at 1")
    return o


def load(name):
    return profiles.load(name if "/" in name or name.endswith(".toml") else os.path.join(FOLDER, name + ".toml"))


def need(o, chosen):
    kinds = {c.kind for p in chosen for c in p.contenders}
    programs = {"umount"} | ({"fio"} if kinds - {"iscsi-perf", "loopback"} else set())
    programs |= {"tgtd"} if any(t.kind == "tgt" for p in chosen for t in p.targets) else set()
    programs |= {"qemu-storage-daemon"} if "qemu" in kinds else set()
    programs |= {"iscsi-perf"} if "iscsi-perf" in kinds else set()
    missing = sorted(p for p in programs if not shutil.which(p))
    if missing:
        raise Failure(f"not found: {', '.join(missing)}; tools/deps --bench, or apt-get install "
                      + " ".join(PACKAGES[m] for m in missing))
    built = [o.lunfs] + [os.path.join(o.build, "tests", "lib", n) for n in ("fast-target", "null-fuse", "loopback")]
    for path in built:
        if not os.access(path, os.X_OK):
            raise Failure(f"{path} is not there; build first:"
                          " meson setup build --buildtype=release && ninja -C build")


def version_of(package):
    p = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", package], stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL, text=True, check=False)
    return p.stdout or "of unknown version"


def machine():
    cpu = "processors of unknown name"
    with open("/proc/cpuinfo", encoding="utf-8", errors="replace") as f:
        for line in f:
            if line.startswith("model name"):
                cpu = line.partition(":")[2].strip()
                break
    memory = os.sysconf("SC_PHYS_PAGES") * PAGE / (1 << 30)
    return f"{len(os.sched_getaffinity(0))} × {cpu}, {memory:.0f} GiB, Linux {platform.release()}"


def versions():
    return (f"tgt {version_of('tgt')}, qemu-storage-daemon {version_of('qemu-system-common')}, libiscsi"
            f" {version_of('libiscsi-bin')}, fio {version_of('fio')}, libfuse {version_of('libfuse3-3')}")


def commit():
    p = subprocess.run(["git", "-c", f"safe.directory={TOP}", "-C", TOP, "describe", "--always", "--dirty",
                        "--exclude=*"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
    return p.stdout.strip() or "unknown"


def each(values):
    return "/".join(str(v) for v in dict.fromkeys(values))


def describe(o, chosen):
    command = ["tools/bench"] + ([] if o.profile == list(DEFAULT) else ["--quick"] if o.quick else o.profile)
    command += [f"--rounds {o.rounds}"] if o.rounds != 5 else []
    command += [f"--seconds {o.seconds}"] if o.seconds != 1 else []
    return {"command": " ".join(command), "commit": commit(), "date": time.strftime("%Y-%m-%d", time.gmtime()),
            "machine": machine(), "versions": versions(), "profiles": " ".join(o.profile),
            "rounds": each(p.rounds or o.rounds for p in chosen),
            "seconds": each(p.seconds or o.seconds for p in chosen)}


def say(text):
    print(text, flush=True)


def run_all(o, chosen):
    targets.sweep()
    meta, rows, failures = describe(o, chosen), [], []
    begin = time.monotonic()
    for profile in chosen:
        more, failed = Run(profile, o, say)()
        rows += more
        failures += failed
    say(f"measured in {time.monotonic() - begin:.0f} s")
    return meta, rows, failures


def write(path, text):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def from_file(o):
    try:
        with open(o.source, encoding="utf-8") as f:
            meta, rows = stats.from_csv(f.read())
    except (OSError, ValueError) as e:
        raise Failure(f"{o.source}: {getattr(e, 'strerror', None) or e}") from None
    return meta, rows, [load(name) for name in meta.get("profiles", "").split()]


def bench(o):
    failures = []
    if o.source:
        meta, rows, chosen = from_file(o)
    else:
        chosen = [load(name) for name in o.profile]
        need(o, chosen)
        meta, rows, failures = run_all(o, chosen)
        write(os.path.join(o.out, "results.csv"), stats.to_csv(meta, rows))
    drawn = draw(o, chosen, rows)
    text, counts = report.make(meta, chosen, rows, failures, drawn, "plots/" if o.write else "")
    write(os.path.join(o.out, "report.md"), text) if not o.write else report.put(
        os.path.join(TOP, "docs", "benchmarks.md"), text)
    say(report.verdict_lines(chosen, rows))
    say(f"{counts[True]} of the wanted figures hold, {counts[False]} do not, {counts[None]} were not measured; "
        f"{len(failures)} measurements failed. Written: {o.out}")
    return 1 if counts[False] or counts[None] or failures else 0


def draw(o, chosen, rows):
    """The names of the plots drawn; without matplotlib, none."""
    try:
        from . import plots
    except ImportError:
        say("no plots: python3-matplotlib is not installed (tools/deps --bench)")
        return []
    return plots.draw_all(o.out, chosen, rows)


def main():
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda n, frame: sys.exit(128 + n))  # so that `finally` runs
    try:
        return bench(options())
    except (Failure, profiles.ProfileError) as failure:
        print(f"tools/bench: {failure}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
