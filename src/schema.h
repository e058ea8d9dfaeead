/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of configuration keys: YAML and -o share it. Constant; any thread. */
#ifndef LUNFS_SCHEMA_H
#define LUNFS_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where a key may stand. */
enum {
    SCHEMA_TOP = 1,      /* the document, and -o */
    SCHEMA_DEFAULTS = 2, /* defaults: */
    SCHEMA_TARGET = 4,   /* an entry of targets: */
    SCHEMA_DISCOVER = 8, /* an entry of discover: */
    SCHEMA_EACH = SCHEMA_DEFAULTS | SCHEMA_TARGET | SCHEMA_DISCOVER,
};

/* The kind of value, and the type of the field it fills. */
enum schema_type {
    SCHEMA_MAP,         /* keys below it have its path and a dot before them; no field */
    SCHEMA_ENTRIES,     /* a list of maps; no field */
    SCHEMA_BOOLEAN,     /* bool */
    SCHEMA_OFFER,       /* int: 1 No, 2 Yes; 0 where the word "auto" may stand */
    SCHEMA_NUMBER,      /* uint32_t; likewise */
    SCHEMA_SIZE,        /* uint64_t, bytes; likewise */
    SCHEMA_DURATION,    /* uint32_t, ms; the word "never" is UINT32_MAX where `words` says so */
    SCHEMA_MOMENT,      /* uint32_t, us; "never" likewise */
    SCHEMA_WORD,        /* int: index in words */
    SCHEMA_MODE,        /* uint32_t, octal */
    SCHEMA_TEXT,        /* char * */
    SCHEMA_NAME,        /* char *, an iSCSI name */
    SCHEMA_DIRECTORY,   /* char *, one component of a path */
    SCHEMA_PORTALS,     /* struct config_target portals and portal_count */
    SCHEMA_PORTAL,      /* the same, exactly one */
    SCHEMA_LUNS,        /* struct config_target luns and lun_count */
    SCHEMA_ALGORITHMS,  /* uint8_t[LUN_CHAP_ALGORITHMS] */
    SCHEMA_CACHE,       /* struct config_cache */
    SCHEMA_SECRET,      /* struct config_secret value */
    SCHEMA_SECRET_FILE, /* struct config_secret file */
};

struct schema_key {
    const char *path;  /* dotted */
    const char *alias; /* a shorter name as an option, or NULL */
    enum schema_type type;
    unsigned where;
    uint64_t min, max;
    size_t offset;            /* in struct config (SCHEMA_TOP) or struct config_target */
    const char *const *words; /* NULL-terminated */
    const char *help;
};

/* The `words` of keys that take "auto": liblun decides. */
extern const char *const schema_auto[];

extern const struct schema_key schema_keys[];
extern const size_t schema_count;

/* The key of that path (prefix and name joined) that may stand in one of `where`, or NULL. */
const struct schema_key *schema_find(unsigned where, const char *prefix, const char *name);
/* The key an -o option means (path or alias), or NULL. */
const struct schema_key *schema_option(const char *name);
/* The last part of the path of a key in `where` below prefix that the user may have meant, or NULL. */
const char *schema_suggest(unsigned where, const char *prefix, const char *name);
/* The closest option name, or NULL. */
const char *schema_suggest_option(const char *name);
/* In words, where a key may stand. */
const char *schema_where_text(unsigned where);
/* "a number", "a list of portals": what a type wants. */
const char *schema_type_text(enum schema_type type);

#endif
