# SPDX-License-Identifier: Apache-2.0
"""The report, as Markdown: what is wanted and whether it holds, then the figures and the plots of each profile."""
import collections

from . import stats
from .processes import Failure
from .profiles import LIMITS

BEGIN, END = "<!-- tools/bench --write -->", "<!-- end -->"
NAMES = {"qemu": "qemu-storage-daemon", "loopback": "loopback TCP"}
WHAT = {"rate": "throughput", "cpu": "CPU per operation", "p50": "median latency", "p90": "p90 latency",
        "p99": "p99 latency", "p999": "p99.9 latency", "rss": "resident memory", "seconds": "time",
        "wakes": "wake-ups a second"}
UNITS = {"cpu": "µs", "p50": "µs", "p90": "µs", "p99": "µs", "p999": "µs", "rss": "MiB", "seconds": "s"}


def name_of(contender):
    return NAMES.get(contender, contender)


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def reach_rows(profile, rows):
    jobs = {j.key: j for j in profile.jobs}
    for w, verdict in stats.verdicts(profile, rows):
        where = w.target if w.against_target == w.target else f"{w.target} / {w.against_target}"
        unit = jobs[w.job].unit if w.what == "rate" else UNITS.get(w.what, "")
        sign = "≥" if w.at_least else "≤"
        ratio = "" if verdict.value is None else f"{verdict.value:.2f}"
        yield [where, jobs[w.job].title, f"{WHAT[w.what]}, {unit}".rstrip(", "), w.of, stats.cell(verdict.ours),
               name_of(w.against), stats.cell(verdict.theirs) if w.against else "", ratio if w.against else "",
               f"{sign} {w.limit:g}" + ("×" if w.against else ""), verdict.mark]


REACH_HEAD = ["target", "job", "figure", "of", "measured", "against", "measured", "ratio", "wanted", ""]


def verdict_lines(profiles, rows):
    """For the terminal."""
    lines = []
    for profile in profiles:
        for r in reach_rows(profile, rows):
            figure = f"{r[7]}× of {r[5]}" if r[5] else r[4]
            lines.append(f"{r[9].replace('**', ''):12}  {r[8]:7}  {r[0]}: {r[1]}: {r[2]}, {r[3]}: {figure}")
    return "\n".join(lines)


def fields_of(profile, target, rows):
    """The contenders that were measured there, in the profile's order, and after them the limits."""
    measured = {(r["target"], r["contender"]) for r in rows if r["profile"] == profile.name}
    for where in (target, LIMITS):
        for c in profile.contenders:
            if (where, c.name) in measured and where in c.targets:
                yield where, c.name


def figures(profile, rows, target, what, jobs, texts):
    """One figure of each job, a column for each contender that has it."""
    fields = []
    for where, contender in fields_of(profile, target, rows):
        if any(stats.values(rows, profile.name, where, j.key, contender, what) for j in jobs):
            fields.append((where, contender))
    if not fields:
        return ""
    body = []
    for job in jobs:
        cells = [stats.cell(stats.values(rows, profile.name, where, job.key, contender, what))
                 for where, contender in fields]
        if any(c != "–" for c in cells):
            unit = job.unit if what == "rate" else UNITS.get(what, "")
            body.append([job.title, unit, *cells])
    return f"{texts}\n\n" + table(["job", ""] + [name_of(c) for _, c in fields], body)


def latency(profile, rows, target, jobs):
    keys = ("p50", "p90", "p99", "p999")
    body = []
    for job in jobs:
        for where, contender in fields_of(profile, target, rows):
            numbers = [stats.median(stats.values(rows, profile.name, where, job.key, contender, k)) for k in keys]
            if None not in numbers:
                body.append([job.title, name_of(contender)] + [stats.number_text(n) for n in numbers])
    if not body:
        return ""
    return "Latency, µs (medians of the rounds):\n\n" + table(["job", "", "p50", "p90", "p99", "p99.9"], body)


def fold(text, title):
    return f"<details><summary>{title}</summary>\n\n{text}\n\n</details>"


def section(profile, rows, drawn, plot_folder):
    parts = [f"### {profile.title}"]
    parts += [profile.about.strip()] if profile.about.strip() else []
    wanted = list(reach_rows(profile, rows))
    parts += [table(REACH_HEAD, wanted)] if wanted else []
    parts += [f"![{p.title}]({plot_folder}{p.name}.svg)" for p in profile.plots if p.name in drawn]
    for target in profile.targets:
        full = [figures(profile, rows, target.name, "rate", profile.jobs, "Throughput:"),
                figures(profile, rows, target.name, "cpu", profile.jobs,
                        "CPU time of the daemon or program per operation (of copies: per MiB):"),
                latency(profile, rows, target.name, profile.jobs),
                figures(profile, rows, target.name, "rss", profile.jobs, "Resident memory:"),
                figures(profile, rows, target.name, "seconds", profile.jobs, "Time until all LUNs are there:"),
                figures(profile, rows, target.name, "wakes", profile.jobs, "Wake-ups a second when idle:")]
        parts.append(fold("\n\n".join(t for t in full if t), f"All figures on {describe(target)}"))
    return "\n\n".join(parts)


def describe(target):
    kind = {"fast": "the fast target", "tgt": "tgt"}[target.kind]
    options = f", {', '.join(target.options)}" if target.options else ""
    return f"{kind} ({target.luns} LUN{'s' if target.luns > 1 else ''} of {target.mib} MiB{options})"


def make(meta, profiles, rows, failures, drawn, plot_folder):
    """(the text, how often what is wanted holds, does not, and is not known)"""
    counts = collections.Counter(v.holds for p in profiles for _, v in stats.verdicts(p, rows))
    parts = [
        f"Made by `{meta['command']}` on {meta['date']}, commit {meta['commit']}; rounds: {meta['rounds']},"
        f" seconds of each measurement: {meta['seconds']}. A cell is the median of the rounds (least–greatest).",
        f"Machine: {meta['machine']}; {meta['versions']}.",
        f"Of what is wanted, {counts[True]} figures hold, {counts[False]} do not, and {counts[None]} were not"
        " measured."]
    if failures:
        parts.append("Failed:\n\n" + "\n".join(f"- {f.splitlines()[0]}" for f in failures))
    parts += [section(p, rows, drawn, plot_folder) for p in profiles]
    return "\n\n".join(parts) + "\n", counts


def put(path, text):
    """Replaces what stands between the marks."""
    with open(path, encoding="utf-8") as f:
        before, begin, rest = f.read().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise Failure(f"{path}: the marks {BEGIN} and {END} are not there")
    with open(path, "w", encoding="utf-8") as f:
        f.write(before + begin + "\n" + text + end + after)
