/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every decoder on every golden file cut at every length, and with bytes changed at random (fixed seeds). The
 * buffers are exactly as long as their content, so ASan sees a read past them. Cut data must say so.
 */
#include "golden.h"
#include "scsi/decode.h"

#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void run_vpd(const void *data, size_t n, struct lun_facts *f)
{
    const uint8_t *d = data;
    char names[LUN_NAMES_MAX][272];
    uint8_t pages[256];
    struct scsi_block_limits limits;
    lun_decode_vpd(n > 1 ? d[1] : 0x83, data, n, f);
    size_t count = scsi_unit_names(data, n, names, LUN_NAMES_MAX);
    for (size_t i = 0; i < count; i++)
        cr_assert_lt(strnlen(names[i], sizeof names[i]), sizeof names[i]);
    cr_assert_leq(scsi_vpd_list(data, n, pages), 256);
    scsi_block_limits_parse(data, n, &limits);
}

static void run_sense(const void *data, size_t n, struct lun_facts *f)
{
    struct scsi_sense s;
    char text[64];
    lun_decode_sense(data, n, f);
    if (!scsi_sense_parse(data, n, &s))
        return;
    scsi_sense_text(&s, text, sizeof text);
    cr_assert(*text);
}

static void run_mode_6(const void *data, size_t n, struct lun_facts *f)
{
    bool a, b, c;
    lun_decode_mode(data, n, false, f);
    scsi_mode_parse(data, n, false, &a, &b, &c);
}

static void run_mode_10(const void *data, size_t n, struct lun_facts *f)
{
    bool a, b, c;
    lun_decode_mode(data, n, true, f);
    scsi_mode_parse(data, n, true, &a, &b, &c);
}

static void run_capacity(const void *data, size_t n, struct lun_facts *f)
{
    struct scsi_capacity c;
    lun_decode_capacity(data, n, f);
    if (scsi_capacity_parse(data, n, &c))
        cr_assert(c.block_size && c.blocks);
}

static void run_luns(const void *data, size_t n, struct lun_facts *f)
{
    size_t count, needed;
    uint64_t sum = 0;
    if (!scsi_luns_count(data, n, &count, &needed))
        return;
    cr_assert_leq(8 + count * 8, n);
    for (size_t i = 0; i < count; i++)
        sum |= scsi_luns_at(data, i);
    lun_facts_number(f, "", "sum", sum, NULL);
}

typedef void runner(const void *data, size_t n, struct lun_facts *f);

static const struct kind {
    const char *prefix;
    runner *run;
    bool says_truncated; /* cut anywhere, it says so; a list of LUNs makes no facts */
} kinds[] = {
    {"inquiry", lun_decode_inquiry, true},
    {"vpd-", run_vpd, true},
    {"sense-", run_sense, true},
    {"mode-6", run_mode_6, true},
    {"mode-10", run_mode_10, true},
    {"capacity-", run_capacity, false},
    {"luns", run_luns, false},
};

static const struct kind *kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strncmp(name, kinds[i].prefix, strlen(kinds[i].prefix)) == 0)
            return &kinds[i];
    return NULL;
}

/* Calls each(kind, bytes) for every golden file of one device. */
static void each_file(const char *device, void (*each)(const struct kind *k, const struct golden *g))
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", GOLDEN_DATA, device);
    DIR *dir = opendir(path);
    cr_assert(dir);
    unsigned files = 0;
    for (struct dirent *e; (e = readdir(dir));) {
        const struct kind *k = kind_of(e->d_name);
        if (!k)
            continue;
        snprintf(path, sizeof path, "%s/%s", device, e->d_name);
        GOLDEN g = golden_read(path);
        each(k, &g);
        files++;
    }
    closedir(dir);
    cr_assert_gt(files, 0);
}

static void cut_everywhere(const struct kind *k, const struct golden *g)
{
    FACTS whole = {0};
    k->run(g->data, g->n, &whole);
    cr_assert(!fact_find(&whole, "", "truncated"), "a whole %s is not truncated", k->prefix);
    for (size_t n = 0; n < g->n; n++) {
        GOLDEN cut = golden_of(g->data, n);
        FACTS f = {0};
        k->run(cut.data, n, &f);
        cr_assert(!f.failed);
        /* LIO sends more bytes than its sense data has. */
        if (k->says_truncated && !(k->run == run_sense && n >= 18))
            cr_assert(fact_truncated(&f), "%s cut to %zu bytes", k->prefix, n);
    }
}

static void change_at_random(const struct kind *k, const struct golden *g)
{
    unsigned seed = (unsigned)g->n * 2654435761u;
    for (unsigned round = 0; round < 400; round++) {
        GOLDEN bad = golden_of(g->data, g->n);
        for (unsigned i = 0; i <= round % 8; i++)
            bad.data[(unsigned)rand_r(&seed) % bad.n] = (uint8_t)(rand_r(&seed) >> 7);
        FACTS f = {0};
        k->run(bad.data, bad.n, &f);
        cr_assert(!f.failed);
    }
}

static void all_ones(const struct kind *k, const struct golden *g)
{
    GOLDEN bad = golden_of(g->data, g->n);
    for (size_t from = bad.n; from-- > 0;) {
        bad.data[from] = 0xff;
        FACTS f = {0};
        k->run(bad.data, bad.n, &f);
        cr_assert(!f.failed);
    }
}

Test(hostile, tgt_cut)
{
    each_file("tgt-lun1", cut_everywhere);
}

Test(hostile, tgt_thin_cut)
{
    each_file("tgt-lun2", cut_everywhere);
}

Test(hostile, tgt_descriptor_sense_cut)
{
    each_file("tgt-lun3", cut_everywhere);
}

Test(hostile, istgt_cut)
{
    each_file("istgt", cut_everywhere);
}

Test(hostile, lio_cut)
{
    each_file("lio-512", cut_everywhere);
}

Test(hostile, made_cut)
{
    each_file("made", cut_everywhere);
}

Test(hostile, tgt_changed)
{
    each_file("tgt-lun1", change_at_random);
}

Test(hostile, istgt_changed)
{
    each_file("istgt", change_at_random);
}

Test(hostile, lio_changed)
{
    each_file("lio-512", change_at_random);
}

Test(hostile, made_changed)
{
    each_file("made", change_at_random);
}

Test(hostile, tails_of_ones)
{
    each_file("made", all_ones);
}
