# SPDX-License-Identifier: Apache-2.0
"""The targets of a run: on 127.0.0.1, on ports the kernel chooses, over memory."""
import glob
import os
import re
import signal
import socket
import subprocess

from .processes import MIB, Server, run

SHM = "/dev/shm/lunfs-bench"


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def sweep():
    """Removes what a run left behind that was killed by SIGKILL."""
    for path in glob.glob(SHM + "-*"):
        match = re.fullmatch(re.escape(SHM) + r"-(\d+)-.*", path)
        if match and not os.path.exists(f"/proc/{match[1]}"):
            os.unlink(path)


class Target:
    def __init__(self, target, work):
        self.name, self.luns, self.mib, self.options = target.name, target.luns, target.mib, target.options
        self.work, self.server = work, None

    def url(self, lun=None):
        return f"iscsi://127.0.0.1:{self.port}/{self.iqn}" + ("" if lun is None else f"/{lun}")


class Fast(Target):
    """tests/lib/fast_target: a program over memory; all its LUNs are the same."""
    iqn, first_lun = "iqn.2026-01.com.example:fast", 0

    def __init__(self, target, work, build):
        super().__init__(target, work)
        self.program = os.path.join(build, "tests", "lib", "fast-target")

    def describe(self):
        return f"`fast-target {' '.join(self.arguments())}`"

    def arguments(self):
        return ["--luns", str(self.luns), "--size", f"{self.mib}M", *self.options]

    def start(self):
        log = os.path.join(self.work, f"target-{self.name}.log")
        self.server = Server(log, [self.program, *self.arguments()], on_orphan=signal.SIGKILL)
        self.server.wait_until(f"target '{self.name}'", self.server.said)
        self.port = int(self.server.said())

    def stop(self):
        if self.server:
            self.server.stop()


class Tgt(Target):
    """tgtd over files in /dev/shm, written once: no page is allocated while measuring."""
    iqn, first_lun = "iqn.2026-01.com.example:bench", 1

    def __init__(self, target, work, build):
        super().__init__(target, work)
        self.files = []
        self.env = dict(os.environ, TGT_IPC_SOCKET=os.path.join(work, f"tgtd-{self.name}"))

    def describe(self):
        return "tgtd, " + (", ".join(self.options) or "its own keys")

    def adm(self, *argv):
        return run("tgtadm", "-C", "1", "--lld", "iscsi", *argv, env=self.env)

    def answers(self):
        p = subprocess.run(["tgtadm", "-C", "1", "--op", "show", "--mode", "sys"], env=self.env,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return p.returncode == 0

    def start(self):
        self.port = free_port()
        self.server = Server(os.path.join(self.work, f"target-{self.name}.log"),
                             ["tgtd", "-f", "-C", "1", "--iscsi", f"portal=127.0.0.1:{self.port}"], self.env,
                             on_orphan=signal.SIGKILL)
        self.server.wait_until(f"target '{self.name}'", self.answers)
        self.adm("--op", "new", "--mode", "target", "--tid", "1", "-T", self.iqn)
        for option in self.options:
            key, _, value = option.partition("=")
            self.adm("--op", "update", "--mode", "target", "--tid", "1", "--name", key, "--value", value)
        for lun in range(1, self.luns + 1):
            self.add(lun)
        self.adm("--op", "bind", "--mode", "target", "--tid", "1", "-I", "ALL")

    def add(self, lun):
        path = f"{SHM}-{os.getpid()}-{self.name}-{lun}"
        self.files.append(path)
        noise = os.urandom(MIB)
        with open(path, "wb") as f:
            for _ in range(self.mib):
                f.write(noise)
        self.adm("--op", "new", "--mode", "logicalunit", "--tid", "1", "--lun", str(lun), "-b", path)

    def stop(self):
        if self.server:
            self.server.stop(signal.SIGKILL)  # it does not end on SIGTERM while it has targets
        for path in self.files:
            if os.path.exists(path):
                os.unlink(path)


KINDS = {"fast": Fast, "tgt": Tgt}
