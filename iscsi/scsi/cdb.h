/* SPDX-License-Identifier: Apache-2.0 */
/* Command descriptor blocks (SPC-4, SBC-3). Every builder fills all 16 bytes. Pure; any thread. */
#ifndef LUN_SCSI_CDB_H
#define LUN_SCSI_CDB_H

#include <stdbool.h>
#include <stdint.h>

#define CDB_MAX 16

enum cdb_opcode {
    CDB_TEST_UNIT_READY = 0x00,
    CDB_REQUEST_SENSE = 0x03,
    CDB_INQUIRY = 0x12,
    CDB_MODE_SENSE_6 = 0x1a,
    CDB_READ_CAPACITY_10 = 0x25,
    CDB_READ_10 = 0x28,
    CDB_WRITE_10 = 0x2a,
    CDB_SYNCHRONIZE_CACHE_10 = 0x35,
    CDB_MODE_SENSE_10 = 0x5a,
    CDB_READ_16 = 0x88,
    CDB_WRITE_16 = 0x8a,
    CDB_SYNCHRONIZE_CACHE_16 = 0x91,
    CDB_SERVICE_ACTION_IN_16 = 0x9e,
    CDB_REPORT_LUNS = 0xa0,
};

void cdb_test_unit_ready(uint8_t cdb[static CDB_MAX]);
void cdb_request_sense(uint8_t cdb[static CDB_MAX], bool descriptor, uint8_t allocation);
void cdb_inquiry(uint8_t cdb[static CDB_MAX], bool evpd, uint8_t page, uint16_t allocation);
void cdb_mode_sense_6(uint8_t cdb[static CDB_MAX], uint8_t control, uint8_t page, uint8_t subpage,
                      uint8_t allocation);
void cdb_mode_sense_10(uint8_t cdb[static CDB_MAX], uint8_t control, uint8_t page, uint8_t subpage,
                       uint16_t allocation);
void cdb_read_capacity_10(uint8_t cdb[static CDB_MAX]);
void cdb_read_capacity_16(uint8_t cdb[static CDB_MAX], uint32_t allocation);
void cdb_report_luns(uint8_t cdb[static CDB_MAX], uint8_t select, uint32_t allocation);
/* READ(16) or READ(10), by `sixteen`; with (10), lba and blocks must fit. */
void cdb_read(uint8_t cdb[static CDB_MAX], bool sixteen, uint64_t lba, uint32_t blocks);
void cdb_write(uint8_t cdb[static CDB_MAX], bool sixteen, bool fua, uint64_t lba, uint32_t blocks);
void cdb_synchronize_cache(uint8_t cdb[static CDB_MAX], bool sixteen, uint64_t lba, uint32_t blocks);
/* "READ(16)" for 0x88; "command 0xNN" is the caller's business when NULL. */
const char *cdb_name(uint8_t opcode, uint8_t service_action);

#endif
