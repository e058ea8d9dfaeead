/* SPDX-License-Identifier: Apache-2.0 */
/* One LUN by its directory in a mounted tree: the .bin files hold what the device sent, `data` its bytes.
 * Main thread. */
#include "device.h"
#include "report.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct path_device {
    struct device device;
    int directory, data; /* -1 = not open */
};

static struct path_device *of(struct device *d)
{
    return (struct path_device *)d;
}

/* A whole .bin file. */
static bool read_answer(struct device *d, const char *file, struct device_answer *ret, struct lun_error *e)
{
    int fd = openat(of(d)->directory, file, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return report_errno(e, "%.100s/%s", d->name, file);
    ssize_t got = 0;
    ret->length = 0;
    while (ret->length < sizeof ret->data) {
        got = read(fd, ret->data + ret->length, sizeof ret->data - ret->length);
        if (got <= 0)
            break;
        ret->length += (size_t)got;
    }
    if (got < 0)
        report_errno(e, "%.100s/%s", d->name, file);
    close(fd);
    if (got == 0 && ret->length == 0)
        return report_set(e, LUN_SCSI, "%.100s/%s is empty: the device did not answer", d->name, file);
    return got >= 0;
}

static bool path_inquiry(struct device *d, struct device_answer *ret, struct lun_error *e)
{
    return read_answer(d, "inquiry.bin", ret, e);
}

static bool path_capacity(struct device *d, struct device_answer *ret, struct lun_error *e)
{
    return read_answer(d, "capacity.bin", ret, e);
}

static bool path_vpd(struct device *d, uint8_t page, struct device_answer *ret, struct lun_error *e)
{
    char file[16];
    snprintf(file, sizeof file, "vpd/%02x.bin", page);
    return read_answer(d, file, ret, e);
}

/* "83.bin" is page 83h. */
static bool page_of(const char *file, uint8_t *ret)
{
    return strlen(file) == 6 && strcmp(file + 2, ".bin") == 0 &&
           args_page((char[]){file[0], file[1], 0}, ret);
}

static int compare_bytes(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

static bool path_pages(struct device *d, uint8_t ret[static 256], size_t *ret_count, struct lun_error *e)
{
    int fd = openat(of(d)->directory, "vpd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *directory = fd < 0 ? NULL : fdopendir(fd);
    if (!directory) {
        report_errno(e, "%.100s/vpd", d->name);
        if (fd >= 0)
            close(fd);
        return false;
    }
    size_t count = 0;
    for (struct dirent *entry; count < 256 && (entry = readdir(directory));)
        count += page_of(entry->d_name, &ret[count]);
    closedir(directory);
    qsort(ret, count, 1, compare_bytes);
    *ret_count = count;
    return true;
}

static ssize_t path_read(struct device *d, void *buffer, size_t n, uint64_t offset, struct lun_error *e)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(of(d)->data, (char *)buffer + done, n - done, (off_t)(offset + done));
        if (got < 0) {
            report_errno(e, "%.100s/data at %llu", d->name, (unsigned long long)(offset + done));
            return -1;
        }
        if (got == 0)
            break;
        done += (size_t)got;
    }
    return (ssize_t)done;
}

static ssize_t path_write(struct device *d, const void *buffer, size_t n, uint64_t offset,
                          struct lun_error *e)
{
    size_t done = 0;
    while (done < n) {
        ssize_t put = pwrite(of(d)->data, (const char *)buffer + done, n - done, (off_t)(offset + done));
        if (put < 0) {
            report_errno(e, "%.100s/data at %llu", d->name, (unsigned long long)(offset + done));
            return -1;
        }
        if (put == 0)
            break;
        done += (size_t)put;
    }
    return (ssize_t)done;
}

static bool path_flush(struct device *d, struct lun_error *e)
{
    return fsync(of(d)->data) == 0 || report_errno(e, "%.100s/data", d->name);
}

static bool path_close(struct device *d, struct lun_error *e)
{
    bool ok = true;
    if (of(d)->data >= 0 && close(of(d)->data) != 0)
        ok = report_errno(e, "%.100s/data", d->name);
    if (of(d)->directory >= 0)
        close(of(d)->directory);
    free(d);
    return ok;
}

static const struct device_ops path_ops = {
    .inquiry = path_inquiry,
    .vpd = path_vpd,
    .capacity = path_capacity,
    .pages = path_pages,
    .read = path_read,
    .write = path_write,
    .flush = path_flush,
    .close = path_close,
};

/* The LUN's directory for it or a file in it, as "PATH/." or below. */
static int open_directory(const char *path, struct lun_error *e)
{
    struct stat st;
    if (stat(path, &st) != 0) {
        report_errno(e, "%.150s", path);
        return -1;
    }
    char *copy = strdup(path);
    if (!copy) {
        report_errno(e, "%.150s", path);
        return -1;
    }
    const char *directory = S_ISDIR(st.st_mode) ? copy : dirname(copy);
    int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        report_errno(e, "%.150s", path);
    free(copy);
    if (fd < 0 || faccessat(fd, "inquiry.bin", F_OK, 0) == 0)
        return fd;
    /* vpd/83.bin and the directory vpd itself lead to their LUN too. */
    int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    close(fd);
    if (up >= 0 && faccessat(up, "inquiry.bin", F_OK, 0) == 0)
        return up;
    if (up >= 0)
        close(up);
    report_set(e, LUN_SYSTEM, "%.150s is no LUN's directory in a mounted lunfs tree", path);
    return -1;
}

static bool open_data(struct path_device *p, enum device_use use, struct lun_error *e)
{
    struct device *d = &p->device;
    struct stat st;
    d->has_data = fstatat(p->directory, "data", &st, 0) == 0 && S_ISREG(st.st_mode);
    if (!d->has_data)
        return true;
    d->size = (uint64_t)st.st_size;
    d->read_only = !(st.st_mode & 0222);
    if (use == DEVICE_ASK || (use == DEVICE_WRITE && d->read_only))
        return true;
    p->data = openat(p->directory, "data", (use == DEVICE_WRITE ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    return p->data >= 0 || report_errno(e, "%.100s/data", d->name);
}

struct device *device_path_open(const char *path, enum device_use use, struct lun_error *e)
{
    struct path_device *p = calloc(1, sizeof *p);
    if (!p) {
        report_errno(e, "%.150s", path);
        return NULL;
    }
    p->device.ops = &path_ops;
    snprintf(p->device.name, sizeof p->device.name, "%.390s", path);
    p->data = -1;
    p->directory = open_directory(path, e);
    if (p->directory >= 0 && open_data(p, use, e))
        return &p->device;
    struct lun_error ignored;
    path_close(&p->device, &ignored);
    return NULL;
}
