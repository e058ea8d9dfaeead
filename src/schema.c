/* SPDX-License-Identifier: Apache-2.0 */
/* The table of keys and how names are found in it. Constant; any thread. Ranges of the negotiated keys are
 * those of RFC 7143, chapter 13. */
#include "schema.h"

#include <string.h>

#include "config.h"

#define IN_CONFIG(field) offsetof(struct config, field)
#define IN_TARGET(field) offsetof(struct config_target, field)
#define BURST_MIN 512
#define BURST_MAX 16777215 /* 2^24 - 1 */
#define TIME_MIN 100
#define TIME_MAX (24 * 3600 * 1000)

static const char *const require_words[] = {"any", "all", "none", NULL};
static const char *const digest_words[] = {"none", "crc32c", "prefer_crc32c", "prefer_none", NULL};
static const char *const cache_words[] = {"direct", "cached", NULL};
static const char *const outage_words[] = {"wait", "fail", NULL};
static const char *const never_words[] = {"never", NULL};
static const char *const algorithm_words[] = {"md5", "sha1", "sha256", "sha3-256", NULL};

const char *const schema_auto[] = {"auto", NULL};

/* In the order --help shows them. */
const struct schema_key schema_keys[] = {
    {"initiator", NULL, SCHEMA_NAME, SCHEMA_TOP, 0, 0, IN_CONFIG(initiator), NULL,
     "our iSCSI name (default: of the machine)"},
    {"loops", NULL, SCHEMA_NUMBER, SCHEMA_TOP, 1, 64, IN_CONFIG(loops), schema_auto,
     "event loops, a thread each (auto: a quarter of the CPUs, no more than targets)"},
    {"poll", NULL, SCHEMA_MOMENT, SCHEMA_TOP, 1, 1000, IN_CONFIG(poll), never_words,
     "at low depth, look that long before sleeping, or never (100us)"},
    {"memory_limit", NULL, SCHEMA_SIZE, SCHEMA_TOP, 8 << 20, 1ull << 40, IN_CONFIG(memory_limit), NULL,
     "what waiting requests may hold (128MiB)"},
    {"shutdown_timeout", NULL, SCHEMA_DURATION, SCHEMA_TOP, 0, TIME_MAX, IN_CONFIG(shutdown_timeout), NULL,
     "wait for a busy mount at the end (10s)"},
    {"readahead", NULL, SCHEMA_SIZE, SCHEMA_TOP, 4096, 1 << 30, IN_CONFIG(readahead), NULL,
     "read ahead of who reads a cached LUN (4MiB)"},
    {"require", NULL, SCHEMA_WORD, SCHEMA_TOP, 0, 0, IN_CONFIG(require), require_words,
     "any, all or none: targets that must answer at start (any)"},
    {"defaults", NULL, SCHEMA_MAP, SCHEMA_TOP, 0, 0, 0, NULL, NULL},
    {"discover", NULL, SCHEMA_ENTRIES, SCHEMA_TOP, 0, 0, 0, NULL, NULL},
    {"targets", NULL, SCHEMA_ENTRIES, SCHEMA_TOP, 0, 0, 0, NULL, NULL},

    {"portal", NULL, SCHEMA_PORTAL, SCHEMA_DISCOVER, 0, 0, IN_TARGET(portals), NULL,
     "the portal to ask for its targets"},
    {"iqn", NULL, SCHEMA_NAME, SCHEMA_TARGET, 0, 0, IN_TARGET(iqn), NULL, "the target's iSCSI name"},
    {"name", NULL, SCHEMA_DIRECTORY, SCHEMA_TARGET, 0, 0, IN_TARGET(name), NULL,
     "its directory (default: the iSCSI name)"},
    {"portals", NULL, SCHEMA_PORTALS, SCHEMA_TARGET, 0, 0, IN_TARGET(portals), NULL,
     "host[:port]+..., tried in order; after the URL's own"},
    {"luns", NULL, SCHEMA_LUNS, SCHEMA_TARGET, 0, UINT64_MAX - 1, IN_TARGET(luns), NULL,
     "LUNs to show, N+N+... (all)"},

    {"auth", NULL, SCHEMA_MAP, SCHEMA_EACH, 0, 0, 0, NULL, NULL},
    {"auth.chap", NULL, SCHEMA_MAP, SCHEMA_EACH, 0, 0, 0, NULL, NULL},
    {"auth.chap.user", "chap_user", SCHEMA_TEXT, SCHEMA_EACH, 0, 0, IN_TARGET(auth.user), NULL, "CHAP name"},
    {"auth.chap.password", "password", SCHEMA_SECRET, SCHEMA_EACH, 0, 0, IN_TARGET(auth.secret), NULL,
     "CHAP secret (others on the machine may see it: better a file)"},
    {"auth.chap.password_file", "password_file", SCHEMA_SECRET_FILE, SCHEMA_EACH, 0, 0,
     IN_TARGET(auth.secret), NULL, "file that holds the CHAP secret"},
    {"auth.chap.algorithms", "algorithms", SCHEMA_ALGORITHMS, SCHEMA_EACH, 0, 0, IN_TARGET(auth.algorithms),
     algorithm_words, "md5, sha1, sha256, sha3-256: offered, best first"},
    {"auth.mutual", NULL, SCHEMA_MAP, SCHEMA_EACH, 0, 0, 0, NULL, NULL},
    {"auth.mutual.user", "mutual_user", SCHEMA_TEXT, SCHEMA_EACH, 0, 0, IN_TARGET(auth.mutual_user), NULL,
     "name the target must give"},
    {"auth.mutual.password_file", "mutual_password_file", SCHEMA_SECRET_FILE, SCHEMA_EACH, 0, 0,
     IN_TARGET(auth.mutual_secret), NULL, "file that holds the target's secret"},
    {"allow_short_secret", NULL, SCHEMA_BOOLEAN, SCHEMA_EACH, 0, 0, IN_TARGET(allow_short_secret), NULL,
     "allow CHAP secrets under 96 bits"},

    {"mode", NULL, SCHEMA_MODE, SCHEMA_EACH, 0, 0777, IN_TARGET(mode), NULL,
     "permissions of data, octal (0600)"},
    {"uid", NULL, SCHEMA_NUMBER, SCHEMA_EACH, 0, UINT32_MAX - 1, IN_TARGET(uid), NULL,
     "owner of the tree (who mounts)"},
    {"gid", NULL, SCHEMA_NUMBER, SCHEMA_EACH, 0, UINT32_MAX - 1, IN_TARGET(gid), NULL,
     "group of the tree (who mounts)"},
    {"read_only", NULL, SCHEMA_BOOLEAN, SCHEMA_EACH, 0, 0, IN_TARGET(read_only), NULL,
     "refuse writes to every LUN"},
    {"cache", NULL, SCHEMA_CACHE, SCHEMA_EACH, 0, UINT64_MAX - 1, IN_TARGET(cache), cache_words,
     "direct or cached, LUN:WORD for one LUN (direct)"},

    {"header_digest", NULL, SCHEMA_WORD, SCHEMA_EACH, 0, 0, IN_TARGET(header_digest), digest_words,
     "none, crc32c, prefer_crc32c, prefer_none (none)"},
    {"data_digest", NULL, SCHEMA_WORD, SCHEMA_EACH, 0, 0, IN_TARGET(data_digest), digest_words,
     "the same, for data"},
    {"sessions", NULL, SCHEMA_NUMBER, SCHEMA_EACH, 1, 64, IN_TARGET(sessions), schema_auto,
     "sessions with each target (auto: as many as its command window asks for)"},
    {"login_timeout", NULL, SCHEMA_DURATION, SCHEMA_EACH, TIME_MIN, TIME_MAX, IN_TARGET(login_timeout), NULL,
     "opening a target, all in all (15s)"},
    {"io_timeout", NULL, SCHEMA_DURATION, SCHEMA_EACH, TIME_MIN, TIME_MAX, IN_TARGET(io_timeout), NULL,
     "one SCSI command (30s)"},
    {"on_outage", NULL, SCHEMA_WORD, SCHEMA_EACH, 0, 0, IN_TARGET(on_outage), outage_words,
     "while a target is away I/O waits, or fails (wait)"},
    {"replacement_timeout", NULL, SCHEMA_DURATION, SCHEMA_EACH, TIME_MIN, TIME_MAX,
     IN_TARGET(replacement_timeout), never_words, "waits so long, then it fails, or never (120s)"},
    {"nop_interval", NULL, SCHEMA_DURATION, SCHEMA_EACH, TIME_MIN, TIME_MAX, IN_TARGET(nop_interval),
     never_words, "NOP-Out after that silence, or never (5s)"},
    {"nop_timeout", NULL, SCHEMA_DURATION, SCHEMA_EACH, TIME_MIN, TIME_MAX, IN_TARGET(nop_timeout), NULL,
     "its answer (5s)"},
    {"queue_depth", NULL, SCHEMA_NUMBER, SCHEMA_EACH, 1, 1024, IN_TARGET(queue_depth), schema_auto,
     "commands in flight to a LUN (auto: moves with the device)"},
    {"max_transfer", NULL, SCHEMA_SIZE, SCHEMA_EACH, 4096, 1 << 20, IN_TARGET(max_transfer), schema_auto,
     "bytes a command (auto: as the device's Block Limits say)"},
    {"initial_r2t", NULL, SCHEMA_OFFER, SCHEMA_EACH, 0, 0, IN_TARGET(initial_r2t), schema_auto,
     "offer InitialR2T (auto: no)"},
    {"immediate_data", NULL, SCHEMA_OFFER, SCHEMA_EACH, 0, 0, IN_TARGET(immediate_data), schema_auto,
     "offer ImmediateData (auto: yes)"},
    {"data_pdu_in_order", NULL, SCHEMA_OFFER, SCHEMA_EACH, 0, 0, IN_TARGET(data_pdu_in_order), schema_auto,
     "offer DataPDUInOrder (auto: yes)"},
    {"data_sequence_in_order", NULL, SCHEMA_OFFER, SCHEMA_EACH, 0, 0, IN_TARGET(data_sequence_in_order),
     schema_auto, "offer DataSequenceInOrder (auto: yes)"},
    {"max_recv_data_segment_length", NULL, SCHEMA_SIZE, SCHEMA_EACH, BURST_MIN, BURST_MAX,
     IN_TARGET(max_recv_data_segment_length), schema_auto, "declared (auto: 256KiB)"},
    {"first_burst_length", NULL, SCHEMA_SIZE, SCHEMA_EACH, BURST_MIN, BURST_MAX,
     IN_TARGET(first_burst_length), schema_auto, "offered (auto: 256KiB)"},
    {"max_burst_length", NULL, SCHEMA_SIZE, SCHEMA_EACH, BURST_MIN, BURST_MAX, IN_TARGET(max_burst_length),
     schema_auto, "offered (auto: 1MiB)"},
    {"max_outstanding_r2t", NULL, SCHEMA_NUMBER, SCHEMA_EACH, 1, 65535, IN_TARGET(max_outstanding_r2t),
     schema_auto, "offered (auto: 8)"},
};

