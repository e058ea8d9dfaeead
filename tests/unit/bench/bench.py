#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The parts of tools/bench that measure nothing: profiles and how bad ones are refused, medians, ratios, verdicts,
the CSV and the report. Says what it found as TAP, where tests/lib/run-tap has Criterion's programs say it."""
import glob
import os
import sys
import tempfile
import traceback
import types

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(TOP, "tools"))
from benchlib import contenders, profiles, report, stats  # noqa: E402
from benchlib.processes import Failure  # noqa: E402

GOOD = """
title = "T"
[[targets]]
name = "a"
kind = "fast"
[[jobs]]
way = ["randread", "write"]
block = ["4K", "1M"]
depth = [1, 32]
[[contenders]]
kind = "lunfs"
options = ["poll=never"]
[[contenders]]
kind = "qemu"
[[contenders]]
kind = "null-fuse"
[[wanted]]
target = "a"
job = ["randread-4K-1", "write-1M-32"]
what = "rate"
of = "lunfs"
against = "qemu"
at_least = 1.5
"""


def equal(got, wanted):
    assert got == wanted, f"{got!r} instead of {wanted!r}"


def good():
    return profiles.parse(GOOD, "p.toml", "p")


def refuses(change, with_what, *wanted):
    assert change in GOOD, change
    try:
        profiles.parse(GOOD.replace(change, with_what), "p.toml", "p")
    except profiles.ProfileError as e:
        for text in ("p.toml", *wanted):
            assert text in str(e), f"no '{text}' in: {e}"
    else:
        raise AssertionError(f"{with_what!r} is taken")


def row(contender, rate, job="randread-4K-1", target="a", number=1):
    return dict.fromkeys(stats.NUMBERS) | {"profile": "p", "target": target, "job": job, "contender": contender,
                                           "round": number, "rate": rate}


def test_combinations_become_jobs():
    equal([j.key for j in good().jobs],
          ["randread-4K-1", "write-4K-1", "randread-4K-32", "write-4K-32",
           "randread-1M-1", "write-1M-1", "randread-1M-32", "write-1M-32"])
    equal(good().jobs[0].title, "4 KiB random reads, depth 1")
    equal([j.unit for j in good().jobs[3:5]], ["IOPS", "MiB/s"])


def test_wanted_of_several_jobs():
    equal([(w.job, w.limit, w.at_least) for w in good().wanted],
          [("randread-4K-1", 1.5, True), ("write-1M-32", 1.5, True)])


def test_limits_have_no_target():
    equal([c.targets for c in good().contenders], [("a",), ("a",), ("none",)])


def test_every_profile_here_is_good():
    paths = glob.glob(os.path.join(TOP, "tools", "profiles", "*.toml"))
    assert len(paths) >= 7, paths
    for path in paths:
        profiles.load(path)


def test_names_of_plots_are_unique():
    names = [p.name for path in glob.glob(os.path.join(TOP, "tools", "profiles", "*.toml"))
             for p in profiles.load(path).plots]
    equal(len(names), len(set(names)))


def test_unknown_keys_are_named():
    refuses('title = "T"', 'title = "T"\ncolour = "red"', "colour", "not known")
    refuses('kind = "fast"', 'kind = "fast"\nlun = 1', "targets 1, lun", "not known")


def test_missing_keys_are_named():
    refuses('title = "T"', "", "title", "missing")
    refuses('what = "rate"', "", "wanted 1, what", "missing")


def test_bad_kinds_name_the_good_ones():
    refuses('kind = "qemu"', 'kind = "qemuu"', "contenders 2, kind", "'qemuu'", "iscsi-perf")
    refuses('kind = "fast"', "kind = 3", "targets 1, kind", "a text is expected, not 3")


def test_bad_numbers_are_named():
    refuses("[1, 32]", "[1, 257]", "jobs 1, depth", "257 is not from 1 to 256")
    refuses("[1, 32]", "[1, true]", "jobs 1, depth")
    refuses('"4K"', '"4097"', "jobs 1, block", "'4097'")
    refuses('"4K"', '"32M"', "jobs 1, block", "'32M'")
    refuses('kind = "fast"', 'kind = "fast"\nluns = true', "targets 1, luns", "a number is expected")
    refuses("at_least = 1.5", 'at_least = "much"', "wanted 1, at_least", "a number is expected")


def test_one_limit_is_expected():
    refuses("at_least = 1.5", "", "either at_least or at_most")
    refuses("at_least = 1.5", "at_least = 1\nat_most = 2", "either at_least or at_most")


def test_unknown_references_are_named():
    refuses('"write-1M-32"]', '"write-1M-33"]', "wanted 1, job", "'write-1M-33'")
    refuses('of = "lunfs"', 'of = "lunsf"', "wanted 1, of", "'lunsf'")
    refuses('target = "a"', 'target = "b"', "wanted 1, target", "'b'")


def test_names_are_unique():
    refuses('kind = "qemu"', 'kind = "lunfs"', "two contenders are named 'lunfs'")


def test_what_is_no_toml_is_refused():
    refuses('title = "T"', "title = ", "line 2")


