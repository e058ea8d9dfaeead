/* SPDX-License-Identifier: Apache-2.0 */
/* Scope-bound ownership: CLEAN_FREE and CLEAN_FD variables release what they hold when they leave scope. */
#ifndef LUN_BASE_CLEANUP_H
#define LUN_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free(void *p)
{
    free(*(void **)p);
}

static inline void cleanup_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define CLEAN_FREE __attribute__((cleanup(cleanup_free)))
#define CLEAN_FD __attribute__((cleanup(cleanup_fd)))

#endif
