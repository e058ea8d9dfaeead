/* SPDX-License-Identifier: Apache-2.0 */
/* Which errno a file system gives for which error. */
#include "lun.h"
#include "scsi/decode.h"

#include <criterion/criterion.h>

#include <errno.h>

static int of(enum lun_layer layer, int code)
{
    return lun_error_errno(&(struct lun_error){.layer = layer, .code = code});
}

#define SENSE(key, asc, ascq) of(LUN_SCSI, (key) << 16 | (asc) << 8 | (ascq))

Test(errno_of, no_error)
{
    cr_assert_eq(of(LUN_OK, EIO), 0);
}

Test(errno_of, usage)
{
    cr_assert_eq(of(LUN_USAGE, 0), EINVAL);
}

Test(errno_of, cancelled)
{
    cr_assert_eq(of(LUN_CANCELLED, 0), EINTR);
}

Test(errno_of, lost_target)
{
    cr_assert_eq(of(LUN_CONNECT, ECONNREFUSED), EIO);
    cr_assert_eq(of(LUN_RESOLVE, 0), EIO);
    cr_assert_eq(of(LUN_LOGIN, 0x0201), EIO);
    cr_assert_eq(of(LUN_PROTOCOL, 0), EIO);
    cr_assert_eq(of(LUN_TLS, 0), EIO);
    cr_assert_eq(of(LUN_TIMEOUT, 0), EIO);
}

Test(errno_of, system)
{
    cr_assert_eq(of(LUN_SYSTEM, ENOMEM), ENOMEM);
    cr_assert_eq(of(LUN_SYSTEM, ENOSPC), ENOSPC);
}

Test(errno_of, system_without_a_sensible_code)
{
    cr_assert_eq(of(LUN_SYSTEM, 0), EIO);
    cr_assert_eq(of(LUN_SYSTEM, -5), EIO);
    cr_assert_eq(of(LUN_SYSTEM, 99999), EIO);
}

Test(errno_of, medium_and_hardware_errors)
{
    cr_assert_eq(SENSE(3, 0x11, 0x00), EIO);
    cr_assert_eq(SENSE(4, 0x44, 0x00), EIO);
    cr_assert_eq(SENSE(0xb, 0x47, 0x03), EIO);
}

Test(errno_of, write_protected)
{
    cr_assert_eq(SENSE(7, 0x27, 0x00), EROFS);
    cr_assert_eq(SENSE(7, 0x27, 0x01), EROFS);
    cr_assert_eq(SENSE(5, 0x27, 0x00), EROFS);
}

Test(errno_of, thin_device_full)
{
    cr_assert_eq(SENSE(7, 0x27, 0x07), ENOSPC);
    cr_assert_eq(SENSE(0xd, 0x00, 0x02), ENOSPC);
}

Test(errno_of, access_denied)
{
    cr_assert_eq(SENSE(7, 0x20, 0x02), EACCES);
}

Test(errno_of, no_medium)
{
    cr_assert_eq(SENSE(2, 0x3a, 0x00), ENOMEDIUM);
    cr_assert_eq(SENSE(2, 0x3a, 0x01), ENOMEDIUM);
}

Test(errno_of, not_ready)
{
    cr_assert_eq(SENSE(2, 0x04, 0x01), EIO);
}

Test(errno_of, what_the_device_lacks)
{
    cr_assert_eq(SENSE(5, 0x20, 0x00), EOPNOTSUPP);
    cr_assert_eq(SENSE(5, 0x24, 0x00), EOPNOTSUPP);
    cr_assert_eq(SENSE(5, 0x26, 0x02), EOPNOTSUPP);
}

/* A write past the end is stopped before it is sent; the device saying so means it shrank under us. */
Test(errno_of, lba_out_of_range)
{
    cr_assert_eq(SENSE(5, 0x21, 0x00), EIO);
}

Test(errno_of, missing_unit)
{
    cr_assert_eq(SENSE(5, 0x25, 0x00), EIO);
}

Test(errno_of, reservation_conflict)
{
    cr_assert_eq(of(LUN_SCSI, 0xff0000 | SCSI_RESERVATION_CONFLICT), EBUSY);
}

Test(errno_of, other_statuses)
{
    cr_assert_eq(of(LUN_SCSI, 0xff0000 | SCSI_BUSY), EIO);
    cr_assert_eq(of(LUN_SCSI, 0xff0000 | SCSI_TASK_SET_FULL), EIO);
    cr_assert_eq(of(LUN_SCSI, 0xff0000 | SCSI_TASK_ABORTED), EIO);
}

/* The kernel remembers ENOSYS for the whole mount, and a blocking file must not say EAGAIN. */
Test(errno_of, never_enosys_nor_eagain)
{
    for (int code = 0; code <= 0xffffff; code++) {
        int err = of(LUN_SCSI, code);
        cr_assert(err > 0 && err != ENOSYS && err != EAGAIN);
    }
    cr_assert_eq(of(LUN_SYSTEM, ENOSYS), EOPNOTSUPP);
}
