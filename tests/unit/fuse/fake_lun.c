/* SPDX-License-Identifier: Apache-2.0 */
/* The test double's targets and units: bytes in memory. All of a unit runs in its home loop. */
#include "fake_lun.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lun_target {
    char *iqn;
    struct lun_loop *loop;
    struct lun_unit *units[16];
    size_t count;
};

struct lun_target *fake_target(struct lun_pool *p, const char *iqn, unsigned home)
{
    struct lun_target *t = calloc(1, sizeof *t);
    t->iqn = strdup(iqn);
    t->loop = lun_pool_loop(p, home);
    return t;
}

struct lun_unit *fake_unit(struct lun_target *t, uint64_t lun, size_t size)
{
    struct lun_unit *u = calloc(1, sizeof *u);
    u->target = t;
    u->size = size;
    u->bytes = calloc(1, size ? size : 1);
    u->fail_op = -1;
    u->pieces = 1;
    u->info = (struct lun_unit_info){.lun = lun, .has_data = size > 0, .block_size = 512, .page_count = 3};
    u->info.size = size;
    u->info.block_count = size / 512;
    u->info.pages[1] = 0x80;
    u->info.pages[2] = 0x83;
    u->info.inquiry_length = 36;
    memcpy(u->info.inquiry, "\0\0\5\2\x1f\0\0\0FAKE    IN MEMORY       0001", 36);
    u->info.capacity_length = 8;
    uint32_t last = (uint32_t)(size / 512 - 1);
    for (int i = 0; i < 4; i++)
        u->info.capacity[i] = (uint8_t)(last >> (24 - 8 * i));
    u->info.capacity[6] = 2;
    t->units[t->count++] = u;
    return u;
}

void fake_target_free(struct lun_target *t)
{
    for (size_t i = 0; i < t->count; i++) {
        free(t->units[i]->bytes);
        free(t->units[i]);
    }
    free(t->iqn);
    free(t);
}

void fake_in_home(struct lun_unit *u, void (*fn)(void *arg), void *arg)
{
    lun_loop_run(u->target->loop, fn, arg);
}

static void fail(struct lun_io *io, enum lun_layer layer, int code, const char *text)
{
    io->error = (struct lun_error){.layer = layer, .code = code};
    snprintf(io->error.text, sizeof io->error.text, "%s", text);
}

/* How much of the request lies inside the unit. */
static size_t inside(const struct lun_unit *u, const struct lun_io *io)
{
    if (io->offset >= u->info.size)
        return 0;
    uint64_t left = u->info.size - io->offset;
    return io->length < left ? io->length : (size_t)left;
}

static void lend(struct lun_unit *u, struct lun_io *io)
{
    static _Thread_local struct iovec v[600];
    size_t n = inside(u, io), pieces = (size_t)atomic_load(&u->pieces), each = n / pieces;
    io->transferred = n;
    io->data = v;
    io->data_count = n ? (int)pieces : 0;
    for (size_t i = 0; i < pieces; i++)
        v[i] = (struct iovec){u->bytes + io->offset + i * each, i + 1 < pieces ? each : n - i * each};
}

static void answer_page(struct lun_unit *u, struct lun_io *io)
{
    /* Written by hand from SPC-4 7.8.17, 7.8.15 and 7.8.6. */
    static const uint8_t page_00[] = {0, 0x00, 0, 3, 0x00, 0x80, 0x83};
    static const uint8_t page_80[] = {0, 0x80, 0, 6, 'S', 'N', '"', '\n', '#', 0xff};
    static const uint8_t page_83[] = {0, 0x83, 0,    12, 1, 3, 0, 8,    0x50,
                                      1, 0x40, 0x50, 0,  0, 0, 1, 0xee, 0xee};
    const uint8_t *page = io->page == 0 ? page_00 : io->page == 0x80 ? page_80 : page_83;
    size_t n = io->page == 0 ? sizeof page_00 : io->page == 0x80 ? sizeof page_80 : sizeof page_83;
    memcpy(io->buffer, page, n);
    io->transferred = n;
    atomic_fetch_add(&u->page_asks, 1);
}

static void perform(struct lun_unit *u, struct lun_io *io)
{
    if (atomic_load(&u->fail_op) == (int)io->op) {
        io->error = u->failure;
        return;
    }
    size_t n = inside(u, io);
    switch (io->op) {
    case LUN_OP_READ:
        atomic_fetch_add(&u->reads, 1);
        lend(u, io);
        break;
    case LUN_OP_WRITE:
        atomic_fetch_add(&u->writes, 1);
        atomic_fetch_add(&u->fua_writes, io->fua);
        memcpy(u->bytes + io->offset, io->buffer, n);
        io->transferred = n;
        if (n < io->length)
            fail(io, LUN_SYSTEM, ENOSPC, "past the end");
        break;
    case LUN_OP_FLUSH:
        atomic_fetch_add(&u->flushes, 1);
        break;
    case LUN_OP_ZERO: {
        int i = atomic_fetch_add(&u->zeros, 1);
        if (i < FAKE_ZEROS) {
            u->zeroed[i].offset = io->offset;
            u->zeroed[i].length = io->length;
        }
        memset(u->bytes + io->offset, 0, n);
        break;
    }
    case LUN_OP_VPD:
        answer_page(u, io);
        break;
    default:
        fail(io, LUN_USAGE, EINVAL, "not in the double");
    }
}

