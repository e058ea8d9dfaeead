/* SPDX-License-Identifier: Apache-2.0 */
/* MODE SENSE data of both commands: what the library acts on, and facts. SPC-4 7.5, SBC-3 6.4. */
#include "golden.h"
#include "scsi/decode.h"

#include <criterion/criterion.h>

struct verdict {
    bool ok, write_protect, has_caching, write_cache;
};

static struct verdict of(const void *data, size_t n, bool ten)
{
    struct verdict v = {0};
    GOLDEN g = golden_of(data, n);
    v.ok = scsi_mode_parse(g.data, g.n, ten, &v.write_protect, &v.has_caching, &v.write_cache);
    return v;
}

static struct verdict of_file(const char *name, bool ten)
{
    GOLDEN g = golden_read(name);
    return of(g.data, g.n, ten);
}

static struct lun_facts decoded(const char *name, bool ten)
{
    GOLDEN g = golden_read(name);
    struct lun_facts f = {0};
    lun_decode_mode(g.data, g.n, ten, &f);
    return f;
}

Test(mode, tgt_caches_writes)
{
    struct verdict v = of_file("tgt-lun1/mode-6-3f.bin", false);
    cr_assert(v.ok && v.has_caching && v.write_cache && !v.write_protect);
}

Test(mode, tgt_says_the_same_in_ten)
{
    struct verdict v = of_file("tgt-lun1/mode-10-3f.bin", true);
    cr_assert(v.ok && v.has_caching && v.write_cache && !v.write_protect);
}

Test(mode, tgt_read_only_unit)
{
    cr_assert(of_file("tgt-lun2/mode-6-3f.bin", false).write_protect);
    cr_assert(of_file("tgt-lun2/mode-10-3f.bin", true).write_protect);
}

Test(mode, istgt_has_pages_before_and_after)
{
    struct verdict v = of_file("istgt/mode-6-3f.bin", false);
    cr_assert(v.ok && v.has_caching && v.write_cache);
}

Test(mode, lio)
{
    struct verdict v = of_file("lio-512/mode-10-3f.bin", true);
    cr_assert(v.ok && v.has_caching && v.write_cache && !v.write_protect);
}

Test(mode, long_block_descriptor)
{
    struct verdict v = of_file("made/mode-10-long.bin", true);
    cr_assert(v.ok && v.has_caching && v.write_cache && v.write_protect);
}

Test(mode, header_alone)
{
    struct verdict v = of("\x03\0\x80\0", 4, false);
    cr_assert(v.ok && v.write_protect && !v.has_caching);
}

Test(mode, write_cache_off)
{
    const uint8_t d[] = {0x17, 0, 0, 0, 0x08, 0x12, 0x01, [23] = 0};
    struct verdict v = of(d, sizeof d, false);
    cr_assert(v.ok && v.has_caching && !v.write_cache);
}

Test(mode, subpage_of_caching_is_not_caching)
{
    const uint8_t d[] = {0x0b, 0, 0, 0, 0x48, 1, 0, 4, 4, 4, 4, 4};
    struct verdict v = of(d, sizeof d, false);
    cr_assert(v.ok && !v.has_caching);
}