def test_a_file_that_is_not_there():
    try:
        profiles.load("/nowhere/p.toml")
    except profiles.ProfileError as e:
        equal(str(e), "/nowhere/p.toml: No such file or directory")


def test_a_mount_is_complete_when_its_disks_have_their_size():
    with tempfile.TemporaryDirectory() as folder:
        mount = contenders.Lunfs.__new__(contenders.Lunfs)
        mount.folder, mount.mib, mount.target = folder, 1, types.SimpleNamespace(iqn="iqn", luns=2)
        equal(mount.is_complete(), False)  # not even the target's folder
        for lun, size in ((0, None), (1, 1 << 20), (2, 0)):  # LUN 0 is no disk, as tgt's
            os.makedirs(os.path.join(folder, "iqn", f"lun{lun}"))
            if size is not None:
                with open(os.path.join(folder, "iqn", f"lun{lun}", "data"), "wb") as f:
                    f.truncate(size)
        equal(mount.is_complete(), False)  # LUN 2 has no size yet
        os.truncate(os.path.join(folder, "iqn", "lun2", "data"), 1 << 20)
        equal(mount.is_complete(), True)
        mount.target.luns = 3
        equal(mount.is_complete(), False)


def test_median_and_spread():
    equal(stats.cell([]), "–")
    equal(stats.cell([1234.5]), "1,234")
    equal(stats.cell([30, 10, 20.5]), "20.5 (10.0–30.0)")
    equal(stats.median([1, 2, 3, 10]), 2.5)


def test_ratios():
    verdict = stats.judge([30, 20, 10], [10, 12, 8], 2.0, True)
    equal((verdict.value, verdict.holds, verdict.mark), (2.0, True, "pass"))
    equal(stats.judge([19.9], [10], 2.0, True).mark, "**fail**")
    equal(stats.judge([3], [10], 0.35, False).holds, True)
    equal(stats.judge([4], [10], 0.35, False).holds, False)


def test_limits_of_a_figure_itself():
    equal(stats.judge([2.9], None, 3, False).holds, True)
    equal(stats.judge([3.1], None, 3, False).holds, False)


def test_what_was_not_measured_neither_holds_nor_fails():
    for verdict in (stats.judge([], [1], 1, True), stats.judge([1], [], 1, True), stats.judge([], None, 1, True),
                    stats.judge([1], [0], 1, True)):
        equal((verdict.holds, verdict.mark), (None, "not measured"))


def test_verdicts_take_the_rows_they_are_about():
    rows = [row("lunfs", 30), row("lunfs", 1, target="b"), row("lunfs", 1, job="write-4K-1"), row("qemu", 10)]
    equal([v.value for _, v in stats.verdicts(good(), rows)], [3.0, None])


def test_csv_goes_there_and_back():
    rows = [row("lunfs, poll=never", 1234.5), row("qemu", 10.0) | {"p999": 0.25}]
    meta, back = stats.from_csv(stats.to_csv({"commit": "abc: def"}, rows))
    equal((meta, back), ({"commit": "abc: def"}, rows))


def test_bad_csv_names_the_line():
    text = stats.to_csv({"a": "b"}, [row("lunfs", 1.0)])
    for bad, wanted in ((text.replace("round", "rnd"), "line 2"), (text.replace(",1,1", ",1,x"), "line 3")):
        try:
            stats.from_csv(bad)
        except ValueError as e:
            assert wanted in str(e), e
        else:
            raise AssertionError(bad)


def test_the_report_counts_and_names():
    meta = dict.fromkeys(("command", "date", "machine", "versions", "rounds", "seconds"), "x") | {"commit": "c0ffee"}
    text, counts = report.make(meta, [good()], [row("lunfs", 30.0), row("qemu", 10.0)], ["it broke\nmore"], [], "")
    equal((counts[True], counts[False], counts[None]), (1, 0, 1))
    for wanted in ("c0ffee", "| 3.00 | ≥ 1.5× | pass |", "not measured", "- it broke\n", "qemu-storage-daemon"):
        assert wanted in text, text


def test_the_report_goes_between_the_marks():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "b.md")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n")
        report.put(path, "new\n")
        with open(path, encoding="utf-8") as f:
            equal(f.read(), f"before\n{report.BEGIN}\nnew\n{report.END}\nafter\n")
        with open(path, "w", encoding="utf-8") as f:
            f.write("no marks")
        try:
            report.put(path, "new\n")
        except Failure as e:
            assert path in str(e)
        else:
            raise AssertionError("taken without marks")


def main():
    tests = {name: test for name, test in globals().items() if name.startswith("test_")}
    lines, failed = [f"1..{len(tests)}"], 0
    for name, test in tests.items():
        try:
            test()
            lines.append(f"ok - {name}")
        except Exception:  # each is a result
            failed += 1
            traceback.print_exc()
            lines.append(f"not ok - {name}")
    text = "\n".join(lines) + "\n"
    where = os.environ.get("CRITERION_OUTPUTS", "").partition("tap:")[2]
    if where:
        with open(where, "w", encoding="utf-8") as f:
            f.write(text)
    else:
        print(text, end="")
    sys.exit(1 if failed else 0)


main()
