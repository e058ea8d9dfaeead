/* SPDX-License-Identifier: Apache-2.0 */
/* "12 MiB of 64 MiB (18 %), 300 MiB/s" on standard error, while it is a terminal. Main thread. */
#ifndef LUNCTL_PROGRESS_H
#define LUNCTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    bool on;
    uint64_t total; /* bytes, 0 = unknown */
    uint64_t started_ms, shown_ms;
};

void progress_start(struct progress *p, uint64_t total);
void progress_at(struct progress *p, uint64_t done);
/* Ends the line. */
void progress_end(struct progress *p, uint64_t done);

/* The line itself, for a terminal or a test. */
#define PROGRESS_TEXT 96
void progress_text(uint64_t done, uint64_t total, uint64_t elapsed_ms, char ret[static PROGRESS_TEXT]);

#endif
