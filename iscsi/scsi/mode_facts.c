/* SPDX-License-Identifier: Apache-2.0 */
/* MODE SENSE data as facts: header, block descriptors, and the pages disks have. Pure, any thread. SPC-4 7.5,
 * SBC-3 6.4. */
#include "scsi/fields.h"
#include "scsi/mode.h"

static const struct field read_write_error_recovery[] = {
    FIELD_FLAG("awre", 2, 7),
    FIELD_FLAG("arre", 2, 6),
    FIELD_FLAG("tb", 2, 5),
    FIELD_FLAG("rc", 2, 4),
    FIELD_FLAG("eer", 2, 3),
    FIELD_FLAG("per", 2, 2),
    FIELD_FLAG("dte", 2, 1),
    FIELD_FLAG("dcr", 2, 0),
    FIELD_N("read_retry_count", 3, 1, NULL),
    FIELD_FLAG("lbpere", 7, 7),
    FIELD_N("write_retry_count", 8, 1, NULL),
    FIELD_N("recovery_time_limit", 10, 2, "ms"),
};

static const struct field disconnect_reconnect[] = {
    FIELD_N("buffer_full_ratio", 2, 1, NULL),
    FIELD_N("buffer_empty_ratio", 3, 1, NULL),
    FIELD_N("bus_inactivity_limit", 4, 2, NULL),
    FIELD_N("disconnect_time_limit", 6, 2, NULL),
    FIELD_N("connect_time_limit", 8, 2, NULL),
    FIELD_SCALED("maximum_burst_size", 10, 2, 512, "bytes"),
    FIELD_FLAG("emdp", 12, 7),
    FIELD_BITS("fair_arbitration", 12, 6, 4),
    FIELD_FLAG("dimm", 12, 3),
    FIELD_BITS("dtdc", 12, 2, 0),
    FIELD_SCALED("first_burst_size", 14, 2, 512, "bytes"),
};

static const struct field verify_error_recovery[] = {
    FIELD_FLAG("eer", 2, 3),
    FIELD_FLAG("per", 2, 2),
    FIELD_FLAG("dte", 2, 1),
    FIELD_FLAG("dcr", 2, 0),
    FIELD_N("verify_retry_count", 3, 1, NULL),
    FIELD_N("verify_recovery_time_limit", 10, 2, "ms"),
};

static const struct field caching[] = {
    FIELD_FLAG("ic", 2, 7),
    FIELD_FLAG("abpf", 2, 6),
    FIELD_FLAG("cap", 2, 5),
    FIELD_FLAG("disc", 2, 4),
    FIELD_FLAG("size", 2, 3),
    FIELD_FLAG("wce", 2, 2),
    FIELD_FLAG("mf", 2, 1),
    FIELD_FLAG("rcd", 2, 0),
    FIELD_BITS("demand_read_retention_priority", 3, 7, 4),
    FIELD_BITS("write_retention_priority", 3, 3, 0),
    FIELD_N("disable_pre_fetch_transfer_length", 4, 2, "blocks"),
    FIELD_N("minimum_pre_fetch", 6, 2, "blocks"),
    FIELD_N("maximum_pre_fetch", 8, 2, "blocks"),
    FIELD_N("maximum_pre_fetch_ceiling", 10, 2, "blocks"),
    FIELD_FLAG("fsw", 12, 7),
    FIELD_FLAG("lbcss", 12, 6),
    FIELD_FLAG("dra", 12, 5),
    FIELD_BITS("sync_prog", 12, 2, 1),
    FIELD_FLAG("nv_dis", 12, 0),
    FIELD_N("number_of_cache_segments", 13, 1, NULL),
    FIELD_N("cache_segment_size", 14, 2, NULL),
};

static const struct field control[] = {
    FIELD_BITS("tst", 2, 7, 5),
    FIELD_FLAG("tmf_only", 2, 4),
    FIELD_FLAG("dpicz", 2, 3),
    FIELD_FLAG("d_sense", 2, 2),
    FIELD_FLAG("gltsd", 2, 1),
    FIELD_FLAG("rlec", 2, 0),
    FIELD_BITS("queue_algorithm_modifier", 3, 7, 4),
    FIELD_FLAG("nuar", 3, 3),
    FIELD_BITS("qerr", 3, 2, 1),
    FIELD_FLAG("rac", 4, 6),
    FIELD_BITS("ua_intlck_ctrl", 4, 5, 4),
    FIELD_FLAG("swp", 4, 3),
    FIELD_FLAG("ato", 5, 7),
    FIELD_FLAG("tas", 5, 6),
    FIELD_FLAG("atmpe", 5, 5),
    FIELD_FLAG("rwwp", 5, 4),
    FIELD_BITS("autoload_mode", 5, 2, 0),
    FIELD_SCALED("busy_timeout_period", 8, 2, 100, "ms"),
    FIELD_N("extended_self_test_completion_time", 10, 2, "seconds"),
};

static const struct field control_extension[] = {
    FIELD_FLAG("tcmos", 4, 2),
    FIELD_FLAG("scsip", 4, 1),
    FIELD_FLAG("ialuae", 4, 0),
    FIELD_BITS("initial_command_priority", 5, 3, 0),
    FIELD_N("maximum_sense_data_length", 6, 1, "bytes"),
};

