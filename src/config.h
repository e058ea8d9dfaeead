/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the user asked for, checked: the model that YAML files, URLs and -o options fill. Everything here
 * may block (files, secrets) and belongs to the main thread of a program.
 */
#ifndef LUNFS_CONFIG_H
#define LUNFS_CONFIG_H

#include "identity.h"
#include "place.h"

/* A password as given, or the file it is read from. At most one of the two is given by the user; after
 * config_load `value` holds the password either way. Wiped by config_free. */
struct config_secret {
    char *value, *file;
    struct place place;
};

struct config_auth {
    char *user;
    struct config_secret secret;
    char *mutual_user;
    struct config_secret mutual_secret;
    uint8_t algorithms[LUN_CHAP_ALGORITHMS]; /* CHAP_A values, 0 ends; all 0 = liblun's own list */
};

/* The mode that the LUNs have, and those that have the other one. */
struct config_cache {
    int mode;        /* 0 = direct, 1 = cached */
    uint64_t *other; /* LUNs */
    size_t other_count;
};

/* One entry of `targets`, or of `discover` (then iqn is NULL and portals holds the portal to ask). */
struct config_target {
    struct place place, iqn_place;
    char *iqn;
    char *name; /* directory below the mount; NULL = the iqn */
    char **portals;
    size_t portal_count;
    uint64_t *luns; /* NULL = all */
    size_t lun_count;
    struct config_auth auth;
    bool allow_short_secret;
    int header_digest, data_digest; /* enum lun_digest */
    uint32_t sessions;              /* 0 = auto, as in all numbers below of which it is said */
    bool read_only;
    uint32_t mode, uid, gid;                                       /* of the file `data` */
    uint32_t login_timeout, io_timeout, nop_interval, nop_timeout; /* ms; nop_interval UINT32_MAX = never */
    int on_outage;                                                 /* enum lun_outage */
    uint32_t replacement_timeout;                                  /* ms; UINT32_MAX = never */
    uint32_t queue_depth;                                          /* 0 = auto */
    uint64_t max_transfer;                                         /* bytes; 0 = auto */
    struct config_cache cache;
    int initial_r2t, immediate_data; /* as in struct lun_target_options: 0 auto, 1 No, 2 Yes */
    int data_pdu_in_order, data_sequence_in_order;
    uint64_t max_recv_data_segment_length, first_burst_length, max_burst_length; /* bytes; 0 = auto */
    uint32_t max_outstanding_r2t;                                                /* 0 = auto */
};

enum config_require { CONFIG_REQUIRE_ANY, CONFIG_REQUIRE_ALL, CONFIG_REQUIRE_NONE };

struct config {
    char *file;                /* the YAML file, or NULL */
    char *shown;               /* the source without secrets */
    char *initiator;           /* NULL: see identity_initiator_name */
    uint32_t loops;            /* 0 = auto */
    uint32_t poll;             /* us; UINT32_MAX = never */
    uint64_t memory_limit;     /* bytes */
    uint32_t shutdown_timeout; /* ms */
    uint64_t readahead;        /* bytes */
    int require;               /* enum config_require */
    struct config_target *targets;
    size_t target_count;
    struct config_target *discover;
    size_t discover_count;
};

/* "-o key=value"; value NULL when there was no '='. */
struct config_option {
    const char *key, *value;
};

/*
 * Reads SOURCE: an iscsi:// URL with a target (one target), one without (one discovery), or the path of a
 * YAML file. Options come after and win. Passwords are fetched (password files, LUNFS_CHAP_PASSWORD). On
 * failure *ret is untouched and e names the place. The result is freed by config_free.
 */
bool config_load(const char *source, const struct config_option *options, size_t option_count,
                 struct config *ret, struct lun_error *e);
void config_free(struct config *c);

/* The parts, for the files that fill them. */
void config_target_init(struct config_target *t); /* the defaults */
void config_target_free(struct config_target *t); /* what it holds */
void config_auth_free(struct config_auth *a);     /* likewise; none afterwards */

/* Is `key` an option config_load knows? (Others may be the mount's.) */
bool config_is_option(const char *key);

/* What liblun takes; the pointers lead into *t, and into `portals`, which the caller gives room for
 * (portal_count pointers). */
void config_target_options(const struct config_target *t, const char **portals,
                           struct lun_target_options *ret);
void config_target_auth(const struct config_target *t, struct lun_auth *ret);
/* The directory's name below the mount. */
const char *config_target_directory(const struct config_target *t);

/* The configuration in force as a YAML document, without secrets; malloc'ed, NULL when memory is short. */
char *config_text(const struct config *c, const char *initiator_name);

#endif
