/* SPDX-License-Identifier: Apache-2.0 */
/* A library without a network: lun.h's pool, loops, targets and units over memory, with knobs for tests. A
 * test sets knobs before it does I/O, or while nothing is in flight. */
#ifndef FAKE_LUN_H
#define FAKE_LUN_H

#include <stdatomic.h>

#include "lun.h"

#define FAKE_ZEROS 64

struct lun_unit {
    struct lun_unit *next;
    struct lun_target *target;
    struct lun_unit_info info;
    uint8_t *bytes;
    size_t size;
    /* Knobs. */
    _Atomic bool hold;        /* READ and WRITE stay until fake_release or a cancel */
    _Atomic bool hold_zero;   /* ZERO does */
    _Atomic bool stubborn;    /* a cancel is ignored while hold is set */
    _Atomic int fail_op;      /* this enum lun_op fails; -1 none */
    struct lun_error failure; /* with that */
    _Atomic int pieces;       /* a lent read comes in this many pieces */
    /* What happened. */
    _Atomic int reads, writes, flushes, zeros, cancels, fua_writes, page_asks;
    struct {
        uint64_t offset, length;
    } zeroed[FAKE_ZEROS];
    struct lun_io *held; /* home loop */
};

struct lun_pool *fake_pool(unsigned loops);
/* Its home is loop `home`. */
struct lun_target *fake_target(struct lun_pool *p, const char *iqn, unsigned home);
/* A disk of zeros, 512-byte blocks, with pages 00, 80 and 83. */
struct lun_unit *fake_unit(struct lun_target *t, uint64_t lun, size_t size);
/* Ends what `hold` has kept, and clears it. */
void fake_release(struct lun_unit *u);
int fake_held(struct lun_unit *u);
/* Runs fn(arg) in the unit's home loop: for changes of info. */
void fake_in_home(struct lun_unit *u, void (*fn)(void *arg), void *arg);
void fake_target_free(struct lun_target *t);

#endif