static const struct field power_condition[] = {
    FIELD_BITS("pm_bg_precedence", 2, 7, 6),
    FIELD_FLAG("standby_y", 2, 0),
    FIELD_FLAG("idle_c", 3, 3),
    FIELD_FLAG("idle_b", 3, 2),
    FIELD_FLAG("idle_a", 3, 1),
    FIELD_FLAG("standby_z", 3, 0),
    FIELD_SCALED("idle_a_condition_timer", 4, 4, 100, "ms"),
    FIELD_SCALED("standby_z_condition_timer", 8, 4, 100, "ms"),
    FIELD_SCALED("idle_b_condition_timer", 12, 4, 100, "ms"),
    FIELD_SCALED("idle_c_condition_timer", 16, 4, 100, "ms"),
    FIELD_SCALED("standby_y_condition_timer", 20, 4, 100, "ms"),
    FIELD_BITS("ccf_idle", 39, 7, 6),
    FIELD_BITS("ccf_standby", 39, 5, 4),
    FIELD_BITS("ccf_stopped", 39, 3, 2),
};

static const struct field informational_exceptions[] = {
    FIELD_FLAG("perf", 2, 7),
    FIELD_FLAG("ebf", 2, 5),
    FIELD_FLAG("ewasc", 2, 4),
    FIELD_FLAG("dexcpt", 2, 3),
    FIELD_FLAG("test", 2, 2),
    FIELD_FLAG("ebackerr", 2, 1),
    FIELD_FLAG("logerr", 2, 0),
    FIELD_BITS("mrie", 3, 3, 0),
    FIELD_SCALED("interval_timer", 4, 4, 100, "ms"),
    FIELD_N("report_count", 8, 4, NULL),
};

#define PAGE(code_, subpage_, name_, table_)                                                                 \
    {                                                                                                        \
        (code_), (subpage_), (name_), (table_), sizeof(table_) / sizeof *(table_)                            \
    }

static const struct page_kind {
    uint8_t code, subpage;
    const char *name;
    const struct field *fields;
    size_t count;
} page_kinds[] = {
    PAGE(0x01, 0x00, "read-write-error-recovery", read_write_error_recovery),
    PAGE(0x02, 0x00, "disconnect-reconnect", disconnect_reconnect),
    PAGE(0x07, 0x00, "verify-error-recovery", verify_error_recovery),
    PAGE(0x08, 0x00, "caching", caching),
    PAGE(0x0a, 0x00, "control", control),
    PAGE(0x0a, 0x01, "control-extension", control_extension),
    PAGE(0x1a, 0x00, "power-condition", power_condition),
    PAGE(0x1c, 0x00, "informational-exceptions-control", informational_exceptions),
};

static const struct page_kind *page_kind_of(const struct mode_page *p)
{
    for (size_t i = 0; i < sizeof page_kinds / sizeof *page_kinds; i++)
        if (page_kinds[i].code == p->code && page_kinds[i].subpage == p->subpage)
            return &page_kinds[i];
    return NULL;
}

static const struct field short_descriptor[] = {
    /* SPC-4 7.5.6.1, SBC-3 6.4.2.2 */
    FIELD_N("number_of_logical_blocks", 0, 4, "blocks"),
    FIELD_N("logical_block_length", 5, 3, "bytes"),
};
static const struct field long_descriptor[] = {
    /* SBC-3 6.4.2.3 */
    FIELD_N("number_of_logical_blocks", 0, 8, "blocks"),
    FIELD_N("logical_block_length", 12, 4, "bytes"),
};

static void mode_descriptors(struct reader r, bool long_lba, struct lun_facts *f)
{
    size_t length = long_lba ? 16 : 8;
    for (size_t i = 0; r.left >= length; i++) {
        char path[FIELD_PATH];
        field_path(path, "", "block_descriptors", i);
        struct span s = span_over(reader_take(&r, length), length, length);
        if (long_lba)
            FIELDS_ADD(long_descriptor, s, path, f);
        else
            FIELDS_ADD(short_descriptor, s, path, f);
    }
}

static void mode_page(const struct mode_page *p, const char *path, struct lun_facts *f)
{
    const struct page_kind *kind = page_kind_of(p);
    bool subpage = p->data[0] & 0x40;
    lun_facts_hex(f, path, "page_code", &p->code, 1);
    if (subpage)
        lun_facts_hex(f, path, "subpage_code", &p->subpage, 1);
    if (kind)
        lun_facts_word(f, path, "page_name", kind->name);
    lun_facts_boolean(f, path, "ps", p->saveable);
    size_t header = subpage ? 4 : 2;
    lun_facts_number(f, path, "page_length", p->said - header, "bytes");
    if (kind)
        fields_add(kind->fields, kind->count, span_over(p->data, p->length, p->said), path, f);
    else
        lun_facts_hex(f, path, "data", p->data + header, p->length - header);
}

void lun_decode_mode(const void *data, size_t n, bool ten, struct lun_facts *f)
{
    struct mode_header h;
    if (!mode_header_parse(data, n, ten, &h)) {
        if (n)
            lun_facts_hex(f, "", "data", data, n);
        fields_truncated(f);
        return;
    }
    lun_facts_number(f, "", "medium_type", h.medium_type, NULL);
    lun_facts_boolean(f, "", "wp", h.device_specific & 0x80); /* SBC-3 6.4.1 */
    lun_facts_boolean(f, "", "dpofua", h.device_specific & 0x10);
    mode_descriptors(h.descriptors, h.long_lba, f);
    struct mode_page p = {0};
    bool cut = h.said > n;
    for (size_t i = 0; mode_page_next(&h.pages, &p); i++) {
        char path[FIELD_PATH];
        field_path(path, "", "mode_pages", i);
        mode_page(&p, path, f);
        cut |= p.length < p.said;
    }
    if (cut)
        fields_truncated(f);
}
