/* SPDX-License-Identifier: Apache-2.0 */
/* One LUN by URL: a login of our own, then the library's blocking calls. Main thread; what is known of the
 * unit is copied in its home loop once, after login. */
#include "device.h"
#include "report.h"
#include "visit.h"

#include <stdlib.h>
#include <string.h>

struct url_device {
    struct device device;
    struct visit visit;
    struct lun_unit *unit;
    struct lun_unit_info info;
};

static struct url_device *of(struct device *d)
{
    return (struct url_device *)d;
}

static bool ask(struct device *d, enum lun_op op, uint8_t page, size_t room, struct device_answer *ret,
                struct lun_error *e)
{
    struct lun_io io = {.op = op, .page = page, .buffer = ret->data, .length = room};
    if (!lun_submit_wait(of(d)->unit, &io)) {
        *e = io.error;
        return false;
    }
    ret->length = io.transferred < room ? io.transferred : room;
    return true;
}

static bool url_inquiry(struct device *d, struct device_answer *ret, struct lun_error *e)
{
    return ask(d, LUN_OP_INQUIRY, 0, LUN_INQUIRY_MAX, ret, e);
}

/* A short allocation length first: some devices dislike 64 KiB. Then what the page says it needs. */
static bool url_vpd(struct device *d, uint8_t page, struct device_answer *ret, struct lun_error *e)
{
    size_t room = 4096;
    if (!ask(d, LUN_OP_VPD, page, room, ret, e))
        return false;
    size_t whole = ret->length < 4 ? 0 : 4 + (size_t)(ret->data[2] << 8 | ret->data[3]);
    if (ret->length < room || whole <= room)
        return true;
    room = whole < 65535 ? whole : 65535; /* ALLOCATION LENGTH has two bytes (SPC-4 6.6.1) */
    return ask(d, LUN_OP_VPD, page, room, ret, e);
}

static bool url_capacity(struct device *d, struct device_answer *ret, struct lun_error *e)
{
    return ask(d, LUN_OP_READ_CAPACITY, 0, sizeof of(d)->info.capacity, ret, e);
}

static bool url_pages(struct device *d, uint8_t ret[static 256], size_t *ret_count, struct lun_error *e)
{
    *ret_count = of(d)->info.page_count <= 256 ? of(d)->info.page_count : 256;
    memcpy(ret, of(d)->info.pages, *ret_count);
    return true;
}

static ssize_t url_read(struct device *d, void *buffer, size_t n, uint64_t offset, struct lun_error *e)
{
    return lun_pread(of(d)->unit, buffer, n, offset, e);
}

static ssize_t url_write(struct device *d, const void *buffer, size_t n, uint64_t offset, struct lun_error *e)
{
    return lun_pwrite(of(d)->unit, buffer, n, offset, e);
}

static bool url_flush(struct device *d, struct lun_error *e)
{
    return lun_flush(of(d)->unit, e);
}

static bool url_close(struct device *d, struct lun_error *e)
{
    bool ok = visit_logout(&of(d)->visit, e);
    visit_stop(&of(d)->visit);
    free(d);
    return ok;
}

static const struct device_ops url_ops = {
    .inquiry = url_inquiry,
    .vpd = url_vpd,
    .capacity = url_capacity,
    .pages = url_pages,
    .read = url_read,
    .write = url_write,
    .flush = url_flush,
    .close = url_close,
};

/* In the home loop. */
static void url_find(void *arg)
{
    struct url_device *u = arg;
    u->unit = lun_target_unit(u->visit.target, u->visit.entry->luns[0]);
    if (u->unit)
        u->info = *lun_unit_info(u->unit);
}

static bool url_connect(struct url_device *u, struct lun_error *e)
{
    const struct config_target *entry = u->visit.entry;
    if (!entry->iqn || entry->lun_count != 1)
        return report_set(e, LUN_USAGE, "the URL names no %s: iscsi://HOST/IQN/LUN",
                          entry->iqn ? "one LUN" : "target");
    if (!visit_login(&u->visit, e))
        return false;
    lun_loop_run(lun_target_loop(u->visit.target), url_find, u);
    snprintf(u->device.name, sizeof u->device.name, "%.223s/lun%llu", entry->iqn,
             (unsigned long long)entry->luns[0]);
    if (!u->unit)
        return report_set(e, LUN_SCSI, "%.150s: the target has no such LUN", u->device.name);
    u->device.has_data = u->info.has_data;
    u->device.read_only = u->info.read_only;
    u->device.size = u->info.size;
    return true;
}

struct device *device_url_open(const struct args *a, enum device_use use, struct lun_error *e)
{
    struct url_device *u = calloc(1, sizeof *u);
    if (!u) {
        report_errno(e, "%s", args_command_name(a->command));
        return NULL;
    }
    u->device.ops = &url_ops;
    if (visit_start(&u->visit, a, e) && url_connect(u, e))
        return &u->device;
    visit_stop(&u->visit);
    free(u);
    return NULL;
}