Test(mode, bytes_past_the_length_do_not_count)
{
    const uint8_t d[] = {0x03, 0, 0, 0, 0x08, 0x0a, 0x04, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    struct verdict v = of(d, sizeof d, false);
    cr_assert(v.ok && !v.has_caching);
}

Test(mode, block_descriptors_past_the_end)
{
    const uint8_t d[] = {0xff, 0, 0x80, 0xff, 0x08, 0x12, 0x04};
    struct verdict v = of(d, sizeof d, false);
    cr_assert(v.ok && v.write_protect && !v.has_caching);
}

Test(mode, caching_page_cut_before_its_flags)
{
    const uint8_t d[] = {0x17, 0, 0, 0, 0x08, 0x12};
    struct verdict v = of(d, sizeof d, false);
    cr_assert(v.ok && !v.has_caching);
}

Test(mode, too_short_or_contradictory)
{
    cr_assert(!of("\x03\0\0", 3, false).ok);
    cr_assert(!of("\x00\0\0\0", 4, false).ok, "a length smaller than the header");
    cr_assert(!of("\0\x06\0\0\0\0\0", 7, true).ok);
    cr_assert(!of("\0\x05\0\0\0\0\0\0", 8, true).ok);
    cr_assert(of("\0\x06\0\0\0\0\0\0", 8, true).ok);
}

Test(mode_facts, header_and_block_descriptor)
{
    FACTS f = decoded("made/mode-10-long.bin", true);
    cr_assert_eq(fact_number(&f, "", "wp"), 1);
    cr_assert_eq(fact_number(&f, "", "dpofua"), 1);
    cr_assert_eq(fact_number(&f, "block_descriptors.0", "number_of_logical_blocks"), UINT64_C(0x100000000));
    cr_assert_eq(fact_number(&f, "block_descriptors.0", "logical_block_length"), 4096);
    cr_assert(!fact_truncated(&f));
}

Test(mode_facts, short_block_descriptor)
{
    FACTS f = decoded("tgt-lun2/mode-6-3f.bin", false);
    cr_assert_eq(fact_number(&f, "block_descriptors.0", "logical_block_length"), 4096);
}

Test(mode_facts, read_write_error_recovery)
{
    FACTS f = decoded("made/mode-10-long.bin", true);
    cr_assert_str_eq(fact_text(&f, "mode_pages.0", "page_name"), "read-write-error-recovery");
    cr_assert_eq(fact_number(&f, "mode_pages.0", "awre"), 1);
    cr_assert_eq(fact_number(&f, "mode_pages.0", "arre"), 1);
    cr_assert_eq(fact_number(&f, "mode_pages.0", "tb"), 0);
    cr_assert_eq(fact_number(&f, "mode_pages.0", "read_retry_count"), 5);
    cr_assert_eq(fact_number(&f, "mode_pages.0", "lbpere"), 1);
    cr_assert_eq(fact_number(&f, "mode_pages.0", "write_retry_count"), 6);
    cr_assert_eq(fact_number(&f, "mode_pages.0", "recovery_time_limit"), 500);
}

Test(mode_facts, caching)
{
    FACTS f = decoded("made/mode-10-long.bin", true);
    const char *at = "mode_pages.1";
    cr_assert(fact_is_hex(&f, at, "page_code", "08"));
    cr_assert_eq(fact_number(&f, at, "ps"), 1);
    cr_assert_eq(fact_number(&f, at, "wce"), 1);
    cr_assert_eq(fact_number(&f, at, "rcd"), 1);
    cr_assert_eq(fact_number(&f, at, "ic"), 0);
    cr_assert_eq(fact_number(&f, at, "demand_read_retention_priority"), 1);
    cr_assert_eq(fact_number(&f, at, "write_retention_priority"), 2);
    cr_assert_eq(fact_number(&f, at, "disable_pre_fetch_transfer_length"), 1);
    cr_assert_eq(fact_number(&f, at, "maximum_pre_fetch_ceiling"), 4);
    cr_assert_eq(fact_number(&f, at, "fsw"), 1);
    cr_assert_eq(fact_number(&f, at, "dra"), 1);
    cr_assert_eq(fact_number(&f, at, "nv_dis"), 1);
    cr_assert_eq(fact_number(&f, at, "number_of_cache_segments"), 8);
    cr_assert_eq(fact_number(&f, at, "cache_segment_size"), 9);
}

Test(mode_facts, power_condition)
{
    FACTS f = decoded("made/mode-10-long.bin", true);
    const char *at = "mode_pages.2";
    cr_assert_str_eq(fact_text(&f, at, "page_name"), "power-condition");
    cr_assert_eq(fact_number(&f, at, "pm_bg_precedence"), 1);
    cr_assert_eq(fact_number(&f, at, "standby_y"), 1);
    cr_assert_eq(fact_number(&f, at, "idle_a"), 1);
    cr_assert_eq(fact_number(&f, at, "idle_b"), 0);
    cr_assert_eq(fact_number(&f, at, "idle_c"), 1);
    cr_assert_eq(fact_number(&f, at, "idle_a_condition_timer"), 1000, "in ms; the page counts in 100 ms");
    cr_assert_eq(fact_number(&f, at, "ccf_idle"), 1);
    cr_assert_eq(fact_number(&f, at, "ccf_standby"), 2);
    cr_assert_eq(fact_number(&f, at, "ccf_stopped"), 1);
}

Test(mode_facts, informational_exceptions)
{
    FACTS f = decoded("made/mode-10-long.bin", true);
    const char *at = "mode_pages.3";
    cr_assert_eq(fact_number(&f, at, "perf"), 1);
    cr_assert_eq(fact_number(&f, at, "ewasc"), 1);
    cr_assert_eq(fact_number(&f, at, "dexcpt"), 0);
    cr_assert_eq(fact_number(&f, at, "mrie"), 6);
    cr_assert_eq(fact_number(&f, at, "interval_timer"), 600000);
    cr_assert_eq(fact_number(&f, at, "report_count"), 7);
}

Test(mode_facts, unknown_page_is_shown_in_hexadecimal)
{
    FACTS f = decoded("made/mode-10-long.bin", true);
    cr_assert(fact_is_hex(&f, "mode_pages.4", "page_code", "3e"));
    cr_assert(fact_is_hex(&f, "mode_pages.4", "subpage_code", "02"));
    cr_assert(fact_is_hex(&f, "mode_pages.4", "data", "616263"));
    cr_assert_null(fact_find(&f, "mode_pages.4", "page_name"));
}

Test(mode_facts, control_of_tgt)
{
    FACTS f = decoded("tgt-lun1/mode-6-3f.bin", false);
    cr_assert_str_eq(fact_text(&f, "mode_pages.3", "page_name"), "control");
    cr_assert_eq(fact_number(&f, "mode_pages.3", "gltsd"), 1);
    cr_assert_eq(fact_number(&f, "mode_pages.3", "queue_algorithm_modifier"), 1);
}

Test(mode_facts, control_extension_of_tgt)
{
    FACTS f = decoded("tgt-lun1/mode-10-0a-01.bin", true);
    cr_assert_str_eq(fact_text(&f, "mode_pages.0", "page_name"), "control-extension");
    cr_assert_eq(fact_number(&f, "mode_pages.0", "tcmos"), 1);
    cr_assert_eq(fact_number(&f, "mode_pages.0", "scsip"), 0);
}

Test(mode_facts, disconnect_reconnect_of_tgt)
{
    FACTS f = decoded("tgt-lun1/mode-6-3f.bin", false);
    cr_assert_eq(fact_number(&f, "mode_pages.1", "buffer_full_ratio"), 128);
    cr_assert_eq(fact_number(&f, "mode_pages.1", "bus_inactivity_limit"), 10);
}

Test(mode_facts, page_cut_short)
{
    GOLDEN g = golden_read("tgt-lun1/mode-6-3f.bin");
    FACTS f = {0};
    lun_decode_mode(g.data, 36, false, &f);
    cr_assert_eq(fact_number(&f, "mode_pages.2", "wce"), 1);
    cr_assert_null(fact_find(&f, "mode_pages.2", "minimum_pre_fetch"));
    cr_assert(fact_truncated(&f));
}

Test(mode_facts, no_header)
{
    FACTS f = {0};
    lun_decode_mode("\x03", 1, false, &f);
    cr_assert(fact_is_hex(&f, "", "data", "03"));
    cr_assert(fact_truncated(&f));
}
