/* SPDX-License-Identifier: Apache-2.0 */
/* One LUN, by URL or by path: what both ways share. Main thread. */
#include "device.h"
#include "report.h"

struct device *device_open(const struct args *a, enum device_use use, struct lun_error *e)
{
    struct device *d = a->is_url ? device_url_open(a, use, e) : device_path_open(a->where, use, e);
    if (!d)
        return NULL;
    bool ok = true;
    if (use != DEVICE_ASK && !d->has_data)
        ok = report_set(e, LUN_SCSI, "%.150s has no data to read or write: it is no disk, or not ready",
                        d->name);
    else if (use == DEVICE_WRITE && d->read_only)
        ok = report_set(e, LUN_SCSI, "%.150s is read-only", d->name);
    if (ok)
        return d;
    struct lun_error ignored;
    device_close(d, &ignored);
    return NULL;
}

bool device_close(struct device *d, struct lun_error *e)
{
    return !d || d->ops->close(d, e);
}
