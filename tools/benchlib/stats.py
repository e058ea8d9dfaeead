# SPDX-License-Identifier: Apache-2.0
"""Rows of measurements, their medians and spreads, and whether what is wanted holds.

A row is a dict with the columns of the CSV; a figure that was not measured is None.
"""
import csv
import dataclasses
import io
import statistics

WORDS = ("profile", "target", "job", "contender")
NUMBERS = ("round", "rate", "cpu", "p50", "p90", "p99", "p999", "rss", "seconds", "wakes")
COLUMNS = WORDS + NUMBERS


def values(rows, profile, target, job, contender, what):
    wanted = {"profile": profile, "target": target, "job": job, "contender": contender}
    found = [r[what] for r in rows if all(r[k] == v for k, v in wanted.items())]
    return [v for v in found if v is not None]


def median(numbers):
    return statistics.median(numbers) if numbers else None


def number_text(n):
    """Three digits that say something, and no more."""
    return f"{n:,.0f}" if abs(n) >= 100 else f"{n:.1f}" if abs(n) >= 10 else f"{n:.2f}"


def cell(numbers):
    """Median, and the least and greatest of the rounds."""
    if not numbers:
        return "–"
    text = number_text(statistics.median(numbers))
    if len(numbers) == 1:
        return text
    return f"{text} ({number_text(min(numbers))}–{number_text(max(numbers))})"


@dataclasses.dataclass(frozen=True)
class Verdict:
    ours: list
    theirs: list  # None: the figure itself is limited
    value: float  # the ratio, or the figure; None where something was not measured
    holds: bool  # None: not known

    @property
    def mark(self):
        return "not measured" if self.holds is None else "pass" if self.holds else "**fail**"


def judge(ours, theirs, limit, at_least):
    """`theirs` is None where the figure itself is limited, and empty where nothing was measured."""
    if not ours or (theirs is not None and not theirs):
        return Verdict(ours, theirs, None, None)
    value = statistics.median(ours)
    if theirs is not None:
        base = statistics.median(theirs)
        if base == 0:
            return Verdict(ours, theirs, None, None)
        value /= base
    return Verdict(ours, theirs, value, value >= limit if at_least else value <= limit)


def verdicts(profile, rows):
    """(wanted, verdict) for each thing a profile wants."""
    for w in profile.wanted:
        ours = values(rows, profile.name, w.target, w.job, w.of, w.what)
        theirs = values(rows, profile.name, w.against_target, w.job, w.against, w.what) if w.against else None
        yield w, judge(ours, theirs, w.limit, w.at_least)


def to_csv(meta, rows):
    """`meta` goes before, a comment a line."""
    out = io.StringIO()
    for key, value in meta.items():
        out.write(f"# {key}: {value}\n")
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    for row in rows:
        writer.writerow({k: "" if v is None else f"{v:.6g}" if isinstance(v, float) else v for k, v in row.items()})
    return out.getvalue()


def from_csv(text):
    """(meta, rows) as they were; ValueError names the line that is none."""
    meta, lines = {}, text.splitlines()
    while lines and lines[0].startswith("# "):
        key, _, value = lines.pop(0)[2:].partition(": ")
        meta[key] = value
    reader = csv.DictReader(lines)
    if tuple(reader.fieldnames or ()) != COLUMNS:
        raise ValueError(f"line {len(meta) + 1}: the columns are not those of tools/bench")
    rows = []
    for row in reader:
        try:
            rows.append({k: row[k] if k in WORDS else float(row[k]) if row[k] else None for k in COLUMNS})
        except (TypeError, ValueError):
            raise ValueError(f"line {len(meta) + reader.line_num}: a number is expected") from None
    return meta, rows