static void finish(struct lun_unit *u, struct lun_io *io)
{
    io->error = (struct lun_error){0};
    io->transferred = 0;
    io->data_count = 0;
    perform(u, io);
    io->done(io);
}

static void arrive(struct lun_unit *u, struct lun_io *io)
{
    bool moves = io->op == LUN_OP_READ || io->op == LUN_OP_WRITE;
    if (!(moves && atomic_load(&u->hold)) && !(io->op == LUN_OP_ZERO && atomic_load(&u->hold_zero))) {
        finish(u, io);
        return;
    }
    io->private_[0] = (uintptr_t)u->held;
    u->held = io;
}

struct arrival {
    struct lun_message message;
    struct lun_unit *unit;
    struct lun_io *io;
};

static void arrive_by_message(struct lun_message *m)
{
    struct arrival *a = (struct arrival *)(void *)m;
    arrive(a->unit, a->io);
    free(a);
}

void lun_submit(struct lun_unit *u, struct lun_io *io)
{
    if (lun_loop_is_current(u->target->loop)) {
        arrive(u, io);
        return;
    }
    struct arrival *a = malloc(sizeof *a);
    *a = (struct arrival){.message.fn = arrive_by_message, .unit = u, .io = io};
    lun_loop_post(u->target->loop, &a->message);
}

void lun_cancel(struct lun_unit *u, struct lun_io *io)
{
    atomic_fetch_add(&u->cancels, 1);
    if (atomic_load(&u->stubborn))
        return;
    struct lun_io *previous = NULL;
    for (struct lun_io *it = u->held; it; previous = it, it = (struct lun_io *)(uintptr_t)it->private_[0]) {
        if (it != io)
            continue;
        if (previous)
            previous->private_[0] = it->private_[0];
        else
            u->held = (struct lun_io *)(uintptr_t)it->private_[0];
        fail(io, LUN_CANCELLED, 0, "cancelled");
        io->done(io);
        return;
    }
}

static void release_in_home(void *arg)
{
    struct lun_unit *u = arg;
    atomic_store(&u->hold, false);
    atomic_store(&u->hold_zero, false);
    /* Oldest first. */
    struct lun_io *order = NULL;
    while (u->held) {
        struct lun_io *io = u->held;
        u->held = (struct lun_io *)(uintptr_t)io->private_[0];
        io->private_[0] = (uintptr_t)order;
        order = io;
    }
    while (order) {
        struct lun_io *io = order;
        order = (struct lun_io *)(uintptr_t)io->private_[0];
        finish(u, io);
    }
}

void fake_release(struct lun_unit *u)
{
    fake_in_home(u, release_in_home, u);
}

struct count {
    struct lun_unit *unit;
    int n;
};

static void count_in_home(void *arg)
{
    struct count *c = arg;
    for (struct lun_io *it = c->unit->held; it; it = (struct lun_io *)(uintptr_t)it->private_[0])
        c->n++;
}

int fake_held(struct lun_unit *u)
{
    struct count c = {u, 0};
    fake_in_home(u, count_in_home, &c);
    return c.n;
}

struct lun_loop *lun_target_loop(const struct lun_target *t)
{
    return t->loop;
}

const char *lun_target_name(const struct lun_target *t)
{
    return t->iqn;
}

size_t lun_target_units(const struct lun_target *t, struct lun_unit *const **ret_units)
{
    *ret_units = t->units;
    return t->count;
}

void lun_target_describe(const struct lun_target *t, struct lun_facts *f)
{
    lun_facts_string(f, "", "name", t->iqn, strlen(t->iqn));
    lun_facts_string(f, "portals.0", "address", "127.0.0.1:3260", 14);
}

void lun_target_describe_sessions(const struct lun_target *t, struct lun_facts *f)
{
    lun_facts_word(f, "sessions.0", "state", "logged in");
}

const struct lun_unit_info *lun_unit_info(const struct lun_unit *u)
{
    return &u->info;
}

struct lun_target *lun_unit_target(const struct lun_unit *u)
{
    return u->target;
}

struct lun_loop *lun_unit_loop(const struct lun_unit *u)
{
    return u->target->loop;
}

uint64_t lun_unit_number(const struct lun_unit *u)
{
    return u->info.lun;
}

void lun_unit_describe(const struct lun_unit *u, struct lun_facts *f)
{
    lun_facts_word(f, "", "state", u->info.state == LUN_UNIT_ONLINE ? "online" : "offline");
}

void lun_unit_describe_sense(const struct lun_unit *u, struct lun_facts *f)
{
}

const char *lun_version(void)
{
    return "0.1.0";
}
