/* SPDX-License-Identifier: Apache-2.0 */
/* The line lunctl shows during a long copy. */
#include "progress.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static void check(uint64_t done, uint64_t total, uint64_t ms, const char *expected)
{
    char text[PROGRESS_TEXT];
    progress_text(done, total, ms, text);
    cr_assert_str_eq(text, expected);
}

Test(progress, known_total)
{
    check(12 << 20, 48 << 20, 1000, "12 MiB of 48 MiB (25 %), 12 MiB/s");
}

Test(progress, unknown_total)
{
    check(12 << 20, 0, 500, "12 MiB, 24 MiB/s");
}

Test(progress, no_time_yet)
{
    check(0, 1 << 20, 0, "0 MiB of 1 MiB (0 %)");
}

Test(progress, largest_numbers_fit)
{
    char text[PROGRESS_TEXT];
    progress_text(UINT64_MAX, UINT64_MAX, 1, text);
    cr_assert_lt(strlen(text), PROGRESS_TEXT - 1);
    cr_assert_not_null(strstr(text, "100 %"));
}

Test(progress, silent_without_a_terminal)
{
    struct progress p;
    char file[] = "/tmp/lunctl-progress-XXXXXX";
    int fd = mkstemp(file);
    cr_assert(fd >= 0);
    unlink(file);
    int kept = dup(STDERR_FILENO);
    dup2(fd, STDERR_FILENO);
    progress_start(&p, 100);
    progress_at(&p, 50);
    progress_end(&p, 100);
    dup2(kept, STDERR_FILENO);
    cr_assert_not(p.on);
    cr_assert_eq(lseek(fd, 0, SEEK_END), 0);
    close(fd);
    close(kept);
}
