# SPDX-License-Identifier: Apache-2.0
"""Processes of a run: started so that they end with it, and their CPU time and memory."""
import ctypes
import os
import signal
import subprocess
import time

PAGE = os.sysconf("SC_PAGE_SIZE")
MIB = 1 << 20
LIBC = ctypes.CDLL(None)


class Failure(Exception):
    pass


def end_with_us(how=signal.SIGKILL):
    """For preexec_fn: the signal comes when this program dies, whatever it dies of (PR_SET_PDEATHSIG)."""
    return lambda: LIBC.prctl(1, how)


def run(*argv, **options):
    """What it printed; a failure shows it."""
    process = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             text=True, errors="replace", preexec_fn=end_with_us(), check=False, **options)
    if process.returncode:
        raise Failure(f"{' '.join(argv)}: exit {process.returncode}\n{process.stdout.strip()[-2000:]}")
    return process.stdout


def run_measured(*argv):
    """(what it printed, its CPU time in seconds)"""
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          preexec_fn=end_with_us()) as process:
        try:
            text = process.stdout.read().decode(errors="replace")
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        except BaseException:
            process.kill()
            raise
    if process.returncode:
        raise Failure(f"{' '.join(argv)}: exit {process.returncode}\n{text.strip()[-2000:]}")
    return text, usage.ru_utime + usage.ru_stime


class Server:
    """A process that stays. In a session of its own, so that Ctrl-C is answered by us alone, in order."""

    def __init__(self, log, argv, env=None, on_orphan=signal.SIGTERM):
        self.log = log
        with open(log, "w", encoding="utf-8") as out:
            self.process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env,
                                            start_new_session=True, preexec_fn=end_with_us(on_orphan))

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return f.read()[-2000:].strip()

    def wait_until(self, what, ready, seconds=60, pause=0.02):
        end = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > end:
                raise Failure(f"{what} does not come up: {self.said() or 'it says nothing'}")
            time.sleep(pause)

    def cpu_seconds(self):
        """Of all its threads, ended ones too, in nanoseconds' resolution: its CPU-time clock
        (clock_getcpuclockid(3)), whose number Linux makes of the process id."""
        return time.clock_gettime(~self.process.pid << 3 | 2)

    def rss(self):
        """MiB."""
        with open(f"/proc/{self.process.pid}/statm", encoding="ascii") as f:
            return int(f.read().split()[1]) * PAGE / MIB

    def wakes(self):
        """How often its threads have slept and been woken."""
        n = 0
        for task in os.listdir(f"/proc/{self.process.pid}/task"):
            with open(f"/proc/{self.process.pid}/task/{task}/status", encoding="ascii", errors="replace") as f:
                n += sum(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt_switches"))
        return n

    def stop(self, how=signal.SIGTERM, seconds=15):
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(seconds)
            except subprocess.TimeoutExpired:
                self.process.kill()
        self.process.wait()


def unmount(path):
    """Whatever is left of a mount."""
    for argv in (["umount", "-l", path], ["fusermount3", "-u", "-z", path]):
        if is_mounted(path):
            subprocess.run(argv, stderr=subprocess.DEVNULL, check=False)


def is_mounted(path):
    """Without a look at the path itself, whose daemon may be dead."""
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
        return any(line.split()[4] == path for line in f)
