/* SPDX-License-Identifier: Apache-2.0 */
/* The pool object: its loops and what every target of it shares. Immutable once the first target is opened,
 * but for the list of targets. */
#ifndef LUN_POOL_POOL_H
#define LUN_POOL_POOL_H

#include <stdatomic.h>

#include "pool/loop.h"

struct lun_pool {
    unsigned loop_count;
    bool loops_configured;
    struct lun_loop *loops;
    pthread_mutex_t lock;    /* of the two below: targets come and go in any thread but the loops' */
    unsigned next_loop;      /* home of the next target */
    struct list targets;     /* lun_target.siblings */
    atomic_uint discoveries; /* so far: each takes the next ISID */
    char *initiator_name;
    uint32_t isid_seed; /* hash of the instance */
    void (*log)(void *user, enum lun_log_level level, const char *text);
    void (*event)(void *user, const struct lun_event *event);
    void *user;
};

__attribute__((format(printf, 3, 4))) void pool_log(struct lun_pool *p, enum lun_log_level level,
                                                    const char *format, ...);
void pool_event(struct lun_pool *p, const struct lun_event *event);
/* How many loops: with so many CPUs, for so many targets. */
unsigned pool_loops(unsigned cpus, unsigned targets);
/* CPUs this process may use. */
unsigned pool_cpus(void);
/* The ISID of session `index` of this instance (RFC 7143 11.12.5): type 10b (random), stable. */
void pool_isid(const struct lun_pool *p, uint16_t index, uint8_t ret[static 6]);

#endif
