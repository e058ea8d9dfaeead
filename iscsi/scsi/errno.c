/* SPDX-License-Identifier: Apache-2.0 */
/* The one place where an error of the library becomes the errno a file system reports. Pure, any thread. */
#include "lun.h"
#include "scsi/decode.h"

#include <errno.h>

#define STATUS(s) (0xff0000u | (s))
#define KEY(k) ((k) << 16), 0xff0000u
#define KEY_ASC(k, asc) ((k) << 16 | (asc) << 8), 0xffff00u
#define EXACT(k, asc, ascq) ((k) << 16 | (asc) << 8 | (ascq)), 0xffffffu

/*
 * First match wins; what matches no row is EIO. Rules of thumb: an errno other than EIO only where the user
 * can act on it, and never ENOSYS, which the kernel remembers for the whole mount, nor EAGAIN, which a
 * blocking file must not give.
 */
static const struct {
    uint32_t code, mask;
    int err;
} scsi_errno[] = {
    {STATUS(SCSI_RESERVATION_CONFLICT), 0xffffffu, EBUSY}, /* another initiator holds it */
    {EXACT(0x7u, 0x27u, 0x07u), ENOSPC},                   /* space allocation failed write protect: a thin
                                                              device is full (SBC-3 4.7.3.6) */
    {KEY_ASC(0x7u, 0x27u), EROFS},                         /* write protected, of any kind */
    {KEY_ASC(0x5u, 0x27u), EROFS},                         /* some devices give it this key */
    {KEY(0x7u), EACCES},                                   /* data protect: access or security refuses */
    {KEY_ASC(0x2u, 0x3au), ENOMEDIUM},                     /* medium not present */
    {KEY_ASC(0x5u, 0x20u), EOPNOTSUPP},                    /* invalid command operation code */
    {KEY_ASC(0x5u, 0x24u), EOPNOTSUPP},                    /* invalid field in CDB: an option it lacks */
    {KEY_ASC(0x5u, 0x26u), EOPNOTSUPP},                    /* invalid field in parameter list */
    {KEY(0xdu), ENOSPC},                                   /* volume overflow */
};

static int errno_of_scsi(uint32_t code)
{
    for (size_t i = 0; i < sizeof scsi_errno / sizeof *scsi_errno; i++)
        if ((code & scsi_errno[i].mask) == scsi_errno[i].code)
            return scsi_errno[i].err;
    return EIO;
}

static int errno_of_system(int code)
{
    if (code <= 0 || code > 4095)
        return EIO;
    return code == ENOSYS ? EOPNOTSUPP : code;
}

int lun_error_errno(const struct lun_error *e)
{
    switch (e->layer) {
    case LUN_OK:
        return 0;
    case LUN_USAGE:
        return EINVAL;
    case LUN_SCSI:
        return errno_of_scsi((uint32_t)e->code);
    case LUN_CANCELLED:
        return EINTR;
    case LUN_SYSTEM:
        return errno_of_system(e->code);
    case LUN_RESOLVE:
    case LUN_CONNECT:
    case LUN_TLS:
    case LUN_LOGIN:
    case LUN_PROTOCOL:
    case LUN_TIMEOUT: /* ETIMEDOUT would be new to programs that expect a disk */
        break;
    }
    return EIO;
}
