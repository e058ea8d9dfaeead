#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the seeds of the fuzz targets: seeds.py CORPUS.

SCSI data and configurations are those of tests/data; texts, logins and sessions are conversations as RFC 7143 has
them, in the form that each target's header comment describes. Found cases stand beside the seeds, under names that
say what they showed, and are not written by this."""
import hashlib
import pathlib
import struct
import sys

DATA = pathlib.Path(__file__).resolve().parent.parent / "data"
SCSI = ["inquiry", "vpd-", "sense-", "mode-6", "mode-10", "capacity-", "luns"]
ANSWERS = {
    "HeaderDigest": "None", "DataDigest": "None", "MaxConnections": "1", "InitialR2T": "No", "ImmediateData": "Yes",
    "MaxRecvDataSegmentLength": "8192", "MaxBurstLength": "262144", "FirstBurstLength": "65536",
    "DefaultTime2Wait": "2", "DefaultTime2Retain": "0", "MaxOutstandingR2T": "1", "DataPDUInOrder": "Yes",
    "DataSequenceInOrder": "Yes", "ErrorRecoveryLevel": "0"}


def text(*pairs, **keys):
    return b"".join(p.encode() + b"\0" for p in [*pairs, *(f"{k}={v}" for k, v in keys.items())])


def scsi():
    for path in sorted((DATA / "scsi").glob("*/*.bin")):
        for number, prefix in enumerate(SCSI):
            if path.name.startswith(prefix):
                yield f"{path.parent.name}-{path.stem}", bytes([number]) + path.read_bytes()


def config():
    for path in sorted((DATA / "config").glob("*/*.yaml")):
        if path.stat().st_size < 3000:
            yield f"{path.parent.name}-{path.stem}", path.read_bytes()


def texts():
    found = text("TargetName=iqn.2026-01.com.example:disk", "TargetAddress=192.0.2.10:3260,1",
                 "TargetAddress=[fd00::5]:3260,2", "TargetName=eui.0123456789abcdef", "TargetAddress=host.example")
    answers = text(**ANSWERS)
    yield "send-targets", b"\x10" + found
    yield "answers", b"\0" + answers
    yield "discovery", b"\x01" + text(HeaderDigest="None", MaxRecvDataSegmentLength="8192", ErrorRecoveryLevel="0")
    yield "reserved", b"\0" + text("InitialR2T=Irrelevant", "MaxBurstLength=Reject", "X-com.example=1",
                                   "IFMarker=No", "TaskReporting=FastAbort", "iSCSIProtocolLevel=2")
    yield "chap", b"\x08" + text("AuthMethod=CHAP", "CHAP_A=5", "CHAP_I=27", "CHAP_C=0x0123456789abcdef0",
                                 "CHAP_N=disk", "CHAP_R=0bQUJDREVGR0hJSktMTU5PUA==")
    yield "padded", b"\0\0\0" + text("TargetAlias=a disk", "X#NodeArchitecture=none") + b"\0\0"


def response(flags, body=b"", wrong=0, status=0):
    return bytes([wrong, flags, status >> 8, status & 255]) + struct.pack(">H", len(body)) + body


def logins():
    chap_a = text(CHAP_A="5", CHAP_I="27", CHAP_C="0x" + "5c" * 16)
    first = response(0x81, text("TargetPortalGroupTag=1", "AuthMethod=None"))
    keys = {k: v for k, v in ANSWERS.items() if not k.endswith("Digest")}
    whole = text("HeaderDigest=None", "DataDigest=None", **keys)
    digests = text("HeaderDigest=CRC32C", "DataDigest=CRC32C", **keys)
    yield "none", b"\0" + first + response(0x83, whole)
    yield "digests", b"\x48" + first + response(0x83, digests)
    yield "discovery", b"\1" + first + response(0x83, text(HeaderDigest="None", DataDigest="None"))
    yield "split", b"\x10" + first + b"".join(
        response(0x40, whole[i:i + 100]) for i in range(0, 200, 100)) + response(0, whole[200:]) + response(0x83)
    chap = response(0, text("TargetPortalGroupTag=1", "AuthMethod=CHAP")) + response(0, chap_a)
    yield "chap", b"\2" + chap + response(0x81) + response(0x83, whole)
    answer = hashlib.md5(b"\xa5" + b"secret-of-disk1" + b"\xa5" * 16).hexdigest()
    yield "chap-mutual", b"\6" + chap + response(0x81, text("CHAP_N=disk", f"CHAP_R=0x{answer}")) + response(
        0x83, whole)
    yield "chap-reflected", b"\6" + response(0, text("AuthMethod=CHAP")) + response(
        0, text(CHAP_A="5", CHAP_I="165", CHAP_C="0x" + "a5" * 16))
    yield "moved", b"\0" + response(0, text("TargetAddress=192.0.2.9:3260,1"), status=0x0101)
    yield "refused", b"\0" + response(0, status=0x0201)
    yield "another-isid", b"\0" + response(0x81, text("AuthMethod=None"), wrong=2)


def urls():
    names = ["iqn.2026-01.com.example:disk", "eui.0123456789abcdef", "naa.60014051234567890123456789abcdef"]
    portals = ["192.0.2.1:3260", "[fd00::5]:3260", "[fe80::1%eth0]", "host.example", "[192.0.2.1]:860"]
    for i, portal in enumerate(portals):
        yield f"url-{i}", b"\0" + f"iscsi://alice%secret@{portal}/{names[0]}/{i * 300}".encode()
        yield f"portal-{i}", b"\1" + portal.encode()
        yield f"address-{i}", b"\3" + f"{portal},{i}".encode()
    for i, name in enumerate(names):
        yield f"name-{i}", b"\2" + name.encode()
    yield "source", b"\4" + (f"iscsi://192.0.2.1/{names[0]}/1\nsessions=2\ncache=cached:3:direct\nheader_digest=crc32c\n"
                             "io_timeout=30s\nmode=0600\nluns=1:2\nmax_transfer=1m\nread_only=true").encode()
    yield "source-discover", b"\4iscsi://[fd00::5]:3261\nuser=alice\npassword=secret-of-alice"
    for i, word in enumerate(["4KiB", "0x1000", "1TB", "83", "device-identification", "\\x00\xff"]):
        yield f"words-{i}", b"\5" + word.encode("latin-1")


DATA_IN, RESPONSE, R2T, NOP_IN, TASK, LOGIN, TEXT, LOGOUT, ASYNC, REJECT = range(10)


def pdu(kind, flags=0, wrong=0, which=0, patches=(), data=0):
    """data: a number of patterned bytes, or bytes."""
    body = struct.pack(">H", data) if isinstance(data, int) else struct.pack(">H", 0x8000 | len(data)) + data
    return bytes([1, kind, flags, wrong, which, len(patches)]) + b"".join(bytes(p) for p in patches) + body


def read(length, how=20, lent=False):
    return bytes([6 if lent else 5]) + struct.pack(">HB", length, how)


def write(length, how=20):
    return b"\7" + struct.pack(">HB", length, how)


def repeat(n):
    return b"\4" + struct.pack(">H", n)


def sessions():
    honest, lazy, keepalive = b"\x80", b"\1", b"\2"
    normal = honest + b"\0"
    plain, abort, passes, logout = b"\x08\0\0\x14", b"\x09", b"\x0a", b"\x0d"
    read_done = pdu(DATA_IN, flags=1, data=0x7000)
    yield "read", normal + read(4096) + read_done
    yield "read-lent", normal + read(4096, lent=True) + read_done
    yield "read-parts", normal + read(60000) + pdu(DATA_IN, flags=0x80, data=20000) + repeat(1) + read_done
    yield "read-large", normal + read(32000, 0x94) + pdu(DATA_IN, flags=0x80, data=30000) + repeat(7) + pdu(RESPONSE)
    yield "write", normal + write(65535, 0x94) + pdu(R2T, which=0) + pdu(RESPONSE)
    yield "write-small", b"\xd0\0" + write(4000) + pdu(R2T) + repeat(3) + pdu(RESPONSE)
    yield "no-immediate", b"\xf0\0" + write(4000) + pdu(R2T) + pdu(RESPONSE)
    yield "sense", normal + plain + pdu(RESPONSE, patches=[(3, 2)], data=b"\0\x12\x70\0\6\0\0\0\0\x0a\0\0\0\0\x29" + b"\0" * 5)
    yield "residual", normal + read(8192) + pdu(DATA_IN, flags=3, patches=[(46, 16)], data=4096)
    yield "digests", b"\x8c\0" + read(5000) + pdu(DATA_IN, flags=0x80, data=1001) + read_done + write(5000) + pdu(RESPONSE)
    yield "digest-wrong", b"\x8c\0" + read(5000) + pdu(DATA_IN, flags=0x80, wrong=0x40, data=1001)
    yield "nop-flood", honest + lazy + pdu(NOP_IN, wrong=1, patches=[(16, 255), (17, 255), (18, 255), (19, 255), (20, 0)]) + repeat(100)
    yield "ping", honest + keepalive + passes + b"\xe0" + pdu(NOP_IN) + passes + b"\xff"
    yield "abort", normal + read(4096) + abort + b"\0" + pdu(TASK) + read_done
    yield "abort-late", normal + write(4096) + abort + b"\0" + pdu(R2T) + pdu(RESPONSE) + pdu(TASK)
    yield "deadline", normal + read(512, 0) + passes + b"\xff" + pdu(TASK) + passes + b"\xff"
    yield "async", normal + b"".join(pdu(ASYNC, patches=[(36, n)]) for n in (0, 248, 255, 1))
    yield "reject", normal + plain + pdu(REJECT, patches=[(2, 9)], data=b"\1" + b"\0" * 47)
    yield "logout", normal + read(512) + logout + read_done + pdu(LOGOUT)
    yield "again", honest + b"\x08" + plain + pdu(RESPONSE) * 6 + read_done * 6
    yield "queue", honest + lazy + (read(512) + write(9000)) * 8 + b"\x0b\x30\0" + pdu(R2T) + b"\x0e" + pdu(RESPONSE, which=3)
    yield "trickle", normal + b"\x0c\1" + read(600) + read_done + pdu(NOP_IN, wrong=1)
    yield "discovery", b"\x81\0" + pdu(TEXT, data=text("TargetName=iqn.2026-01.com.example:disk", "TargetAddress=192.0.2.1:3260,1")) + pdu(LOGOUT)
    yield "discovery-endless", b"\x81\0" + pdu(TEXT, flags=0xc0, patches=[(20, 0)], data=200) + repeat(5000)
    login = pdu(LOGIN, flags=1, data=text("TargetPortalGroupTag=1", "AuthMethod=None"))
    keys = {k: v for k, v in ANSWERS.items() if not k.endswith("Digest")}
    whole = text("HeaderDigest=None", "DataDigest=None", **keys)
    yield "login", b"\0\0" + login + pdu(LOGIN, flags=7, data=whole) + read(4096) + read_done + logout + pdu(LOGOUT)
    yield "login-chap", b"\2\0" + pdu(LOGIN, flags=0x80, data=text("AuthMethod=CHAP")) + pdu(
        LOGIN, flags=0x80, data=text(CHAP_A="5", CHAP_I="1", CHAP_C="0x" + "5c" * 16)) + pdu(LOGIN, flags=1) + pdu(LOGIN, flags=7, data=whole)
    yield "header", normal + read(4096) + b"\3\x7f\0" + bytes([0x25, 0x81]) + b"\0" * 46 + b"\x10\0"
    yield "raw", normal + b"\0" + struct.pack(">H", 48) + bytes([0x20, 0x80]) + b"\0" * 14 + b"\xff" * 8 + b"\0" * 24


def main():
    corpus = pathlib.Path(sys.argv[1])
    for target, make in {"config": config, "login": logins, "scsi": scsi, "session": sessions, "text": texts,
                         "url": urls}.items():
        folder = corpus / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in make():
            (folder / f"seed-{name}").write_bytes(content)


if len(sys.argv) != 2:
    sys.exit(__doc__)
main()
