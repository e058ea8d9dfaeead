/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The disk behind a script: answers the commands by which an initiator learns what it has
 * (SPC-4 6.4, 6.11, 6.33, 7.8; SBC-3 5.15, 5.16, 6.6), in whatever order they come, so that scripts spell out
 * only what they test. Script's thread. Keys of the `device` line: blocks, block_size, max_transfer,
 * optimal_transfer and granularity (blocks, page B0), type, wce=1, wp=1, rc16=no (READ CAPACITY(16) refused),
 * evpd=no (EVPD ignored), name=N (another byte in the NAA of page 83), uas=N (unit attentions to begin with),
 * luns=0,1,5 or luns=range(N) (0 to N-1).
 */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "script_impl.h"

void script_device_init(struct script_device *d)
{
    *d = (struct script_device){.blocks = 2048, .block_size = 512, .lun_count = 1};
}

static bool set_luns(struct script_device *d, const char *v)
{
    unsigned n;
    d->lun_count = 0;
    if (sscanf(v, "range(%u)", &n) == 1) {
        for (; d->lun_count < n && d->lun_count < 1024; d->lun_count++)
            d->luns[d->lun_count] = d->lun_count;
        return true;
    }
    for (char *end = (char *)v; *v && d->lun_count < 1024; v = end + (*end == ',')) {
        d->luns[d->lun_count++] = strtoull(v, &end, 0);
        if (end == v)
            return false;
    }
    return true;
}

static bool set_one(struct script *s, const struct script_arg *a)
{
    struct script_device *d = &s->device;
    uint64_t n = 0;
    if (!strcmp(a->name, "luns"))
        return set_luns(d, a->value) || script_fail(s, "bad luns=%s", a->value);
    bool no = !strcmp(a->value, "no");
    if (!no && !script_value_number(s, a->value, 0, a->name, &n))
        return false;
    if (!strcmp(a->name, "blocks"))
        d->blocks = n;
    else if (!strcmp(a->name, "block_size"))
        d->block_size = (uint32_t)n;
    else if (!strcmp(a->name, "max_transfer"))
        d->max_transfer = (uint32_t)n;
    else if (!strcmp(a->name, "optimal_transfer"))
        d->optimal_transfer = (uint32_t)n;
    else if (!strcmp(a->name, "granularity"))
        d->granularity = (uint16_t)n;
    else if (!strcmp(a->name, "type"))
        d->type = (uint8_t)n;
    else if (!strcmp(a->name, "uas"))
        d->uas = (unsigned)n;
    else if (!strcmp(a->name, "wce"))
        d->wce = n;
    else if (!strcmp(a->name, "wp"))
        d->write_protect = n;
    else if (!strcmp(a->name, "rc16"))
        d->no_rc16 = no;
    else if (!strcmp(a->name, "name"))
        d->name = (uint8_t)n;
    else if (!strcmp(a->name, "evpd"))
        d->evpd_ignored = no;
    else
        return script_fail(s, "the device has no %s", a->name);
    return true;
}

bool script_device_set(struct script *s, const struct script_step *step)
{
    for (int i = 0; i < step->arg_count; i++)
        if (!set_one(s, &step->args[i]))
            return false;
    return true;
}

bool script_device_knows(const struct script_pdu *p)
{
    static const uint8_t known[] = {0x00, 0x03, 0x12, 0x1a, 0x25, 0x5a, 0x9e, 0xa0, 0xa3};
    return pdu_opcode(p->bhs) == PDU_SCSI_COMMAND && memchr(known, p->bhs[32], sizeof known);
}

/* ---- Answers ---- */

static bool respond(struct script *s, const uint8_t *to, uint8_t status, const void *data, uint32_t n)
{
    uint8_t bhs[PDU_BHS];
    script_send_begin(s, PDU_SCSI_RESPONSE, to, bhs);
    bhs[3] = status;
    uint32_t edtl = get_be32(to + 20);
    if (edtl && (to[1] & 0x60)) { /* 11.4.5.1: nothing of the expected length was moved */
        bhs[1] |= 0x02;
        put_be32(bhs + 44, edtl);
    }
    return script_send_answer(s, bhs, data, n);
}

static bool check_condition(struct script *s, const uint8_t *to, uint8_t key, uint8_t asc, uint8_t ascq)
{
    const uint8_t sense[20] = {0, 18, 0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq};
    return respond(s, to, 0x02, sense, sizeof sense);
}

static uint32_t their_limit(struct script *s)
{
    const char *v = script_heard(s, "MaxRecvDataSegmentLength");
    uint32_t n = v ? (uint32_t)strtoul(v, NULL, 0) : 0;
    return n ? n : 8192;
}

/* Data-In of n bytes, cut to the expected length and to their MaxRecvDataSegmentLength, status in the last.
 */
static bool give(struct script *s, const uint8_t *to, const uint8_t *data, uint32_t n, uint32_t allocation)
{
    uint32_t edtl = get_be32(to + 20), limit = their_limit(s);
    if (n > allocation)
        n = allocation;
    if (n > edtl)
        n = edtl;
    if (!n)
        return respond(s, to, 0, NULL, 0);
    for (uint32_t at = 0, sn = 0; at < n; sn++) {
        uint32_t piece = n - at < limit ? n - at : limit;
        uint8_t bhs[PDU_BHS];
        script_send_begin(s, PDU_DATA_IN, to, bhs);
        bool last = at + piece == n;
        bhs[1] = last ? 0x81 : 0; /* F, S */
        put_be32(bhs + 36, sn);
        put_be32(bhs + 40, at);
        if (last && n < edtl) {
            bhs[1] |= 0x02;
            put_be32(bhs + 44, edtl - n);
        }
        if (!script_send_answer(s, bhs, data + at, piece))
            return false;
        at += piece;
    }
    return true;
}

