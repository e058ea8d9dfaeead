/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole session: what a target sends goes through framing, login and full feature phase (or discovery),
 * with commands outstanding and time passing, and every task ends and memory stays bounded whatever came. RFC
 * 7143 chapters 4, 6, 11. One thread.
 *
 * The input: two bytes of settings (joined.h), then steps, each a byte whose low four bits say what, and what
 * that needs (see the functions below). tests/fuzz/seeds.py writes the same.
 */
#include <string.h>

#include "fuzz.h"
#include "target.h"

#define FED_MAX (8u << 20) /* bytes an input may have made, repeats and the like */
#define STEPS_MAX 600
#define ISSUED_MAX 200

struct run {
    struct joined *j;
    struct fuzz *f;
    size_t chunk, fed;
    struct target_pdu last; /* for repeats */
    uint8_t last_right, last_which;
};

/* Bytes as they are. */
static void step_raw(struct run *r)
{
    size_t n;
    size_t want = fuzz_u16(r->f);
    const uint8_t *bytes = fuzz_take(r->f, want, &n);
    r->fed += n;
    joined_feed(r->j, bytes, n, r->chunk);
}

static void feed(struct run *r, uint8_t right, uint8_t which)
{
    r->last_right = right;
    r->last_which = which;
    r->fed += r->last.length + PDU_BHS;
    r->fed += r->chunk ? (r->last.length + PDU_BHS) / r->chunk * 512 : 0; /* what a call costs */
    target_feed(r->j, &r->last, right, which, r->chunk);
}

/* Of the data segment: two bytes of length; the top bit says that the bytes are in the input. */
static void take_data(struct run *r)
{
    uint16_t length = fuzz_u16(r->f);
    size_t n = length & 0x7fff;
    r->last.data = length & 0x8000 ? fuzz_take(r->f, n, &n) : NULL;
    r->last.length = (uint32_t)(length == 0x7fff ? 300000 : n);
}

/* A PDU of one of the kinds: kind, the second byte with F the other way round, what is to be right, which
 * request it answers, up to 15 bytes of the header to change, data. */
static void step_pdu(struct run *r)
{
    uint8_t kind = fuzz_u8(r->f), flags = fuzz_u8(r->f), wrong = fuzz_u8(r->f), which = fuzz_u8(r->f);
    uint8_t patches = fuzz_u8(r->f) & 15;
    target_fill(r->j, kind, flags, which, &r->last);
    for (; patches; patches--) {
        uint8_t at = fuzz_u8(r->f);
        r->last.bhs[at % PDU_BHS] = fuzz_u8(r->f);
    }
    take_data(r);
    if (r->j->in.max_data < r->last.length && !(wrong & TARGET_LENGTH))
        r->last.length = r->j->in.max_data;
    feed(r, (uint8_t)~wrong, which);
}

/* A whole header, what of it is to be put right, data. */
static void step_header(struct run *r)
{
    size_t n;
    uint8_t right = fuzz_u8(r->f), which = fuzz_u8(r->f);
    const uint8_t *bhs = fuzz_take(r->f, PDU_BHS, &n);
    memset(r->last.bhs, 0, PDU_BHS);
    if (n)
        memcpy(r->last.bhs, bhs, n);
    take_data(r);
    feed(r, right, which);
}

/* The last PDU again, up to 65535 times, numbered anew. */
static void step_repeat(struct run *r)
{
    for (uint16_t n = fuzz_u16(r->f); n && r->fed < FED_MAX && joined_live(r->j) && r->last.bhs[0]; n--)
        feed(r, r->last_right, r->last_which);
}

static void step_issue(struct run *r, enum joined_kind kind)
{
    uint32_t length = fuzz_u16(r->f);
    uint8_t how = fuzz_u8(r->f);
    if (how & 0x80)
        length *= 8; /* beyond what is received in one piece */
    if (r->j->issued < ISSUED_MAX)
        joined_issue(r->j, kind, length ? length : 1, (1 + (how & 0x7f)) * (JOINED_SECOND / 4));
    if (!(r->j->more & JOINED_LAZY))
        joined_send(r->j, SIZE_MAX);
}

static void step_pass(struct run *r)
{
    uint8_t how = fuzz_u8(r->f);
    joined_pass(r->j, (uint64_t)(how & 0x3f) << (10 + 6 * (how >> 6)));
}

static void step(struct run *r)
{
    switch (fuzz_u8(r->f) & 15) {
    case 0:
        step_raw(r);
        break;
    case 1:
    case 2:
        step_pdu(r);
        break;
    case 3:
        step_header(r);
        break;
    case 4:
        step_repeat(r);
        break;
    case 5:
        step_issue(r, JOINED_READ);
        break;
    case 6:
        step_issue(r, JOINED_READ_LENT);
        break;
    case 7:
        step_issue(r, JOINED_WRITE);
        break;
    case 8:
        step_issue(r, JOINED_PLAIN);
        break;
    case 9:
        joined_abort(r->j, fuzz_u8(r->f));
        break;
    case 10:
        step_pass(r);
        break;
    case 11:
        joined_send(r->j, fuzz_u16(r->f));
        break;
    case 12:
        r->chunk = fuzz_u8(r->f);
        break;
    case 13:
        if (r->j->state == JOINED_UP && !r->j->discovery && !r->j->broken)
            session_logout(&r->j->s);
        break;
    case 14:
        joined_send(r->j, SIZE_MAX);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    static struct joined j;
    struct fuzz f = {data, n};
    if (n > 65536)
        return 0;
    uint8_t settings = fuzz_u8(&f), more = fuzz_u8(&f);
    joined_start(&j, settings, more);
    if (settings & JOINED_HONEST) {
        target_login(&j);
        FUZZ_CHECK(j.state == JOINED_UP);
    }
    struct run r = {.j = &j, .f = &f};
    for (int steps = 0; f.left && joined_live(&j) && r.fed < FED_MAX && steps < STEPS_MAX; steps++)
        step(&r);
    joined_end(&j);
    return 0;
}
