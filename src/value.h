/* SPDX-License-Identifier: Apache-2.0 */
/* One key's value from words to its field, for YAML and -o alike. Main thread. */
#ifndef LUNFS_VALUE_H
#define LUNFS_VALUE_H

#include "place.h"
#include "schema.h"

struct value {
    const char *text; /* NULL: an option without '=' */
    bool quoted;      /* written as a string in YAML */
    struct place place;
};

/* Is it UTF-8, as YAML and the texts of iSCSI (RFC 7143 6.1) are? What comes from a command line need not be.
 */
bool value_is_utf8(const char *text);
/* Does the type take a list of values? */
bool value_is_list(enum schema_type type);
/* Checks the n values (one unless the type takes a list) and stores them in the key's field below base. On
 * failure the field is as it was and e names place and key. */
bool value_set(const struct schema_key *k, void *base, const struct value *v, size_t n, struct lun_error *e);
/* Refuses a value: "PLACE: key: ..." */
__attribute__((format(printf, 4, 5))) bool value_fail(const struct schema_key *k, const struct place *p,
                                                      struct lun_error *e, const char *format, ...);

#define VALUE_TEXT 64
/* The field as value_set would read it again. Not for texts, lists and secrets. */
void value_text(const struct schema_key *k, const void *base, char ret[static VALUE_TEXT]);
/* The word for a CHAP algorithm, or NULL. */
const char *value_algorithm_text(const struct schema_key *k, uint8_t algorithm);

/* The parts, for the files that share the work. */
#define VALUE_SHOWN 64 /* characters of a bad value in its message */
bool value_fail_type(const struct schema_key *k, const struct value *v, struct lun_error *e);
/* The index of one of the key's words. */
bool value_word(const struct schema_key *k, const struct value *v, int *ret, struct lun_error *e);
/* NUMBER, SIZE, DURATION and an item of LUNS: in the range of the key. */
bool value_number_take(const struct schema_key *k, const struct value *v, uint64_t *ret, struct lun_error *e);
void value_number_text(enum schema_type type, uint64_t value, char ret[static VALUE_TEXT]);
/* CACHE: a mode for each of the n LUNs; a LUN whose text is "default" means all others. Replaces what was. */
bool value_cache_set(const struct schema_key *k, void *base, const struct value *luns,
                     const struct value *modes, size_t n, struct lun_error *e);
/* CACHE as words of an option, which are split at ':': MODE or LUN:MODE. */
bool value_cache_set_words(const struct schema_key *k, void *base, const struct value *v, size_t n,
                           struct lun_error *e);
/* PORTALS, PORTAL, LUNS, ALGORITHMS. */
bool value_list_set(const struct schema_key *k, void *base, const struct value *v, size_t n,
                    struct lun_error *e);

#endif
