/* SPDX-License-Identifier: Apache-2.0 */
/* What the logical units of the fast target say of themselves (SPC-4 6.4, 6.11, 6.33, 7.5, 7.8; SBC-3 5.15,
 * 5.16, 6.4, 6.5). One thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "target.h"
#include "wire/lun_field.h"

/* An answer made in the slot. */
static struct answer made(uint32_t length, uint32_t allocation)
{
    return (struct answer){.slot = true, .length = length < allocation ? length : allocation};
}

static struct answer refused(uint32_t sense)
{
    return (struct answer){.sense = sense};
}

void unit_list(struct target *t)
{
    t->lun_list_length = 8 + 8 * t->luns;
    t->lun_list = calloc(1, t->lun_list_length);
    if (!t->lun_list)
        abort();
    put_be32(t->lun_list, 8 * t->luns);
    for (uint32_t i = 0; i < t->luns; i++) {
        uint64_t field = 0;
        lun_field_from_number(i, &field);
        put_be64(t->lun_list + 8 + 8 * (size_t)i, field);
    }
}

static void put_text(uint8_t *to, const char *text, size_t n)
{
    memset(to, ' ', n);
    memcpy(to, text, strlen(text) < n ? strlen(text) : n);
}

static uint32_t standard_inquiry(uint8_t *p, bool there)
{
    p[0] = there ? 0 : 0x7f;
    p[2] = 6;    /* SPC-4 */
    p[3] = 0x12; /* HiSup, response data format 2 */
    p[4] = 96 - 5;
    p[7] = 2; /* CmdQue */
    put_text(p + 8, "LUNFS", 8);
    put_text(p + 16, "FAST TARGET", 16);
    put_text(p + 32, "1", 4);
    memcpy(p + 58, "\x00\xa0\x09\x60\x04\x60\x04\xc0", 8); /* SAM-5, iSCSI, SPC-4, SBC-3 */
    return 96;
}

/* Distinct for each LUN of each target on this host: NAA 3h, locally assigned. */
static uint64_t identifier(const struct target *t, uint64_t lun)
{
    return 3ull << 60 | (uint64_t)t->port << 32 | lun;
}

/* The page behind its header of four bytes; -1: no such page. */
static int put_vpd(const struct target *t, uint64_t lun, uint8_t page, uint8_t *p)
{
    switch (page) {
    case 0x00:
        memcpy(p, "\x00\x80\x83\xb0", 4);
        return 4;
    case 0x80:
        return snprintf((char *)p, 32, "%016llx", (unsigned long long)identifier(t, lun));
    case 0x83:
        p[0] = 0x01; /* binary */
        p[1] = 0x03; /* of the logical unit, NAA */
        p[3] = 8;
        put_be64(p + 4, identifier(t, lun));
        return 12;
    case 0xb0:
        put_be32(p + 4, TRANSFER_MAX / t->block_size);
        put_be32(p + 8, (1u << 20) / t->block_size);
        return 60;
    default:
        return -1;
    }
}

static struct answer inquiry(const struct target *t, uint64_t lun, bool there, const uint8_t *cdb,
                             uint8_t *to)
{
    uint32_t allocation = get_be16(cdb + 3);
    if (cdb[1] & 0xfe)
        return refused(SENSE_FIELD);
    if (!(cdb[1] & 1))
        return cdb[2] ? refused(SENSE_FIELD) : made(standard_inquiry(to, there), allocation);
    int n = there ? put_vpd(t, lun, cdb[2], to + 4) : -1;
    if (n < 0)
        return refused(SENSE_FIELD);
    to[1] = cdb[2];
    put_be16(to + 2, (uint16_t)n);
    return made(4 + (uint32_t)n, allocation);
}

static struct answer report_luns(const struct target *t, const uint8_t *cdb)
{
    uint32_t allocation = get_be32(cdb + 6), n = t->lun_list_length;
    if (cdb[2] > 2 || allocation < 16)
        return refused(SENSE_FIELD);
    return (struct answer){.data = t->lun_list, .length = n < allocation ? n : allocation};
}

static struct answer capacity_10(const struct target *t, uint8_t *to)
{
    put_be32(to, t->blocks - 1 > UINT32_MAX ? UINT32_MAX : (uint32_t)(t->blocks - 1));
    put_be32(to + 4, t->block_size);
    return made(8, 8);
}

static struct answer capacity_16(const struct target *t, const uint8_t *cdb, uint8_t *to)
{
    if ((cdb[1] & 0x1f) != 0x10)
        return refused(SENSE_OPCODE);
    put_be64(to, t->blocks - 1);
    put_be32(to + 8, t->block_size);
    return made(32, get_be32(cdb + 10));
}

/* Mode pages behind the header: caching, control. `changeable` asks for the mask of what can be changed. */
static uint32_t put_pages(const struct target *t, uint8_t page, bool changeable, uint8_t *p)
{
    uint32_t n = 0;
    if (page == 0x08 || page == 0x3f) {
        p[n] = 0x08;
        p[n + 1] = 18;
        p[n + 2] = t->write_cache && !changeable ? 0x04 : 0; /* WCE */
        n += 20;
    }
    if (page == 0x0a || page == 0x3f) {
        p[n] = 0x0a;
        p[n + 1] = 10;
        n += 12;
    }
    return n;
}

static struct answer mode_sense(const struct target *t, const uint8_t *cdb, uint8_t *to)
{
    bool ten = cdb[0] == 0x5a;
    uint32_t header = ten ? 8 : 4, control = cdb[2] >> 6;
    if (control == 3)
        return refused(SENSE_SAVED);
    uint32_t n = put_pages(t, cdb[2] & 0x3f, control == 1, to + header);
    if (!n || (cdb[3] && cdb[3] != 0xff))
        return refused(SENSE_FIELD);
    if (ten) {
        put_be16(to, (uint16_t)(header + n - 2));
        to[3] = 0x10; /* DPOFUA: memory is all the medium there is */
    } else {
        to[0] = (uint8_t)(header + n - 1);
        to[2] = 0x10;
    }
    return made(header + n, ten ? get_be16(cdb + 7) : cdb[4]);
}

struct answer unit_answer(struct connection *c, const struct pdu_scsi_command *p)
{
    const struct target *t = c->target;
    uint8_t *to = output_slot(c)->data;
    uint64_t lun = 0;
    bool there = lun_field_to_number(p->lun, &lun) && lun < t->luns;
    struct answer a;
    memset(to, 0, 128);
    if (!there && p->cdb[0] != 0x12 && p->cdb[0] != 0xa0)
        return refused(SENSE_NO_LUN);
    switch (p->cdb[0]) {
    case 0x00: /* TEST UNIT READY */
    case 0x35: /* SYNCHRONIZE CACHE(10), (16) */
    case 0x91:
        return (struct answer){.length = 0};
    case 0x12:
        a = inquiry(t, lun, there, p->cdb, to);
        break;
    case 0x1a:
    case 0x5a:
        a = mode_sense(t, p->cdb, to);
        break;
    case 0x25:
        a = capacity_10(t, to);
        break;
    case 0x9e:
        a = capacity_16(t, p->cdb, to);
        break;
    case 0xa0:
        return report_luns(t, p->cdb);
    default:
        return refused(SENSE_OPCODE);
    }
    if (a.slot)
        a.data = to;
    return a;
}
