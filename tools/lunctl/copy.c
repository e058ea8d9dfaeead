/* SPDX-License-Identifier: Apache-2.0 */
/* read and write: bytes between a LUN and a file or pipe, the range checked before the first of them moves.
 * Main thread. */
#include "commands.h"
#include "device.h"
#include "output.h"
#include "progress.h"
#include "report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COPY_BYTES ((size_t)8 << 20) /* a step: enough for the library to keep many commands in flight */

typedef unsigned long long ull;

static void *copy_buffer(struct lun_error *e)
{
    void *buffer = NULL;
    errno = posix_memalign(&buffer, 4096, COPY_BYTES);
    if (errno)
        report_errno(e, "buffer");
    return buffer;
}

static size_t copy_step(uint64_t left)
{
    return left < COPY_BYTES ? (size_t)left : COPY_BYTES;
}

/* Closes d after a copy; a failure that comes last counts too. */
static bool copy_close(struct device *d, bool ok, struct lun_error *e)
{
    struct lun_error closing;
    bool closed = device_close(d, &closing);
    if (ok && !closed)
        *e = closing;
    return ok && closed;
}

static bool check_range(const struct device *d, uint64_t offset, uint64_t length, struct lun_error *e)
{
    if (offset <= d->size && length <= d->size - offset)
        return true;
    return report_set(e, LUN_SYSTEM, "%.100s: offset %llu and length %llu reach past its end at %llu bytes",
                      d->name, (ull)offset, (ull)length, (ull)d->size);
}

static bool read_loop(struct device *d, const struct args *a, uint64_t length, FILE *to, void *buffer,
                      struct lun_error *e)
{
    struct progress progress;
    uint64_t done = 0;
    bool ok = true;
    progress_start(&progress, length);
    while (ok && done < length) {
        size_t step = copy_step(length - done);
        ssize_t got = d->ops->read(d, buffer, step, a->offset + done, e);
        if (got >= 0 && (size_t)got < step) /* it has shrunk since its size was asked */
            ok = report_set(e, LUN_SCSI, "%.150s now ends at byte %llu", d->name,
                            (ull)(a->offset + done + (size_t)got));
        ok = ok && got >= 0 && output_write(to, a, buffer, step, e);
        if (ok)
            done += step;
        progress_at(&progress, done);
    }
    progress_end(&progress, done);
    return ok;
}

static bool read_device(struct device *d, const struct args *a, struct lun_error *e)
{
    uint64_t length = a->has_length ? a->length : a->offset < d->size ? d->size - a->offset : 0;
    if (!check_range(d, a->offset, length, e))
        return false;
    void *buffer = copy_buffer(e);
    FILE *to = buffer ? output_open(a, true, e) : NULL;
    bool ok = to != NULL;
    if (ok) {
        setvbuf(to, NULL, _IONBF, 0);
        ok = output_finish(to, a, read_loop(d, a, length, to, buffer, e), e);
    }
    free(buffer);
    return ok;
}

bool copy_read(const struct args *a, struct lun_error *e)
{
    struct device *d = device_open(a, DEVICE_READ, e);
    return d && copy_close(d, read_device(d, a, e), e);
}

struct input {
    int fd;
    const char *name;
    bool known;    /* how much there is */
    uint64_t left; /* bytes to come, at most; with known exactly */
};

static bool input_open(struct input *in, const struct args *a, struct lun_error *e)
{
    bool standard = !a->input || strcmp(a->input, "-") == 0;
    in->name = standard ? "standard input" : a->input;
    if (!a->input && isatty(STDIN_FILENO))
        return report_set(e, LUN_USAGE,
                          "write takes its bytes from --input FILE or standard input, not from a "
                          "terminal (--input - to insist)");
    in->fd = standard ? STDIN_FILENO : open(a->input, O_RDONLY | O_CLOEXEC);
    struct stat st;
    if (in->fd < 0 || fstat(in->fd, &st) != 0)
        return report_errno(e, "%.150s", in->name);
    off_t at = lseek(in->fd, 0, SEEK_CUR);
    in->known = S_ISREG(st.st_mode) && at >= 0;
    in->left = !in->known ? UINT64_MAX : at < st.st_size ? (uint64_t)(st.st_size - at) : 0;
    if (!a->has_length)
        return true;
    if (in->known && in->left < a->length)
        return report_set(e, LUN_SYSTEM, "%.150s holds %llu bytes, not the %llu asked for", in->name,
                          (ull)in->left, (ull)a->length);
    in->known = true;
    in->left = a->length;
    return true;
}

static void input_close(struct input *in)
{
    if (in->fd > STDIN_FILENO)
        close(in->fd);
}

/* Fills the buffer as far as the input goes: pipes give little at a time. */
static ssize_t input_read(struct input *in, void *buffer, size_t n, struct lun_error *e)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = read(in->fd, (char *)buffer + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            report_errno(e, "%.150s", in->name);
            return -1;
        }
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

/* One step of a write: 1 = done, 0 = the input has ended, -1 = failed. */
static int write_step(struct device *d, struct input *in, uint64_t offset, uint64_t *done, void *buffer,
                      struct lun_error *e)
{
    ssize_t got = input_read(in, buffer, copy_step(in->left), e);
    if (got <= 0)
        return (int)got;
    uint64_t room = d->size - offset - *done;
    if ((uint64_t)got > room) {
        report_set(e, LUN_SYSTEM, "%.100s holds more than fits: %.100s ends at byte %llu, %llu bytes written",
                   in->name, d->name, (ull)d->size, (ull)*done);
        return -1;
    }
    ssize_t put = d->ops->write(d, buffer, (size_t)got, offset + *done, e);
    if (put < 0)
        return -1;
    *done += (size_t)put;
    in->left -= (size_t)put;
    if (put == got)
        return 1;
    report_set(e, LUN_SCSI, "%.150s took no more than %llu bytes", d->name, (ull)*done);
    return -1;
}

static bool write_loop(struct device *d, const struct args *a, struct input *in, void *buffer,
                       struct lun_error *e)
{
    struct progress progress;
    uint64_t done = 0;
    int step = 1;
    progress_start(&progress, in->known ? in->left : 0);
    while (step > 0 && in->left > 0) {
        step = write_step(d, in, a->offset, &done, buffer, e);
        progress_at(&progress, done);
    }
    progress_end(&progress, done);
    /* What was written is made stable even when the rest failed. */
    struct lun_error flushing;
    bool flushed = done == 0 || d->ops->flush(d, &flushing);
    if (step < 0)
        return false;
    if (step == 0 && in->known)
        return report_set(e, LUN_SYSTEM, "%.150s ended %llu bytes early, after %llu", in->name, (ull)in->left,
                          (ull)done);
    if (!flushed)
        *e = flushing;
    return flushed;
}

static bool write_device(struct device *d, const struct args *a, struct input *in, struct lun_error *e)
{
    if (!check_range(d, a->offset, in->known ? in->left : 0, e))
        return false;
    void *buffer = copy_buffer(e);
    bool ok = buffer && write_loop(d, a, in, buffer, e);
    free(buffer);
    return ok;
}

bool copy_write(const struct args *a, struct lun_error *e)
{
    struct input in = {.fd = -1};
    bool ok = input_open(&in, a, e);
    if (ok) {
        struct device *d = device_open(a, DEVICE_WRITE, e);
        ok = d && copy_close(d, write_device(d, a, &in, e), e);
    }
    input_close(&in);
    return ok;
}
