/* SPDX-License-Identifier: Apache-2.0 */
/* A test that runs on every target of the table that can do what it needs, and what such tests share. */
#ifndef TESTS_SYSTEM_CHECK_H
#define TESTS_SYSTEM_CHECK_H

#include <criterion/criterion.h>

#include "lib/workspace.h"
#include "targets.h"

/* The test's own workspace, and the target of this run. */
extern struct workspace check_workspace;
extern const struct targets_entry *check_on;

#define must(...) workspace_must(&check_workspace, __VA_ARGS__)
#define must_fail(...) workspace_must_fail(&check_workspace, __VA_ARGS__)

/* In words of a shell. */
#define URL "iscsi://127.0.0.1:$PORT/$IQN"

struct check {
    struct criterion_test test;
    struct criterion_test_extra_data extra;
    unsigned needs; /* CAN_… */
    struct check *next;
};

void check_add(struct check *c);
void check_init(void);
void check_fini(void);

/* CHECK(group, name, needs) { … }: like Criterion's Test, but registered only where the target can do what is
 * needed (main.c). The suite is named after the target. */
#define CHECK(group_, name_, needs_)                                                                         \
    static void check_##group_##_##name_(void);                                                              \
    static void run_##group_##_##name_(void)                                                                 \
    {                                                                                                        \
        criterion_internal_test_setup();                                                                     \
        criterion_internal_test_main(check_##group_##_##name_);                                              \
        criterion_internal_test_teardown();                                                                  \
    }                                                                                                        \
    static struct check entry_##group_##_##name_ = {                                                         \
        .test = {#group_ "_" #name_, "", run_##group_##_##name_, &entry_##group_##_##name_.extra},           \
        .extra = {.lang_ = CR_LANG_C,                                                                        \
                  .file_ = __FILE__,                                                                         \
                  .line_ = __LINE__,                                                                         \
                  .init = check_init,                                                                        \
                  .fini = check_fini,                                                                        \
                  .timeout = 240},                                                                           \
        .needs = (needs_)};                                                                                  \
    __attribute__((constructor)) static void add_##group_##_##name_(void)                                    \
    {                                                                                                        \
        check_add(&entry_##group_##_##name_);                                                                \
    }                                                                                                        \
    static void check_##group_##_##name_(void)

/* Starts the target; exports $IQN. */
void check_start(struct targets_wish wish);
/* Mounts; exports $D and $D2, the data of the first LUN and of the one after it. */
void check_mount(const char *source, const char *options);
/* Unmounts; nothing may be left at the target. */
void check_end(void);

/* The first LUN's bytes come back; what is written, aligned and not, reaches the device. Leaves $W/expected.
 */
void check_io(void);
/* `target` says that this key was negotiated to this. */
void check_negotiated(const char *key, const char *value);
/* A start, the mount, all of check_io, the end. */
void check_all(struct targets_wish wish, const char *options);
/* lunfs must fail on this source with a line that names each of the words; nothing may be left at the target.
 */
void check_refused(const char *source, const char *options, const char *word, const char *word2);

#endif
