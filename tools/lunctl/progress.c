/* SPDX-License-Identifier: Apache-2.0 */
/* How far a copy is, on a terminal only. Main thread. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#define EVERY_MS 200
#define MIB 1048576.0

static uint64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

void progress_text(uint64_t done, uint64_t total, uint64_t elapsed_ms, char ret[static PROGRESS_TEXT])
{
    int n = snprintf(ret, PROGRESS_TEXT, "%.0f MiB", (double)done / MIB);
    if (total)
        n += snprintf(ret + n, PROGRESS_TEXT - (size_t)n, " of %.0f MiB (%.0f %%)", (double)total / MIB,
                      100.0 * (double)done / (double)total);
    if (elapsed_ms)
        snprintf(ret + n, PROGRESS_TEXT - (size_t)n, ", %.0f MiB/s",
                 (double)done / MIB * 1000 / (double)elapsed_ms);
}

/* \033[K clears what a longer line left. */
static void show(struct progress *p, uint64_t done, uint64_t now, const char *end)
{
    char text[PROGRESS_TEXT];
    progress_text(done, p->total, now - p->started_ms, text);
    fprintf(stderr, "\r%s\033[K%s", text, end);
    fflush(stderr);
    p->shown_ms = now;
}

void progress_start(struct progress *p, uint64_t total)
{
    uint64_t now = now_ms();
    *p = (struct progress){.on = isatty(STDERR_FILENO), .total = total, .started_ms = now, .shown_ms = now};
}

void progress_at(struct progress *p, uint64_t done)
{
    if (!p->on)
        return;
    uint64_t now = now_ms();
    if (now - p->shown_ms >= EVERY_MS)
        show(p, done, now, "");
}

void progress_end(struct progress *p, uint64_t done)
{
    if (p->on)
        show(p, done, now_ms(), "\n");
    p->on = false;
}
