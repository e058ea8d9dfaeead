/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One LUN, reached by a session of our own (a URL) or through a mounted tree (a path). Commands see only
 * this. Main thread; the calls block.
 */
#ifndef LUNCTL_DEVICE_H
#define LUNCTL_DEVICE_H

#include "args.h"

/* The longest answer of a device we take: a VPD page of 65535 bytes and its header. */
#define DEVICE_ANSWER_MAX 65540

struct device_answer {
    size_t length;
    uint8_t data[DEVICE_ANSWER_MAX];
};

enum device_use { DEVICE_ASK, DEVICE_READ, DEVICE_WRITE };

struct device;

struct device_ops {
    bool (*inquiry)(struct device *d, struct device_answer *ret, struct lun_error *e);
    bool (*vpd)(struct device *d, uint8_t page, struct device_answer *ret, struct lun_error *e);
    bool (*capacity)(struct device *d, struct device_answer *ret, struct lun_error *e);
    /* The VPD pages it lists, ascending. */
    bool (*pages)(struct device *d, uint8_t ret[static 256], size_t *ret_count, struct lun_error *e);
    /* Bytes moved, short only at the end of the LUN; -1 with e filled. */
    ssize_t (*read)(struct device *d, void *buffer, size_t n, uint64_t offset, struct lun_error *e);
    ssize_t (*write)(struct device *d, const void *buffer, size_t n, uint64_t offset, struct lun_error *e);
    bool (*flush)(struct device *d, struct lun_error *e);
    bool (*close)(struct device *d, struct lun_error *e);
};

struct device {
    const struct device_ops *ops;
    char name[400]; /* for messages: no secrets, printable */
    bool has_data, read_only;
    uint64_t size; /* bytes, with has_data */
};

/* NULL on failure, with e filled. Whoever opens closes. */
struct device *device_open(const struct args *a, enum device_use use, struct lun_error *e);
/* False when what was written may not be there. Accepts NULL. */
bool device_close(struct device *d, struct lun_error *e);

/* The two ways, each in the file of its name. */
struct device *device_url_open(const struct args *a, enum device_use use, struct lun_error *e);
struct device *device_path_open(const char *path, enum device_use use, struct lun_error *e);

#endif