static bool inquiry_standard(struct script *s, const uint8_t *to, bool there)
{
    uint8_t d[36] = {there ? s->device.type : 0x7f, 0, 0x06, 0x12, 31, 0, 0, 0x02};
    memcpy(d + 8, "LUNFS   SCRIPTED TARGET 0001", 28);
    return give(s, to, d, sizeof d, get_be16(to + 35));
}

static bool inquiry_page(struct script *s, const uint8_t *to, uint64_t lun)
{
    uint8_t page = to[34], d[64] = {s->device.type, page};
    uint32_t n;
    switch (page) {
    case 0x00:
        memcpy(d + 4, (const uint8_t[]){0x00, 0x80, 0x83, 0xb0}, 4);
        n = 4;
        break;
    case 0x80:
        n = 8;
        snprintf((char *)d + 4, 9, "S%07u", (unsigned)lun);
        break;
    case 0x83: /* NAA 6, of the logical unit */
        memcpy(d + 4, (const uint8_t[]){0x01, 0x03, 0x00, 16, 0x60, 0x01, 0x40, 0x5a}, 8);
        put_be64(d + 16, lun);
        d[12] = s->device.name;
        n = 20;
        break;
    case 0xb0:
        n = 60;
        put_be16(d + 6, s->device.granularity);
        put_be32(d + 8, s->device.max_transfer);
        put_be32(d + 12, s->device.optimal_transfer);
        break;
    default:
        return check_condition(s, to, 0x05, 0x24, 0x00);
    }
    put_be16(d + 2, (uint16_t)n);
    return give(s, to, d, n + 4, get_be16(to + 35));
}

static bool capacity_10(struct script *s, const uint8_t *to)
{
    uint8_t d[8];
    uint64_t last = s->device.blocks - 1;
    put_be32(d, last > 0xfffffffe ? 0xffffffff : (uint32_t)last);
    put_be32(d + 4, s->device.block_size);
    return give(s, to, d, sizeof d, sizeof d);
}

static bool capacity_16(struct script *s, const uint8_t *to)
{
    uint8_t d[32] = {0};
    if ((to[33] & 0x1f) != 0x10 || s->device.no_rc16)
        return check_condition(s, to, 0x05, 0x20, 0x00);
    put_be64(d, s->device.blocks - 1);
    put_be32(d + 8, s->device.block_size);
    return give(s, to, d, sizeof d, get_be32(to + 42));
}

/* Page 08h (SBC-3 6.5.5), alone or as all pages; others are refused. */
static bool mode_sense(struct script *s, const uint8_t *to, bool ten)
{
    uint8_t d[28] = {0}, page = to[34] & 0x3f;
    uint32_t header = ten ? 8 : 4;
    if (page != 0x08 && page != 0x3f)
        return check_condition(s, to, 0x05, 0x24, 0x00);
    uint8_t *caching = d + header;
    caching[0] = 0x08;
    caching[1] = 0x12;
    caching[2] = s->device.wce ? 0x04 : 0;
    d[ten ? 3 : 2] = s->device.write_protect ? 0x80 : 0;
    if (ten)
        put_be16(d, (uint16_t)(header + 20 - 2));
    else
        d[0] = (uint8_t)(header + 20 - 1);
    return give(s, to, d, header + 20, ten ? get_be16(to + 39) : to[36]);
}

static bool report_luns(struct script *s, const uint8_t *to)
{
    const struct script_device *d = &s->device;
    uint8_t list[8 + 8 * 1024] = {0};
    put_be32(list, d->lun_count * 8);
    for (unsigned i = 0; i < d->lun_count; i++) { /* SAM-5 4.7.7: peripheral below 256, else flat space */
        uint8_t *entry = list + 8 + 8 * (size_t)i;
        put_be16(entry, (uint16_t)(d->luns[i] < 256 ? d->luns[i] : 0x4000 | d->luns[i]));
    }
    return give(s, to, list, 8 + d->lun_count * 8, get_be32(to + 38));
}

static bool lun_known(const struct script_device *d, const uint8_t *to, uint64_t *ret)
{
    *ret = get_be16(to + 8) & 0x3fff;
    for (unsigned i = 0; i < d->lun_count; i++)
        if (d->luns[i] == *ret)
            return true;
    return false;
}

bool script_device_answer(struct script *s, const struct script_pdu *p)
{
    const uint8_t *to = p->bhs;
    uint8_t opcode = to[32];
    uint64_t lun;
    bool there = lun_known(&s->device, to, &lun);
    if (opcode == 0xa0)
        return report_luns(s, to);
    if (opcode == 0x12)
        return there && (to[33] & 1) && !s->device.evpd_ignored ? inquiry_page(s, to, lun)
                                                                : inquiry_standard(s, to, there);
    if (!there)
        return check_condition(s, to, 0x05, 0x25, 0x00);
    if (s->device.uas) {
        s->device.uas--;
        return check_condition(s, to, 0x06, 0x29, 0x00);
    }
    switch (opcode) {
    case 0x00:
    case 0x35:
    case 0x91:
        return respond(s, to, 0, NULL, 0);
    case 0x03:
        return give(s, to, (const uint8_t[18]){0x70, [7] = 10}, 18, to[36]);
    case 0x1a:
        return mode_sense(s, to, false);
    case 0x5a:
        return mode_sense(s, to, true);
    case 0x25:
        return capacity_10(s, to);
    case 0x9e:
        return capacity_16(s, to);
    default:
        return check_condition(s, to, 0x05, 0x20, 0x00);
    }
}