const size_t schema_count = sizeof schema_keys / sizeof *schema_keys;

/* The rest of path after prefix and a dot, when it is one name; else NULL. */
static const char *name_below(const char *path, const char *prefix)
{
    size_t n = strlen(prefix);
    if (n) {
        if (strncmp(path, prefix, n) || path[n] != '.')
            return NULL;
        path += n + 1;
    }
    return strchr(path, '.') ? NULL : path;
}

const struct schema_key *schema_find(unsigned where, const char *prefix, const char *name)
{
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_key *k = &schema_keys[i];
        const char *own = name_below(k->path, prefix);
        if (k->where & where && own && !strcmp(own, name))
            return k;
    }
    return NULL;
}

static bool is_option(const struct schema_key *k)
{
    return k->type != SCHEMA_MAP && k->type != SCHEMA_ENTRIES && k->where != SCHEMA_DISCOVER;
}

const struct schema_key *schema_option(const char *name)
{
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_key *k = &schema_keys[i];
        if (is_option(k) && (!strcmp(k->path, name) || (k->alias && !strcmp(k->alias, name))))
            return k;
    }
    return NULL;
}

#define NAME_MAX_COMPARED 32

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    unsigned m = a < b ? a : b;
    return m < c ? m : c;
}

/* Edits (one character put in, left out or changed) from a to b. */
static unsigned distance(const char *a, const char *b)
{
    size_t n = strlen(a), m = strlen(b);
    if (n > NAME_MAX_COMPARED || m > NAME_MAX_COMPARED)
        return UINT32_MAX;
    unsigned row[NAME_MAX_COMPARED + 1];
    for (size_t j = 0; j <= m; j++)
        row[j] = (unsigned)j;
    for (size_t i = 1; i <= n; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= m; j++) {
            unsigned above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[m];
}

struct closest {
    const char *name;
    unsigned distance;
};

static void consider(struct closest *c, const char *typed, const char *name)
{
    unsigned d = distance(typed, name);
    /* One slip in a short word, two in a longer one: more would be guessing. */
    if (d <= (strlen(typed) < 5 ? 1u : 2u) && d < c->distance)
        *c = (struct closest){name, d};
}

const char *schema_suggest(unsigned where, const char *prefix, const char *name)
{
    struct closest c = {NULL, UINT32_MAX};
    for (size_t i = 0; i < schema_count; i++) {
        const char *own = name_below(schema_keys[i].path, prefix);
        if (schema_keys[i].where & where && own)
            consider(&c, name, own);
    }
    return c.name;
}

const char *schema_suggest_option(const char *name)
{
    struct closest c = {NULL, UINT32_MAX};
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_key *k = &schema_keys[i];
        if (!is_option(k))
            continue;
        consider(&c, name, k->path);
        if (k->alias)
            consider(&c, name, k->alias);
    }
    return c.name;
}

