/* SPDX-License-Identifier: Apache-2.0 */
/* Lines from other threads reach stderr through the main thread, whole, in order, or are counted as lost. */
#include "log.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

/* stderr goes to a file, which caught() gives back. */
static void begin(void)
{
    support_scratch();
    cr_assert(freopen("stderr", "w+", stderr));
    struct lun_error e;
    cr_assert(log_open(false, false, &e));
}

static void end(void)
{
    log_close();
    support_leave();
}

TestSuite(log, .init = begin, .fini = end);

static const char *caught(void)
{
    static char text[1 << 20];
    fflush(stderr);
    rewind(stderr);
    text[fread(text, 1, sizeof text - 1, stderr)] = '\0';
    return text;
}

Test(log, line_has_our_name)
{
    log_line(LUN_LOG_NOTICE, "hello %d", 7);
    cr_assert_str_eq(caught(), "lunfs: hello 7\n");
}

Test(log, debug_only_when_asked_for)
{
    log_line(LUN_LOG_DEBUG, "detail");
    log_hook(NULL, LUN_LOG_DEBUG, "detail");
    log_drain(true);
    cr_assert_str_eq(caught(), "");
}

Test(log, hooked_line_waits_for_the_main_thread)
{
    log_hook(NULL, LUN_LOG_WARNING, "from a loop");
    cr_assert_str_eq(caught(), "");
    struct pollfd fd = {.fd = log_fd(), .events = POLLIN};
    cr_assert_eq(poll(&fd, 1, 0), 1);
    log_drain(true);
    cr_assert_str_eq(caught(), "lunfs: from a loop\n");
    cr_assert_eq(poll(&fd, 1, 0), 0);
}

Test(log, lines_can_be_forgotten)
{
    log_hook(NULL, LUN_LOG_WARNING, "from a loop");
    log_drain(false);
    log_drain(true);
    cr_assert_str_eq(caught(), "");
}

Test(log, long_line_is_cut)
{
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    log_hook(NULL, LUN_LOG_ERROR, text);
    log_hook(NULL, LUN_LOG_ERROR, "next");
    log_drain(true);
    const char *all = caught();
    cr_assert_eq(strlen(all), strlen("lunfs: \n") + 511 + strlen("lunfs: next\n"));
    cr_assert(strstr(all, "x\nlunfs: next\n"));
}

Test(log, full_pipe_drops_and_counts)
{
    for (int i = 0; i < 100000; i++)
        log_hook(NULL, LUN_LOG_ERROR, "one of very many lines");
    log_drain(true);
    const char *lost = strstr(caught(), " log lines lost\n");
    cr_assert(lost);
    cr_assert_eq(lost[strlen(" log lines lost\n")], '\0', "said once, at the end");
}

static void *shout(void *word)
{
    for (int i = 0; i < 100; i++)
        log_hook(NULL, LUN_LOG_ERROR, word);
    return NULL;
}

Test(log, threads_do_not_mix)
{
    pthread_t a, b;
    cr_assert_eq(pthread_create(&a, NULL, shout, (void *)"aaaaaaaaaaaaaaaaaaaa"), 0);
    cr_assert_eq(pthread_create(&b, NULL, shout, (void *)"bbbbbbbbbbbbbbbbbbbb"), 0);
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    log_drain(true);
    const char *p = caught();
    int lines = 0;
    for (; *p; p = strchr(p, '\n') + 1, lines++)
        cr_assert(!strncmp(p, "lunfs: aaaaaaaaaaaaaaaaaaaa\n", 28) ||
                  !strncmp(p, "lunfs: bbbbbbbbbbbbbbbbbbbb\n", 28));
    cr_assert_eq(lines, 200);
}
