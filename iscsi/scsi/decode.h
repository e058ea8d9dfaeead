/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the library itself needs to know from device data (the decoders that make facts for people are
 * declared in lun.h: inquiry.c, vpd.c, capacity.c, sense.c, mode.c). Pure; any thread. Each returns false,
 * with *ret untouched, when the bytes are too short or contradict themselves.
 */
#ifndef LUN_SCSI_DECODE_H
#define LUN_SCSI_DECODE_H

#include "lun.h"

struct scsi_sense { /* SPC-4 4.5; fixed and descriptor format */
    bool descriptor, deferred;
    uint8_t key, asc, ascq;
    bool has_information;
    uint64_t information;
};
/* n may be as small as a device makes it; key alone (3 bytes fixed, 2 descriptor) is enough, asc/ascq are
 * then 0. */
bool scsi_sense_parse(const void *data, size_t n, struct scsi_sense *ret);
/* "unit attention, power on, reset, or bus device reset occurred (06/29/00)" */
void scsi_sense_text(const struct scsi_sense *s, char *ret, size_t room);
/* "CHECK CONDITION", "BUSY", ...; never NULL (SAM-5 5.3.1). */
const char *scsi_status_name(uint8_t status);

enum scsi_status {
    SCSI_GOOD = 0x00,
    SCSI_CHECK_CONDITION = 0x02,
    SCSI_CONDITION_MET = 0x04,
    SCSI_BUSY = 0x08,
    SCSI_RESERVATION_CONFLICT = 0x18,
    SCSI_TASK_SET_FULL = 0x28,
    SCSI_ACA_ACTIVE = 0x30,
    SCSI_TASK_ABORTED = 0x40,
};

struct scsi_capacity { /* SBC-3 5.15, 5.16 */
    uint64_t blocks;   /* number of blocks (last LBA + 1) */
    uint32_t block_size;
    bool more;       /* READ CAPACITY(10) said ffffffff: ask (16) */
    bool protection; /* PROT_EN */
    uint8_t physical_exponent;
    uint16_t lowest_aligned;
    bool thin, reads_zero; /* LBPME, LBPRZ */
};
bool scsi_capacity_parse(const void *data, size_t n,
                         struct scsi_capacity *ret); /* n 8..11: (10); 12 or more: (16) */

struct scsi_block_limits { /* VPD B0, SBC-3 6.6.4; 0 = not reported; in blocks */
    uint32_t max_transfer, optimal_transfer;
    uint16_t optimal_granularity;
};
bool scsi_block_limits_parse(const void *data, size_t n, struct scsi_block_limits *ret);

/* LU-associated names from VPD 83, best first (naa, eui, t10, name string): "naa.6001405…" in lower-case hex,
 * "t10." and the printable text with other bytes as \xNN. Returns how many. */
size_t scsi_unit_names(const void *data, size_t n, char (*ret)[272], size_t room);
/* The page codes VPD 00 lists, ascending. */
size_t scsi_vpd_list(const void *data, size_t n, uint8_t ret[static 256]);
/* Caching mode page (08h) in MODE SENSE data: WCE. Write-protect bit from the header. */
bool scsi_mode_parse(const void *data, size_t n, bool ten, bool *ret_write_protect, bool *ret_has_caching,
                     bool *ret_write_cache);

/* REPORT LUNS data (SPC-4 6.33): the i-th LUN field as a big-endian number; count is what the bytes really
 * hold, *ret_needed the bytes a whole answer would have. */
bool scsi_luns_count(const void *data, size_t n, size_t *ret_count, size_t *ret_needed);
uint64_t scsi_luns_at(const void *data, size_t i);

#endif
