#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts test cases, not programs: tally.py DIR WRAPPER TESTLOG.json

DIR holds the TAP files that run-tap had the Criterion programs write, and sanitizers' reports (report.*).
Prints a line for each program, the whole output of each that failed, and "N passed, N failed, N skipped".
A program that writes no TAP is one case. One that ends badly while its cases look well (killed, timed out,
plan not fulfilled) counts as one failure more, and so does each report of a sanitizer: Criterion itself
does not notice a leak found when a test's process exits."""
import glob
import hashlib
import json
import os
import re
import sys


# Of the sanitizers; of valgrind.
REPORT = re.compile(r"ERROR:|runtime error:|(WARNING|FATAL): ThreadSanitizer|"
                    r"^==\d+== +(Invalid|Conditional jump|Use of uninit|Syscall param|Mismatched|Process terminating|"
                    r".*definitely lost)", re.MULTILINE)


def cases(path):
    """(passed, failed, skipped, complete) of a TAP file."""
    passed = failed = skipped = 0
    plan = None
    with open(path, encoding="utf-8", errors="replace") as tap:
        for line in tap:
            if match := re.match(r"1\.\.(\d+)", line):
                plan = int(match.group(1))
            elif line.startswith("not ok"):
                failed += 1
            elif line.startswith("ok"):
                if "# SKIP" in line:
                    skipped += 1
                else:
                    passed += 1
    return passed, failed, skipped, plan == passed + failed + skipped


def tally(entry, directory, wrapper):
    """(passed, failed, skipped) of one program."""
    command = entry["command"]
    if wrapper in command:
        command = command[command.index(wrapper) + 1:]
    text = "".join(word + "\n" for word in command)
    tap = os.path.join(directory, hashlib.md5(text.encode()).hexdigest() + ".tap")
    well = entry["result"] in ("OK", "EXPECTEDFAIL")
    if not os.path.exists(tap):
        if entry["result"] == "SKIP":
            return 0, 0, 1
        return (1, 0, 0) if well else (0, 1, 0)
    passed, failed, skipped, complete = cases(tap)
    if failed == 0 and not (well and complete):
        failed = 1
    return passed, failed, skipped


def main():
    directory, wrapper, log = sys.argv[1:4]
    total = [0, 0, 0]
    seen = 0
    with open(log, encoding="utf-8", errors="replace") as lines:
        entries = [json.loads(line) for line in lines if line.strip()]
    for entry in sorted(entries, key=lambda e: e["name"]):
        counts = tally(entry, directory, wrapper)
        total = [a + b for a, b in zip(total, counts)]
        seen += 1
        if counts[1] or entry["result"] not in ("OK", "SKIP", "EXPECTEDFAIL"):
            print(f"---- output of {entry['name']} ({entry['result']}, exit code {entry.get('returncode')})")
            print(entry.get("stdout") or "", end="")
            print(entry.get("stderr") or "", end="")
            print("----")
        print(f"{entry['name']}: {counts[0]} passed, {counts[1]} failed, {counts[2]} skipped"
              f" ({entry['result']}, {entry['duration']:.1f} s)")
    for report in sorted(glob.glob(os.path.join(directory, "report.*"))):
        with open(report, encoding="utf-8", errors="replace") as file:
            text = file.read()
        # LeakSanitizer also writes remarks, for instance when a process is killed while it looks.
        if REPORT.search(text):
            total[1] += 1
            print(f"---- sanitizer report {os.path.basename(report)}\n{text}\n----")
    print(f"{total[0]} passed, {total[1]} failed, {total[2]} skipped")
    sys.exit(0 if total[1] == 0 and total[0] > 0 else 1)


main()
