/* SPDX-License-Identifier: Apache-2.0 */
/* Builders and names of command descriptor blocks. Pure, any thread. SPC-4 6, SBC-3 5. */
#include "scsi/cdb.h"

#include "base/bytes.h"

#include <stddef.h>
#include <string.h>

enum {
    CDB_FUA = 0x08,                  /* byte 1 of READ and WRITE, SBC-3 5.8 */
    CDB_EVPD = 0x01,                 /* byte 1 of INQUIRY, SPC-4 6.6 */
    CDB_DESC = 0x01,                 /* byte 1 of REQUEST SENSE, SPC-4 6.39 */
    SERVICE_READ_CAPACITY_16 = 0x10, /* SBC-3 5.16 */
};

static void begin(uint8_t cdb[static CDB_MAX], uint8_t opcode)
{
    memset(cdb, 0, CDB_MAX);
    cdb[0] = opcode;
}

void cdb_test_unit_ready(uint8_t cdb[static CDB_MAX])
{
    begin(cdb, CDB_TEST_UNIT_READY);
}

void cdb_request_sense(uint8_t cdb[static CDB_MAX], bool descriptor, uint8_t allocation)
{
    begin(cdb, CDB_REQUEST_SENSE);
    cdb[1] = descriptor ? CDB_DESC : 0;
    cdb[4] = allocation;
}

void cdb_inquiry(uint8_t cdb[static CDB_MAX], bool evpd, uint8_t page, uint16_t allocation)
{
    begin(cdb, CDB_INQUIRY);
    cdb[1] = evpd ? CDB_EVPD : 0;
    cdb[2] = evpd ? page : 0; /* a page code without EVPD is an invalid field (SPC-4 6.6.1) */
    put_be16(cdb + 3, allocation);
}

void cdb_mode_sense_6(uint8_t cdb[static CDB_MAX], uint8_t control, uint8_t page, uint8_t subpage,
                      uint8_t allocation)
{
    begin(cdb, CDB_MODE_SENSE_6);
    cdb[2] = (uint8_t)((control & 3) << 6 | (page & 0x3f));
    cdb[3] = subpage;
    cdb[4] = allocation;
}

void cdb_mode_sense_10(uint8_t cdb[static CDB_MAX], uint8_t control, uint8_t page, uint8_t subpage,
                       uint16_t allocation)
{
    begin(cdb, CDB_MODE_SENSE_10);
    cdb[2] = (uint8_t)((control & 3) << 6 | (page & 0x3f));
    cdb[3] = subpage;
    put_be16(cdb + 7, allocation);
}

void cdb_read_capacity_10(uint8_t cdb[static CDB_MAX])
{
    begin(cdb, CDB_READ_CAPACITY_10);
}

void cdb_read_capacity_16(uint8_t cdb[static CDB_MAX], uint32_t allocation)
{
    begin(cdb, CDB_SERVICE_ACTION_IN_16);
    cdb[1] = SERVICE_READ_CAPACITY_16;
    put_be32(cdb + 10, allocation);
}

void cdb_report_luns(uint8_t cdb[static CDB_MAX], uint8_t select, uint32_t allocation)
{
    begin(cdb, CDB_REPORT_LUNS);
    cdb[2] = select;
    put_be32(cdb + 6, allocation);
}

/* The layout READ, WRITE and SYNCHRONIZE CACHE share: LBA at byte 2, number of blocks after it. */
static void extent(uint8_t cdb[static CDB_MAX], bool sixteen, uint64_t lba, uint32_t blocks)
{
    if (sixteen) {
        put_be64(cdb + 2, lba);
        put_be32(cdb + 10, blocks);
    } else {
        put_be32(cdb + 2, (uint32_t)lba);
        put_be16(cdb + 7, (uint16_t)blocks);
    }
}

void cdb_read(uint8_t cdb[static CDB_MAX], bool sixteen, uint64_t lba, uint32_t blocks)
{
    begin(cdb, sixteen ? CDB_READ_16 : CDB_READ_10);
    extent(cdb, sixteen, lba, blocks);
}

void cdb_write(uint8_t cdb[static CDB_MAX], bool sixteen, bool fua, uint64_t lba, uint32_t blocks)
{
    begin(cdb, sixteen ? CDB_WRITE_16 : CDB_WRITE_10);
    cdb[1] = fua ? CDB_FUA : 0;
    extent(cdb, sixteen, lba, blocks);
}

void cdb_synchronize_cache(uint8_t cdb[static CDB_MAX], bool sixteen, uint64_t lba, uint32_t blocks)
{
    begin(cdb, sixteen ? CDB_SYNCHRONIZE_CACHE_16 : CDB_SYNCHRONIZE_CACHE_10);
    extent(cdb, sixteen, lba, blocks);
}

static const char *service_action_in_16_name(uint8_t service_action)
{
    switch (service_action & 0x1f) {
    case 0x10:
        return "READ CAPACITY(16)";
    case 0x12:
        return "GET LBA STATUS";
    default:
        return "SERVICE ACTION IN(16)";
    }
}

/* Also the names of commands that have no builder yet: sense data and logs may speak of them. */
static const char *const names[256] = {
    [0x00] = "TEST UNIT READY",
    [0x03] = "REQUEST SENSE",
    [0x04] = "FORMAT UNIT",
    [0x08] = "READ(6)",
    [0x0a] = "WRITE(6)",
    [0x12] = "INQUIRY",
    [0x15] = "MODE SELECT(6)",
    [0x16] = "RESERVE(6)",
    [0x17] = "RELEASE(6)",
    [0x1a] = "MODE SENSE(6)",
    [0x1b] = "START STOP UNIT",
    [0x1e] = "PREVENT ALLOW MEDIUM REMOVAL",
    [0x25] = "READ CAPACITY(10)",
    [0x28] = "READ(10)",
    [0x2a] = "WRITE(10)",
    [0x2e] = "WRITE AND VERIFY(10)",
    [0x2f] = "VERIFY(10)",
    [0x34] = "PRE-FETCH(10)",
    [0x35] = "SYNCHRONIZE CACHE(10)",
    [0x41] = "WRITE SAME(10)",
    [0x42] = "UNMAP",
    [0x4d] = "LOG SENSE",
    [0x55] = "MODE SELECT(10)",
    [0x5a] = "MODE SENSE(10)",
    [0x5e] = "PERSISTENT RESERVE IN",
    [0x5f] = "PERSISTENT RESERVE OUT",
    [0x83] = "EXTENDED COPY",
    [0x84] = "RECEIVE COPY RESULTS",
    [0x88] = "READ(16)",
    [0x89] = "COMPARE AND WRITE",
    [0x8a] = "WRITE(16)",
    [0x8b] = "ORWRITE(16)",
    [0x8e] = "WRITE AND VERIFY(16)",
    [0x8f] = "VERIFY(16)",
    [0x90] = "PRE-FETCH(16)",
    [0x91] = "SYNCHRONIZE CACHE(16)",
    [0x93] = "WRITE SAME(16)",
    [0xa0] = "REPORT LUNS",
    [0xa3] = "MAINTENANCE IN",
    [0xa4] = "MAINTENANCE OUT",
    [0xa8] = "READ(12)",
    [0xaa] = "WRITE(12)",
    [0xae] = "WRITE AND VERIFY(12)",
    [0xaf] = "VERIFY(12)",
};

const char *cdb_name(uint8_t opcode, uint8_t service_action)
{
    if (opcode == CDB_SERVICE_ACTION_IN_16)
        return service_action_in_16_name(service_action);
    return names[opcode];
}
