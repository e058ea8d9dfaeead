/* SPDX-License-Identifier: Apache-2.0 */
/* Loading configurations in tests. */
#ifndef TESTS_UNIT_SRC_SUPPORT_H
#define TESTS_UNIT_SRC_SUPPORT_H

#include "config.h"

/* The file below tests/data/config is refused with exactly that line, which begins with its path there. */
void support_refused(const char *file, const char *message);
/* The file there is read; the caller frees. */
struct config support_loaded(const char *file);
/* Like config_load with up to 8 options "key=value", NULL at the end of the list. */
struct config support_source(const char *source, const char *const *options);
void support_source_refused(const char *source, const char *const *options, const char *message);
/* A suite's init and fini: a new directory, which the current one becomes, and its removal. */
void support_scratch(void);
void support_leave(void);
/* A file in the current directory. */
void support_write(const char *name, const char *text, unsigned mode);

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

#endif