const char *schema_where_text(unsigned where)
{
    switch (where) {
    case SCHEMA_TOP:
        return "at the top of the file";
    case SCHEMA_TARGET:
        return "in an entry of targets";
    case SCHEMA_DISCOVER:
        return "in an entry of discover";
    case SCHEMA_DEFAULTS:
        return "in defaults";
    default:
        return "in defaults, targets and discover";
    }
}

const char *schema_type_text(enum schema_type type)
{
    static const char *const texts[] = {
        [SCHEMA_MAP] = "a map of keys",
        [SCHEMA_ENTRIES] = "a list of maps",
        [SCHEMA_BOOLEAN] = "true or false",
        [SCHEMA_OFFER] = "true or false",
        [SCHEMA_NUMBER] = "a number",
        [SCHEMA_SIZE] = "a size like 65536, 256KiB or 64MiB",
        [SCHEMA_DURATION] = "a time with its unit, like 500ms, 15s or 2m",
        [SCHEMA_MOMENT] = "a time with its unit, like 100us or 1ms",
        [SCHEMA_WORD] = "one word",
        [SCHEMA_MODE] = "an octal mode like \"0640\"",
        [SCHEMA_TEXT] = "a text",
        [SCHEMA_NAME] = "an iSCSI name",
        [SCHEMA_DIRECTORY] = "the name of a directory",
        [SCHEMA_PORTALS] = "a list of portals",
        [SCHEMA_PORTAL] = "a portal",
        [SCHEMA_LUNS] = "a list of numbers",
        [SCHEMA_ALGORITHMS] = "a list of algorithms",
        [SCHEMA_CACHE] = "one word, or a map of LUNs",
        [SCHEMA_SECRET] = "a text",
        [SCHEMA_SECRET_FILE] = "the path of a file",
    };
    return texts[type];
}
