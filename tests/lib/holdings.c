/* SPDX-License-Identifier: Apache-2.0 */
/* Threads and descriptors of this process; see holdings.h. Any thread. proc(5). */
#include "holdings.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <poll.h>

static int count_entries(const char *path)
{
    DIR *d = opendir(path);
    cr_assert_not_null(d);
    int n = 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

struct holdings holdings_count(void)
{
    return (struct holdings){count_entries("/proc/self/task"), count_entries("/proc/self/fd")};
}

struct holdings holdings_settled(struct holdings before)
{
    struct holdings now = holdings_count();
    for (int i = 0; i < 10000 && now.threads > before.threads; i++) {
        poll(NULL, 0, 1); /* nothing tells when the kernel has let go of a thread */
        now = holdings_count();
    }
    return now;
}
