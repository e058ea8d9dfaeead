/* SPDX-License-Identifier: Apache-2.0 */
/* inquiry, vpd, capacity: what a LUN says of itself, decoded or as it came. Main thread. SPC-4 6.6, 7.8;
 * SBC-3 5.15, 5.16. */
#include "commands.h"
#include "device.h"
#include "output.h"
#include "report.h"

/* Prints an answer, raw or as the facts decode makes of it. */
static bool show_answer(const struct args *a, const struct device_answer *answer,
                        void (*decode)(const struct args *a, const struct device_answer *from,
                                       struct lun_facts *to),
                        struct lun_error *e)
{
    if (a->raw) {
        FILE *to = output_open(a, true, e);
        return to && output_finish(to, a, output_write(to, a, answer->data, answer->length, e), e);
    }
    struct lun_facts facts = {0};
    decode(a, answer, &facts);
    bool ok = output_facts(a, &facts, false, e);
    lun_facts_free(&facts);
    return ok;
}

/* Nothing was written: a failing logout loses nothing. */
static bool finish(struct device *d, bool ok)
{
    struct lun_error ignored;
    device_close(d, &ignored);
    return ok;
}

static void decode_inquiry(const struct args *a, const struct device_answer *from, struct lun_facts *to)
{
    lun_decode_inquiry(from->data, from->length, to);
}

bool ask_inquiry(const struct args *a, struct lun_error *e)
{
    static struct device_answer answer;
    struct device *d = device_open(a, DEVICE_ASK, e);
    return d && finish(d, d->ops->inquiry(d, &answer, e)) && show_answer(a, &answer, decode_inquiry, e);
}

static void decode_capacity(const struct args *a, const struct device_answer *from, struct lun_facts *to)
{
    lun_decode_capacity(from->data, from->length, to);
}

bool ask_capacity(const struct args *a, struct lun_error *e)
{
    static struct device_answer answer;
    struct device *d = device_open(a, DEVICE_ASK, e);
    return d && finish(d, d->ops->capacity(d, &answer, e)) && show_answer(a, &answer, decode_capacity, e);
}

static void decode_vpd(const struct args *a, const struct device_answer *from, struct lun_facts *to)
{
    lun_decode_vpd(a->page, from->data, from->length, to);
}

static bool vpd_page(const struct args *a, struct lun_error *e)
{
    static struct device_answer answer;
    struct device *d = device_open(a, DEVICE_ASK, e);
    if (!d || !finish(d, d->ops->vpd(d, a->page, &answer, e)))
        return false;
    /* Old devices ignore EVPD and send standard INQUIRY data (SPC-4 7.8.1 puts the page code in byte 1). */
    if (answer.length < 4 || answer.data[1] != a->page)
        return report_set(e, LUN_SCSI, "the device answered something else than VPD page %02x", a->page);
    return show_answer(a, &answer, decode_vpd, e);
}

static bool vpd_list(const struct args *a, struct lun_error *e)
{
    uint8_t pages[256];
    size_t count = 0;
    struct device *d = device_open(a, DEVICE_ASK, e);
    if (!d || !finish(d, d->ops->pages(d, pages, &count, e)))
        return false;
    struct lun_facts facts = {0};
    for (size_t i = 0; i < count; i++) {
        char path[32];
        snprintf(path, sizeof path, "pages.%zu", i);
        lun_facts_hex(&facts, path, "page", &pages[i], 1);
        const char *name = lun_vpd_name(pages[i]);
        if (name)
            lun_facts_word(&facts, path, "name", name);
    }
    bool ok = output_facts(a, &facts, true, e);
    lun_facts_free(&facts);
    return ok;
}

bool ask_vpd(const struct args *a, struct lun_error *e)
{
    return a->has_page ? vpd_page(a, e) : vpd_list(a, e);
}
