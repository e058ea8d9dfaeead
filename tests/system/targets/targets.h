/* SPDX-License-Identifier: Apache-2.0 */
/* The targets that the tests of this folder run against, in one table: how each is started as a test wishes,
 * and what it can do. A test runs on every target that can do what it needs. */
#ifndef TESTS_SYSTEM_TARGETS_H
#define TESTS_SYSTEM_TARGETS_H

#include <stdbool.h>

#include "lib/workspace.h"

/* What a target can do, or lets a test set. */
#define CAN_TABLE(X)                                                                                         \
    X(CHAP_MD5, "CHAP with MD5")                                                                             \
    X(CHAP_SHA1, "CHAP with SHA1")                                                                           \
    X(CHAP_SHA256, "CHAP with SHA-256")                                                                      \
    X(CHAP_SHA3_256, "CHAP with SHA3-256")                                                                   \
    X(MUTUAL, "mutual CHAP")                                                                                 \
    X(NO_MUTUAL, "CHAP that is not mutual, whoever asks")                                                    \
    X(DIGESTS, "digests, if offered")                                                                        \
    X(REQUIRE_DIGESTS, "digests, required")                                                                  \
    X(NO_INITIAL_R2T, "InitialR2T=No")                                                                       \
    X(KEYS, "keys set at the target")                                                                        \
    X(SEGMENTS, "MaxRecvDataSegmentLength set at the target")                                                \
    X(SEVERAL_R2TS, "MaxOutstandingR2T over 1")                                                              \
    X(BLOCKS_4096, "blocks of 4096 bytes")                                                                   \
    X(SEVERAL_LUNS, "several LUNs")                                                                          \
    X(READ_ONLY, "write-protected LUNs")                                                                     \
    X(HUGE, "a LUN of 3 TiB")                                                                                \
    X(THIN, "UNMAP and WRITE SAME, so it says")                                                              \
    X(SERIAL, "a serial number that a test sets")                                                            \
    X(SESSIONS, "says how many sessions it has")                                                             \
    X(DISCOVERY, "SendTargets")                                                                              \
    X(SEVERAL_TARGETS, "several targets")                                                                    \
    X(TRANSLATED, "SendTargets lists an address that leads nowhere")                                         \
    X(CHANGE_LUNS, "LUNs added and removed while in use")                                                    \
    X(OFFLINE, "goes offline and comes back")                                                                \
    X(DELAY, "a network that delays")

enum can {
#define CAN_BIT(name, text) CAN_BIT_##name,
    CAN_TABLE(CAN_BIT)
#undef CAN_BIT
        CAN_COUNT
};

enum {
#define CAN_MASK(name, text) CAN_##name = 1 << CAN_BIT_##name,
    CAN_TABLE(CAN_MASK)
#undef CAN_MASK
};

/* What a target that wants CHAP accepts, and says of itself. */
#define TARGETS_USER "host7"
#define TARGETS_SECRET "secret-of-host7"
#define TARGETS_MUTUAL_USER "disk"
#define TARGETS_MUTUAL_SECRET "secret-of-disk"
/* VPD page 80 of the first LUN, where CAN_SERIAL. */
#define TARGETS_SERIAL "serial-of-one"

/* The first LUN holds $W/one at the start, the second $W/two. */
#define TARGETS_SIZE (2 << 20)

/* What a test wants of its target; 0 and NULL: as the target comes. */
struct targets_wish {
    bool chap, mutual;
    bool header_digest, data_digest; /* required */
    const char *initial_r2t, *immediate_data;
    unsigned first_burst, max_burst, max_segment, outstanding_r2t;
    unsigned block; /* of the first LUN; 512 */
    bool huge;      /* the first LUN has 3 TiB and is all zeros */
    bool read_only; /* the LUNs are */
    bool thin;      /* the first LUN claims UNMAP */
    bool second;    /* there is a second LUN, with the number after the first's */
    bool other;     /* there is a second target, TARGETS_OTHER, whose first LUN holds $W/two */
};

struct targets_entry {
    const char *name;
    const char *base;   /* the names of its targets are base:disk and base:other */
    const char *vendor; /* INQUIRY */
    unsigned first_lun;
    unsigned can; /* CAN_… */
    bool mute;    /* closes the connection when AuthMethod=None is offered and it wants CHAP */
    /* In the process that runs the tests, before and after: NULL, or 0 or an exit code; jobs at a time, 0 for
     * as many as there are CPUs. */
    int (*boot)(void);
    void (*end)(void);
    unsigned jobs;
    /* Before and after each test. May be NULL. */
    void (*clean)(void);
    void (*check)(void);

    /* Connections during the test to the address that leads nowhere (CAN_TRANSLATED). */
    int (*strayed)(void);

    /* Makes $W/one and $W/two, starts the target with its LUNs, and exports $PORT. */
    void (*start)(struct workspace *w, const struct targets_wish *wish);
    /* The device behind a LUN (0: the first) holds the bytes of $W/FILE. */
    void (*check_holds)(unsigned index, const char *file);
    /* After the last session of a test that went well; may be NULL. */
    void (*check_end)(void);
    /* Of base:disk, as the target counts them (CAN_SESSIONS). */
    int (*sessions)(void);
    /* Makes the second LUN (with $W/two) or removes it (CAN_CHANGE_LUNS). */
    void (*set_second)(bool there);
    /* base:disk takes logins or refuses them and ends its sessions (CAN_OFFLINE). */
    void (*set_online)(bool online);
    /* What it sends goes through netem with these words; NULL: as before (CAN_DELAY). */
    void (*set_network)(const char *netem);
};

extern const struct targets_entry targets_tgt, targets_istgt, targets_lio, targets_fast;
extern const struct targets_entry *const targets_all[];
extern const unsigned targets_count;

/* NULL if there is none. */
const struct targets_entry *targets_find(const char *name);
/* What the bit says, in words. */
const char *targets_can(enum can bit);

#endif
