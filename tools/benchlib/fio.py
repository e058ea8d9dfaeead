# SPDX-License-Identifier: Apache-2.0
"""One job of fio on a file."""
import json

from .processes import Failure, run

PERCENTILES = {"p50": "50.000000", "p90": "90.000000", "p99": "99.000000", "p999": "99.900000"}


def arguments(file, job, seconds, mib):
    escaped = file.replace("\\", "\\\\").replace(":", "\\:")  # fio splits names at colons
    return ["fio", "--name=bench", "--filename=" + escaped, "--rw=" + job.way, f"--bs={job.block}",
            f"--iodepth={job.depth}", "--ioengine=libaio", "--direct=1", f"--size={mib}m", "--time_based",
            f"--runtime={seconds}", "--norandommap", "--randrepeat=1", "--fallocate=none", "--overwrite=1",
            "--allow_file_create=0", "--output-format=json", "--percentile_list=50:90:99:99.9"]


def measure(file, job, seconds, mib):
    """rate, operations, and percentiles of the latency in µs."""
    text = run(*arguments(file, job, seconds, mib))
    try:
        report = json.loads(text[text.index("{"):])["jobs"][0]
    except (ValueError, KeyError, IndexError):
        raise Failure("fio prints no report:\n" + text[-500:]) from None
    side = report["read" if job.reads else "write"]
    if report["error"] or not side["total_ios"]:
        raise Failure(f"fio: error {report['error']}, {side['total_ios']} operations")
    row = {key: side["clat_ns"]["percentile"][name] / 1e3 for key, name in PERCENTILES.items()}
    row["operations"] = side["total_ios"]
    row["rate"] = side["iops"] if job.small else side["bw_bytes"] / (1 << 20)
    return row
