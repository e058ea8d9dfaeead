/* SPDX-License-Identifier: Apache-2.0 */
/* What the library says to the log: one line for each change of state, however often it tries in between. */
#include <criterion/criterion.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "rig.h"

#define LINES_MAX 16

static struct {
    atomic_int count;
    sem_t line;
    char lines[LINES_MAX][256];
} heard;

static void on_log(void *user, enum lun_log_level level, const char *text)
{
    if (level == LUN_LOG_DEBUG)
        return;
    int at = atomic_load(&heard.count);
    if (at < LINES_MAX)
        snprintf(heard.lines[at], sizeof heard.lines[at], "%s", text);
    atomic_store(&heard.count, at + 1);
    sem_post(&heard.line);
}

static void on_event(void *user, const struct lun_event *event)
{
}

/* One line for the loss, one for the return. */
static void says_two_lines(struct rig *r)
{
    sem_init(&heard.line, 0, 0);
    lun_pool_free(r->pool);
    struct lun_pool_options o = {
        .initiator_name = RIG_INITIATOR, .instance = "log", .event = on_event, .log = on_log};
    r->pool = lun_pool_new(&o, &r->error);
    cr_assert(r->pool, "%s", r->error.text);
    r->options.on_outage = LUN_OUTAGE_WAIT;
    rig_open(r);
    sem_wait(&heard.line);
    sem_wait(&heard.line);
    rig_signal(r, "seen");
    rig_read(r, 0, 512);
    int count = atomic_load(&heard.count);
    if (count != 2 || !strstr(heard.lines[0], "lost") || !strstr(heard.lines[1], "is back"))
        rig_complain(r, "%d lines: %s; %s; %s", count, heard.lines[0], heard.lines[1], heard.lines[2]);
    rig_end(r);
}

#define OPENED "login DefaultTime2Wait=0\nserve opened\nclose\n"
#define BACK                                                                                                 \
    "accept\nlogin\nserve seen\nexpect ScsiCommand cdb=read(0,1)\nsend DataIn data=pattern(0,512) S=1\n"

/* Lost, three attempts that fail, each in its own way, and back. */
Test(log, one_line_for_each_change_of_state)
{
    says_two_lines(
        RIG(OPENED "accept\nclose\n"
                   "accept\nexpect LoginRequest\nreset\n"
                   "accept\nexpect LoginRequest\nsend LoginResponse class=3 detail=1\nexpect-close\n" BACK));
}

/* It takes the login and falls over what it is asked: it is not back before its units are known. */
Test(log, one_line_for_a_target_that_is_up_and_gone_again)
{
    says_two_lines(RIG(OPENED "accept\nlogin DefaultTime2Wait=0\nexpect ScsiCommand\nclose\n"
                              "accept\nlogin DefaultTime2Wait=0\nexpect ScsiCommand\nclose\n" BACK));
}
