/* SPDX-License-Identifier: Apache-2.0 */
/*
 * liblun: an iSCSI initiator library (RFC 7143). The one public header.
 *
 * Objects. A pool owns event loops (one thread each) and targets. Each target has one home loop, which owns
 * its sessions and its logical units; nothing of a target is touched from another thread. Requests (struct
 * lun_io) are the caller's memory: the library allocates nothing for them.
 *
 * Threads. Each function says where it may be called: "any thread", "home loop" (inside a callback that runs
 * in the target's loop, or through lun_loop_run), or "not in a loop" (it blocks). Callbacks always run in a
 * loop and must not block.
 *
 * Units. Offsets and lengths are bytes, times are milliseconds, unless a name says otherwise.
 */
#ifndef LUN_H
#define LUN_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#ifdef __cplusplus
extern "C" {
#endif

#define LUN_API __attribute__((visibility("default")))

/* ---- Errors ------------------------------------------------------------------------------------------- */

/* Where a failure arose. X(enumerator, word printed for it). */
#define LUN_LAYERS(X)                                                                                        \
    X(LUN_OK, "ok")                                                                                          \
    X(LUN_USAGE, "usage")         /* the caller's arguments or configuration */                              \
    X(LUN_RESOLVE, "resolve")     /* name look-up of a portal */                                             \
    X(LUN_CONNECT, "connect")     /* TCP: refused, unreachable, lost */                                      \
    X(LUN_TLS, "tls")             /* certificate or handshake */                                             \
    X(LUN_LOGIN, "login")         /* refused, or not authenticated; code = status class << 8 | detail */     \
    X(LUN_PROTOCOL, "protocol")   /* the target broke RFC 7143; the connection is given up */                \
    X(LUN_SCSI, "scsi")           /* the device said no; code = sense key << 16 | ASC << 8 | ASCQ, or        \
                                     0xff0000 | SCSI status when the status is not CHECK CONDITION */        \
    X(LUN_TIMEOUT, "timeout")     /* a deadline passed */                                                    \
    X(LUN_CANCELLED, "cancelled") /* lun_cancel, or the pool or target is closing */                         \
    X(LUN_SYSTEM, "system")       /* the machine: memory, descriptors; code = errno */

enum lun_layer {
#define LUN_LAYER_ENUM(name, word) name,
    LUN_LAYERS(LUN_LAYER_ENUM)
#undef LUN_LAYER_ENUM
};

#define LUN_ERROR_TEXT 232

struct lun_error {
    enum lun_layer layer;      /* LUN_OK: no error, the rest is meaningless */
    int code;                  /* meaning depends on the layer, see LUN_LAYERS */
    bool retry;                /* the same request may succeed later without anybody changing anything */
    char text[LUN_ERROR_TEXT]; /* one line, no newline, names the place */
};

/* The word for a layer ("login"); never NULL. Any thread. */
LUN_API const char *lun_layer_name(enum lun_layer layer);
/* The words by which an error is shown to people, in a log, a text or on a terminal: "login: portal ...,
 * target
 * ...: refused: target not found (status 0203)". The layer's word leads, but for LUN_USAGE, whose text says
 * itself what to change. Returns ret. Any thread. */
#define LUN_ERROR_LINE (LUN_ERROR_TEXT + 16)
LUN_API const char *lun_error_line(const struct lun_error *e, char ret[LUN_ERROR_LINE]);
/* The errno (positive) a file system reports for this error: ENOSPC, EROFS, EIO, ... Any thread. */
LUN_API int lun_error_errno(const struct lun_error *e);

enum lun_log_level { LUN_LOG_ERROR, LUN_LOG_WARNING, LUN_LOG_NOTICE, LUN_LOG_DEBUG };

/* ---- Facts: what a device says, decoded -------------------------------------------------------------- */

enum lun_fact_kind {
    LUN_FACT_NUMBER,  /* .number, with .unit */
    LUN_FACT_BOOLEAN, /* .number is 0 or 1 */
    LUN_FACT_WORD,    /* .text from a fixed vocabulary of ours: lower case, safe to print bare */
    LUN_FACT_STRING,  /* .text/.length: a string or identifier that came from a device or a user; any bytes */
    LUN_FACT_HEX,     /* .text/.length: bytes to be shown in hexadecimal */
};

/* One decoded fact. `path` is "" at the top, else dot-separated names that lead to it; a component of digits
 * is the index in a list: path "designators.0", key "type". */
struct lun_fact {
    const char *path, *key;
    enum lun_fact_kind kind;
    uint64_t number;
    const char *text; /* NUL-terminated copy (the bytes may contain NULs: use length) */
    size_t length;
    const char *unit; /* "bytes", "blocks", "ms", ..., or NULL */
};

/* An ordered list of facts that owns all its strings. Zero-initialise; lun_facts_free when done. One thread
 * at a time. When memory runs out `failed` turns true and later additions do nothing. */
struct lun_facts {
    struct lun_fact *at;
    size_t count, room;
    bool failed;
};

LUN_API void lun_facts_number(struct lun_facts *f, const char *path, const char *key, uint64_t v,
                              const char *unit);
LUN_API void lun_facts_boolean(struct lun_facts *f, const char *path, const char *key, bool v);
LUN_API void lun_facts_word(struct lun_facts *f, const char *path, const char *key, const char *word);
LUN_API void lun_facts_string(struct lun_facts *f, const char *path, const char *key, const void *text,
                              size_t n);
LUN_API void lun_facts_hex(struct lun_facts *f, const char *path, const char *key, const void *bytes,
                           size_t n);
LUN_API void lun_facts_free(struct lun_facts *f);

/* Decoders: bytes as the device sent them (any length, any content) to facts. A truncated field is left out
 * and a fact `truncated: true` is added. Pure, any thread. */
LUN_API void lun_decode_inquiry(const void *data, size_t n, struct lun_facts *f); /* SPC-4 6.6.2 */
/* Any VPD page (SPC-4 7.8, SBC-3 6.6); pages without a decoder are shown in hexadecimal. */
LUN_API void lun_decode_vpd(uint8_t page, const void *data, size_t n, struct lun_facts *f);
LUN_API void lun_decode_capacity(const void *data, size_t n,
                                 struct lun_facts *f);                          /* 8 bytes: (10), else (16) */
LUN_API void lun_decode_sense(const void *data, size_t n, struct lun_facts *f); /* SPC-4 4.5 */
/* MODE SENSE data: n bytes as returned by the 6-byte (header 4 bytes) or 10-byte command (header 8). */
LUN_API void lun_decode_mode(const void *data, size_t n, bool ten, struct lun_facts *f); /* SPC-4 7.5 */

/* "device-identification" for 0x83; NULL when the page has no name here. Any thread. */
LUN_API const char *lun_vpd_name(uint8_t page);
/* "Logical unit not ready, cause not reportable"; NULL when not assigned. Any thread. */
LUN_API const char *lun_asc_text(uint8_t asc, uint8_t ascq);
/* "illegal request" for 5; never NULL. Any thread. */
LUN_API const char *lun_sense_key_name(uint8_t key);
/* "disk", "tape", ... for a peripheral device type; never NULL. Any thread. */
LUN_API const char *lun_device_type_name(uint8_t type);

/* ---- Names and addresses ----------------------------------------------------------------------------- */

/* iscsi://[user[%password]@]host[:port][/iqn[/lun]] taken apart. Strings are owned by this structure. */
struct lun_url {
    char *user, *password; /* NULL when absent */
    char *portal;          /* "host:port" or "[v6]:port", port filled in (3260) */
    char *iqn;             /* NULL: discover */
    bool has_lun;
    uint64_t lun; /* decimal LUN, valid with has_lun */
};

/* Takes a URL apart; on failure *ret is untouched and e names the offending part. Any thread. */
LUN_API bool lun_url_parse(const char *text, struct lun_url *ret, struct lun_error *e);
LUN_API void lun_url_free(struct lun_url *u);
/* Is this a valid iSCSI name (iqn., eui., naa.; RFC 7143 4.2.7)? On failure e says why. Any thread. */
LUN_API bool lun_name_check(const char *name, struct lun_error *e);
/* Splits "host", "host:port", "[v6]", "[v6%scope]:port". host must hold 256 bytes. Any thread. */
LUN_API bool lun_portal_parse(const char *text, char *ret_host, uint16_t *ret_port, struct lun_error *e);

/* ---- Pool and loops ---------------------------------------------------------------------------------- */

struct lun_pool;
struct lun_loop;
struct lun_target;
struct lun_unit;

enum lun_event_kind {
    LUN_EVENT_TARGET_UP,    /* logged in, units listed */
    LUN_EVENT_TARGET_DOWN,  /* its sessions are lost; error says why */
    LUN_EVENT_UNIT_ADDED,   /* unit is new or back */
    LUN_EVENT_UNIT_CHANGED, /* capacity, read-only or identity changed */
    LUN_EVENT_UNIT_GONE,    /* no longer listed by the target */
};

struct lun_event {
    enum lun_event_kind kind;
    struct lun_target *target;
    struct lun_unit *unit;         /* UNIT_* only */
    const struct lun_error *error; /* TARGET_DOWN only */
};

struct lun_pool_options {
    unsigned loops;             /* 1-64, 0 = a quarter of the CPUs, at least 1, no more than targets */
    unsigned targets;           /* how many are expected, for that; 0 = 1 */
    const char *initiator_name; /* required, an iSCSI name */
    uint64_t buffer_memory;     /* bytes of buffers that requests under way may hold, all loops; 0 = 64 MiB */
    uint32_t poll_us;           /* how long a loop at low depth may look for events before it sleeps, at most;
                                   1-1000, 0 = 100, UINT32_MAX = never */
    const char *instance;       /* what makes our ISIDs ours and stable (a mount point, say); required */
    void (*log)(void *user, enum lun_log_level level, const char *text); /* may be NULL; runs in any loop */
    void (*event)(void *user,
                  const struct lun_event *event); /* may be NULL; runs in the target's home loop */
    void *user;
};

/* Starts the loops. NULL on failure, with e filled. Not in a loop. */
LUN_API struct lun_pool *lun_pool_new(const struct lun_pool_options *o, struct lun_error *e);
/* Closes what is still open (lun_target_close_wait with a short deadline), stops and joins the loops. Accepts
 * NULL. Not in a loop. */
LUN_API void lun_pool_free(struct lun_pool *p);
LUN_API struct lun_loop *lun_pool_loop(struct lun_pool *p, unsigned index); /* any thread */
/* Changes the user pointer handed to log and event. Only before the first target is opened. */
LUN_API void lun_pool_set_user(struct lun_pool *p, void *user);

/* A message to a loop: the caller's memory, free again once fn runs. */
struct lun_message {
    void (*fn)(struct lun_message *m);
    struct lun_message *next; /* the library's */
};

/* fn runs in the loop's thread, in order of posting. Any thread, never blocks. */
LUN_API void lun_loop_post(struct lun_loop *l, struct lun_message *m);
/* Runs fn(arg) in the loop's thread and waits for it. Not in a loop. */
LUN_API void lun_loop_run(struct lun_loop *l, void (*fn)(void *arg), void *arg);
LUN_API bool lun_loop_is_current(const struct lun_loop *l);

/* Calls ready(arg) in the loop whenever fd is readable (level-triggered). It should take a bounded share of
 * work and return: true if more may be waiting (it is called again in the next turn). The descriptor stays
 * the caller's. Home loop or through lun_loop_run. */
LUN_API bool lun_loop_watch(struct lun_loop *l, int fd, bool (*ready)(void *arg), void *arg,
                            struct lun_error *e);
LUN_API void lun_loop_unwatch(struct lun_loop *l, int fd);

/* A timer of the caller's on a loop. Zero-initialise, fill fn. In that loop only. */
struct lun_timer {
    void (*fn)(struct lun_timer *t);
    uint64_t private_[6];
};
LUN_API void lun_timer_arm(struct lun_loop *l, struct lun_timer *t, uint32_t after_ms);
LUN_API void lun_timer_disarm(struct lun_loop *l, struct lun_timer *t);

/* Buffers of LUN_BUFFER_SIZE bytes, page-aligned, from the loop's own stock (last in, first out; given back
 * to the kernel when idle). NULL when memory is short. Get: in that loop. Put: any thread; accepts NULL. */
#define LUN_BUFFER_SIZE (1024 * 1024 + 4096)
LUN_API void *lun_buffer_get(struct lun_loop *l);
LUN_API void lun_buffer_put(struct lun_loop *l, void *buffer);

/* ---- Targets ----------------------------------------------------------------------------------------- */

enum lun_digest { LUN_DIGEST_NONE, LUN_DIGEST_CRC32C, LUN_DIGEST_PREFER_CRC32C, LUN_DIGEST_PREFER_NONE };

/* Which stages a login goes through (RFC 7143 6.3). */
enum lun_login_stages {
    LUN_STAGES_BOTH,        /* security, then operational negotiation */
    LUN_STAGES_OPERATIONAL, /* starts with the second: one exchange less; no authentication */
    LUN_STAGES_SECURITY,    /* from the first to full feature phase: every key keeps its default, unless the
                               target wants the second */
};

/* CHAP_A values: RFC 7143 12.1.3 and IANA. */
enum lun_chap_algorithm {
    LUN_CHAP_MD5 = 5,
    LUN_CHAP_SHA1 = 6,
    LUN_CHAP_SHA256 = 7,
    LUN_CHAP_SHA3_256 = 8,
};

#define LUN_CHAP_ALGORITHMS 4

struct lun_auth {
    const char *user, *secret;               /* both NULL: no authentication (AuthMethod=None) */
    const char *mutual_user, *mutual_secret; /* both NULL: one-way */
    uint8_t algorithms[LUN_CHAP_ALGORITHMS]; /* in order of preference, 0 ends; all 0 = MD5 SHA1 SHA256
                                                SHA3-256 in the order that works with known targets */
    bool allow_short_secret;                 /* secrets under 96 bits (RFC 7143 9.2.1) */
};

/* What requests do while the target is away. */
enum lun_outage {
    LUN_OUTAGE_WAIT, /* wait for it, and are sent again where their answer was lost */
    LUN_OUTAGE_FAIL, /* fail at once */
};

/* Copied by lun_target_new; 0 or NULL means the default unless said. */
struct lun_target_options {
    const char *iqn;
    const char *const *portals; /* "host[:port]"; tried in order */
    size_t portal_count;
    int portal_group; /* TargetPortalGroupTag discovery gave for it, -1 = unknown (nothing is checked) */
    const int *portal_groups; /* the same of each portal, where they differ; NULL = portal_group of all */
    struct lun_auth auth;
    enum lun_digest header_digest, data_digest;
    enum lun_login_stages login_stages;
    unsigned sessions;    /* 1-64; default: 1, up to 4 where the target's command window is small */
    const uint64_t *luns; /* decimal LUNs to use; NULL = all */
    size_t lun_count;
    bool read_only;            /* refuse writes to every unit */
    uint32_t login_timeout_ms; /* the whole opening, over all portals; default 15000 */
    uint32_t io_timeout_ms;    /* one SCSI command; default 30000 */
    uint32_t nop_interval_ms;  /* NOP-Out when the connection is silent; default 5000, UINT32_MAX = never */
    uint32_t nop_timeout_ms;   /* connection given up when unanswered; default 5000 */
    enum lun_outage on_outage; /* default LUN_OUTAGE_WAIT */
    /* With LUN_OUTAGE_WAIT: how long requests wait for a target, or a unit, that is away; then they fail,
     * until it is back. It goes on being tried for. Default 120000, UINT32_MAX = for ever. */
    uint32_t replacement_timeout_ms;
    uint32_t queue_depth;  /* commands outstanding per unit, 1-1024; default: moves with the device */
    uint32_t max_transfer; /* bytes per command, 4096-1048576; default: the device's, at most 524288 */
    int initial_r2t, immediate_data; /* 0 = our offer (No, Yes), 1 = offer No, 2 = offer Yes */
    int data_pdu_in_order,
        data_sequence_in_order;            /* likewise; our offer is Yes. With No the target may choose */
    uint32_t max_recv_data_segment_length; /* default 262144; 512-16777215 */
    uint32_t first_burst_length, max_burst_length; /* defaults 262144 and 1048576 */
    uint16_t max_outstanding_r2t;                  /* default 8 */
};

/* One-shot notice of the end of an asynchronous call. The caller's memory until done has run. */
struct lun_call {
    void (*done)(struct lun_call *call); /* runs in the home loop */
    struct lun_error error;              /* layer LUN_OK on success */
    void *user;

    uint64_t private_[6]; /* the library's */
};

/* Checks and copies the options, looks up the portals' names (this may block), picks the home loop. Nothing
 * is sent yet. NULL on failure. Not in a loop. */
LUN_API struct lun_target *lun_target_new(struct lun_pool *p, const struct lun_target_options *o,
                                          struct lun_error *e);
/* Logs in every session, lists the units, fetches their identity; done when that has worked or failed, at the
 * latest when login_timeout_ms is over (and what was sent has been aborted). Units that have not answered by
 * then are announced when they do. Nothing is retried; after a failure no session is left. Any thread. */
LUN_API void lun_target_open(struct lun_target *t, struct lun_call *call);
LUN_API bool lun_target_open_wait(struct lun_target *t, struct lun_error *e); /* not in a loop */
/* No new I/O; waits for what is in flight (at most drain_ms), flushes, logs out. Idempotent. Any thread. */
LUN_API void lun_target_close(struct lun_target *t, uint32_t drain_ms, struct lun_call *call);
LUN_API bool lun_target_close_wait(struct lun_target *t, uint32_t drain_ms, struct lun_error *e);
/* After lun_target_close has ended. Accepts NULL. Not in a loop. */
LUN_API void lun_target_free(struct lun_target *t);

LUN_API struct lun_loop *lun_target_loop(const struct lun_target *t); /* any thread */
LUN_API const char *lun_target_name(const struct lun_target *t);      /* the iqn; any thread */

/* The units known, in order of LUN. Home loop. The array is valid until the callback returns; a unit is valid
 * until lun_target_free. */
LUN_API size_t lun_target_units(const struct lun_target *t, struct lun_unit *const **ret_units);
/* NULL if there is none. Home loop. */
LUN_API struct lun_unit *lun_target_unit(const struct lun_target *t, uint64_t lun);

/* Facts for the files `target` and `sessions`. Home loop. */
LUN_API void lun_target_describe(const struct lun_target *t, struct lun_facts *f);
LUN_API void lun_target_describe_sessions(const struct lun_target *t, struct lun_facts *f);

/* ---- Discovery (SendTargets, RFC 7143 4.3) ----------------------------------------------------------- */

struct lun_found_portal {
    const char *address; /* "host:port" as the target wrote it; a link-local one has the scope of ours */
    int portal_group;
};

struct lun_found_target {
    const char *iqn;
    const struct lun_found_portal *portals; /* at least one: the portal asked, when the target named none */
    size_t portal_count;
};

struct lun_found {
    const struct lun_found_target *targets;
    size_t count;
};

/* Asks one portal for all its targets. *ret is the caller's: lun_found_free. Not in a loop. */
LUN_API bool lun_discover(struct lun_pool *p, const char *portal, const struct lun_auth *auth,
                          uint32_t timeout_ms, struct lun_found **ret, struct lun_error *e);

/* The same without waiting. The caller's memory from lun_discover_start until lun_discover_end. */
struct lun_discovery {
    void (*done)(struct lun_discovery *d); /* runs once, in a loop */
    void *user;
    struct lun_found *found; /* in done: the result, the caller's; NULL on failure */
    struct lun_error error;  /* then why */
    void *private_;
};

/* Looks the portal's name up (this may block) and starts to ask; auth's strings stay valid until done. False:
 * e filled, done never runs, no lun_discover_end. Not in a loop. */
LUN_API bool lun_discover_start(struct lun_pool *p, const char *portal, const struct lun_auth *auth,
                                uint32_t timeout_ms, struct lun_discovery *d, struct lun_error *e);
/* Ends it early: done follows with LUN_CANCELLED, unless it has run already. Any thread, before the end. */
LUN_API void lun_discover_cancel(struct lun_discovery *d);
/* Frees what the library holds for d. After done has run; not in a loop. */
LUN_API void lun_discover_end(struct lun_discovery *d);
LUN_API void lun_found_free(struct lun_found *f);

/* ---- Logical units ----------------------------------------------------------------------------------- */

#define LUN_INQUIRY_MAX 260
#define LUN_SENSE_MAX 252
#define LUN_NAMES_MAX 8
#define LUN_SENSE_HISTORY 8

enum lun_unit_state {
    LUN_UNIT_ONLINE,  /* answers */
    LUN_UNIT_OFFLINE, /* its target is lost, or the device is not ready: error says which */
    LUN_UNIT_GONE,    /* the target no longer lists it */
};

/* What sets the length of a unit's commands. X(enumerator, word printed for it). */
#define LUN_SPLITS(X)                                                                                        \
    X(LUN_SPLIT_DEFAULT, "default")                 /* the device sets no smaller limit */                   \
    X(LUN_SPLIT_CONFIGURED, "configured")           /* lun_target_options.max_transfer */                    \
    X(LUN_SPLIT_MAXIMUM, "maximum-transfer-length") /* Block Limits (VPD B0): never more */                  \
    X(LUN_SPLIT_OPTIMAL, "optimal-transfer-length") /* likewise: more may be slow */

enum lun_split {
#define LUN_SPLIT_ENUM(name, word) name,
    LUN_SPLITS(LUN_SPLIT_ENUM)
#undef LUN_SPLIT_ENUM
};

struct lun_sense_record {
    int64_t when_ms; /* wall clock, ms since 1970 */
    uint8_t opcode;  /* of the command it answered */
    uint16_t length;
    uint8_t data[LUN_SENSE_MAX];
};

/* What is known of a unit. Owned by the library, changed only in the home loop. */
struct lun_unit_info {
    uint64_t lun; /* decimal, as in lunN */
    enum lun_unit_state state;
    struct lun_error error; /* when not online */
    uint8_t device_type;    /* SPC-4 peripheral device type; 0 = disk */
    uint16_t inquiry_length;
    uint8_t inquiry[LUN_INQUIRY_MAX]; /* standard INQUIRY data as received */
    uint16_t capacity_length;         /* 8 or 32 (READ CAPACITY 10 or 16), 0 unknown */
    uint8_t capacity[32];
    bool has_data;         /* a disk with a capacity we can serve */
    uint64_t block_count;  /* 0 when unknown */
    uint32_t block_size;   /* bytes */
    uint64_t size;         /* bytes */
    bool read_only;        /* write-protected, or configured so */
    bool volatile_cache;   /* caching mode page: WCE */
    bool sixteen;          /* READ(16)/WRITE(16) in use */
    uint32_t max_transfer; /* bytes per command in force */
    enum lun_split split;  /* and by what */
    uint32_t granularity;  /* bytes: where a request is cut, it is at a multiple of this; 0 = at any block */
    uint32_t queue_depth;  /* commands outstanding, in force */
    uint16_t page_count;   /* VPD pages the device lists, ascending */
    uint8_t pages[256];
    uint8_t name_count; /* "naa.60014…", "eui.…", "t10.…": names of the LU itself from VPD 83, best first */
    char names[LUN_NAMES_MAX][272];
    uint32_t sense_count; /* sense data received so far; the newest is sense[(sense_count - 1) % HISTORY] */
    struct lun_sense_record sense[LUN_SENSE_HISTORY];
    uint64_t reads, writes, flushes, bytes_read, bytes_written, errors, retries;
};

LUN_API const struct lun_unit_info *lun_unit_info(const struct lun_unit *u); /* home loop */
LUN_API struct lun_target *lun_unit_target(const struct lun_unit *u);        /* any thread */
LUN_API struct lun_loop *lun_unit_loop(const struct lun_unit *u);            /* any thread */
LUN_API uint64_t lun_unit_number(const struct lun_unit *u);                  /* any thread */
/* Facts for the file `status`. Home loop. */
LUN_API void lun_unit_describe(const struct lun_unit *u, struct lun_facts *f);
/* Facts for the file `sense`: the last sense data and the short history. Home loop. */
LUN_API void lun_unit_describe_sense(const struct lun_unit *u, struct lun_facts *f);

/* ---- Requests ---------------------------------------------------------------------------------------- */

enum lun_op {
    LUN_OP_READ,  /* bytes [offset, offset + length) of the LUN; any alignment */
    LUN_OP_WRITE, /* likewise; unaligned ends are read, merged and written under a block-range lock */
    LUN_OP_FLUSH, /* SYNCHRONIZE CACHE; nothing sent when the device has no volatile cache */
    LUN_OP_ZERO,  /* zeros over [offset, offset + length); no buffer */
    LUN_OP_TEST_UNIT_READY, /* no data */
    LUN_OP_INQUIRY,         /* standard INQUIRY data into buffer */
    LUN_OP_VPD,             /* VPD page `page` into buffer */
    LUN_OP_READ_CAPACITY,   /* READ CAPACITY(16), or (10) where that is all there is, into buffer */
    LUN_OP_MODE_SENSE,      /* MODE SENSE(10), or (6) with `six`, page `page`/`subpage`, control `control` */
    LUN_OP_REQUEST_SENSE,   /* sense data into buffer */
    LUN_OP_REPORT_LUNS,     /* LUN list of the unit's target (select report 0) into buffer */
};

#define LUN_IO_PRIVATE 48

/*
 * One request. The caller's memory, untouched by the caller between lun_submit and done. For every request
 * done runs exactly once, in the unit's home loop, when the result is known and neither the library nor the
 * target can touch the buffer any more; it may run before lun_submit returns.
 */
struct lun_io {
    void (*done)(struct lun_io *io);
    void *user;
    enum lun_op op;
    uint8_t page, subpage, control; /* VPD, MODE_SENSE */
    bool six;                       /* MODE_SENSE(6) */
    bool fua;                       /* WRITE: reaches the medium before done (or is flushed, without FUA) */
    uint64_t offset;
    size_t length;       /* READ/WRITE: at most LUN_IO_MAX; others: room in buffer */
    void *buffer;        /* WRITE: the data. READ: NULL = the library lends the bytes, see `data` */
    uint32_t timeout_ms; /* for the whole request, outages included; 0 = the target's io_timeout_ms, which
                            does not run while the target is away (lun_target_options.on_outage) */

    /* Results, valid in done. */
    size_t transferred;       /* bytes; READ past the end is short, WRITE past it is short, then ENOSPC */
    const struct iovec *data; /* READ with buffer NULL: where the bytes are; valid until done returns */
    int data_count;
    struct lun_error error; /* layer LUN_OK on success (text is then meaningless) */

    uint64_t private_[LUN_IO_PRIVATE]; /* the library's */
};

#define LUN_IO_MAX (64u * 1024 * 1024)
/* The longest READ that may be lent (buffer NULL). */
#define LUN_LEND_MAX (1024u * 1024)

/* Any thread; in the home loop the request enters the send queue before this returns. */
LUN_API void lun_submit(struct lun_unit *u, struct lun_io *io);
/* Asks for an early end of a request that has been submitted and whose done has not run: LUN_CANCELLED unless
 * the answer comes first. Sends ABORT TASK for what the target has. Home loop. */
LUN_API void lun_cancel(struct lun_unit *u, struct lun_io *io);
/* Submits and waits; io->done is overwritten. True on success, else io->error. Not in a loop. */
LUN_API bool lun_submit_wait(struct lun_unit *u, struct lun_io *io);

/* Task management functions that end the tasks of a unit or of all of them (RFC 7143 11.5.1; SAM-5 chapter
 * 7). */
enum lun_management {
    LUN_ABORT_TASK_SET = 2,     /* our tasks of the unit */
    LUN_CLEAR_TASK_SET = 4,     /* everybody's tasks of the unit */
    LUN_LOGICAL_UNIT_RESET = 5, /* likewise, and its state is as after power on */
    LUN_TARGET_WARM_RESET = 6,  /* a reset of every unit of the target */
    LUN_TARGET_COLD_RESET = 7,  /* likewise, and every session ends; ours come back */
};

/* Sends the function on each session of the unit's target. done runs when all have answered, or ended:
 * LUN_SCSI with code 0xff0200 | response (RFC 7143 11.6.1) when the target would not. Requests under way that
 * it ends are sent again. The call is the caller's memory until done has run. Any thread. */
LUN_API void lun_manage(struct lun_unit *u, enum lun_management function, struct lun_call *call);
/* The same, and waits. Not in a loop. */
LUN_API bool lun_manage_wait(struct lun_unit *u, enum lun_management function, struct lun_error *e);

/* Blocking read and write of any length: bytes moved, short at the end of the LUN, or -1 with e filled.
 * Not in a loop. */
LUN_API ssize_t lun_pread(struct lun_unit *u, void *buffer, size_t n, uint64_t offset, struct lun_error *e);
LUN_API ssize_t lun_pwrite(struct lun_unit *u, const void *buffer, size_t n, uint64_t offset,
                           struct lun_error *e);
LUN_API bool lun_flush(struct lun_unit *u, struct lun_error *e);

/* "0.1.0" */
LUN_API const char *lun_version(void);

#ifdef __cplusplus
}
#endif

#endif
