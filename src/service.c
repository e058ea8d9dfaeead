/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The life of a mount: pool, targets, mount, wait, and the same backwards. Main thread, which is no loop: it
 * alone waits for signals, writes the log, mounts and unmounts. pool_event() runs in the home loops.
 */
#include "service.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon.h"
#include "log.h"
#include "members.h"
#include "mount.h"

struct service {
    const struct config *c;
    const struct options *o;
    const char *mountpoint;
    int signal_fd, *parent;
    char *name; /* the initiator's */
    struct lun_pool *pool;
    struct members members;
    _Atomic(struct mount *) mount; /* NULL until it can take events */
    struct lun_error *e;
};

bool service_signals(int *ret_fd, struct lun_error *e)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0) {
        *e = (struct lun_error){.layer = LUN_SYSTEM, .code = errno, .text = "signalfd failed"};
        return false;
    }
    *ret_fd = fd;
    return true;
}

/* True when a signal asks for the end. */
static bool take_signals(struct service *s)
{
    struct signalfd_siginfo info;
    bool stop = false;
    while (read(s->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        if (info.ssi_signo == SIGHUP)
            log_line(LUN_LOG_NOTICE, "SIGHUP: reloading is not supported yet, nothing has changed");
        else
            stop = true;
    }
    return stop;
}

/* memory_limit is split: a quarter for the library's buffers (reads), the rest for writes that wait. */
#define LIBRARY_SHARE 4

/* Home loop of the event's target. */
static void pool_event(void *user, const struct lun_event *event)
{
    struct service *s = user;
    struct mount *mount = atomic_load(&s->mount);
    if (mount)
        mount_event(mount, event);
}

static bool fail(struct service *s, const char *text)
{
    return place_fail(s->e, &(struct place){0}, "%s", text);
}

static bool start_pool(struct service *s)
{
    s->name = identity_initiator_name(s->c->initiator, s->e);
    if (!s->name)
        return false;
    struct lun_pool_options o = {
        .loops = s->c->loops,
        .poll_us = s->c->poll,
        .targets = (unsigned)(s->c->target_count + s->c->discover_count),
        .buffer_memory = s->c->memory_limit / LIBRARY_SHARE,
        .initiator_name = s->name,
        .instance = s->mountpoint,
        .log = log_hook,
        .event = pool_event,
        .user = s,
    };
    s->pool = lun_pool_new(&o, s->e);
    return s->pool && members_init(&s->members, s->pool, s->e);
}

static bool make_members(struct service *s)
{
    for (size_t i = 0; i < s->c->target_count; i++)
        if (!members_add(&s->members, &s->c->targets[i], s->e))
            return false;
    for (size_t i = 0; i < s->c->discover_count; i++)
        if (!members_discover(&s->members, &s->c->discover[i], s->e))
            return false;
    return true;
}

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Until every target and every portal has answered, or has failed to. */
static bool settle(struct service *s)
{
    for (members_turn(&s->members, now_ms()); !members_settled(&s->members);
         members_turn(&s->members, now_ms())) {
        struct pollfd fds[] = {
            {.fd = s->members.done_fd, .events = POLLIN},
            {.fd = s->signal_fd, .events = POLLIN},
            {.fd = *s->parent, .events = 0}, /* POLLERR when the parent has gone away */
        };
        if (poll(fds, 3, members_timeout(&s->members, now_ms())) <= 0)
            continue;
        if (fds[1].revents && take_signals(s))
            return fail(s, "interrupted by a signal");
        if (fds[2].revents)
            return fail(s, "interrupted");
    }
    return true;
}

/* Words for e when too few targets answer. What the user got wrong fails whatever is required. */
static bool check_required(struct service *s)
{
    const struct member *bad = NULL, *wrong = NULL;
    size_t up = 0;
    for (size_t i = 0; i < s->members.count; i++) {
        const struct member *one = s->members.at[i];
        if (one->state == MEMBER_UP) {
            up += one->iqn != NULL;
            continue;
        }
        if (!bad)
            bad = one;
        if (!wrong && one->error.layer == LUN_USAGE && one->iqn)
            wrong = one;
    }
    int require = s->c->require;
    if (wrong)
        bad = wrong;
    else if (!bad || require == CONFIG_REQUIRE_NONE || (require == CONFIG_REQUIRE_ANY && up))
        return true;
    *s->e = bad->error;
    return false;
}

static bool is_cached(const struct config_target *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (t[i].cache.mode || t[i].cache.other_count)
            return true;
    return false;
}

static bool uses_cache(const struct config *c)
{
    return is_cached(c->targets, c->target_count) || is_cached(c->discover, c->discover_count);
}

static bool make_mount(struct service *s)
{
    char *text = config_text(s->c, s->name);
    if (!text)
        return place_no_memory(s->e);
    struct mount_options o = {
        .mountpoint = s->mountpoint,
        .source = s->c->shown,
        .allow_other = s->o->allow_other,
        .read_only = s->o->read_only,
        .kernel_options = s->o->kernel_options,
        .config_text = text,
        .readahead = uses_cache(s->c) ? s->c->readahead : 0,
        .memory_limit = s->c->memory_limit - s->c->memory_limit / LIBRARY_SHARE,
        .debug = s->o->debug,
        .log = log_hook,
    };
    s->mount = mount_new(&o, lun_pool_loop(s->pool, 0), s->e);
    free(text);
    return s->mount;
}

/* A line for each change of state, and none for what is as it should be at the start. */
static void log_change(const struct service *s, const struct member *one)
{
    char line[LUN_ERROR_LINE];
    const char *again =
        one->state == MEMBER_GIVEN_UP ? "it will not be tried again" : "it will be tried again";
    if (one->state != MEMBER_UP && *s->parent >= 0)
        daemon_warn(*s->parent, lun_error_line(&one->error, line));
    if (one->state != MEMBER_UP)
        log_line(LUN_LOG_WARNING, "%s; %s", lun_error_line(&one->error, line), again);
    else if (s->members.retrying && one->iqn)
        log_line(LUN_LOG_NOTICE, "target %s: logged in", one->iqn);
    else if (s->members.retrying)
        log_line(LUN_LOG_NOTICE, "portal %s: answers", one->config->portals[0]);
}

static bool show(struct service *s, const struct member *one)
{
    bool up = one->state == MEMBER_UP;
    log_change(s, one);
    if (!one->iqn)
        return true; /* a portal has no directory */
    const struct mount_target t = {
        .target = up ? one->target : NULL,
        .iqn = one->iqn,
        .directory = one->config->name ? one->config->name : one->iqn,
        .error = up ? NULL : &one->error,
        .data_mode = one->config->mode,
        .uid = one->config->uid,
        .gid = one->config->gid,
        .read_only = one->config->read_only,
        .cached = one->config->cache.mode,
        .cache_other = one->config->cache.other,
        .cache_other_count = one->config->cache.other_count,
    };
    return mount_add_target(s->mount, &t, s->e);
}

static bool start(struct service *s)
{
    if (!start_pool(s) || !make_mount(s) || !make_members(s) || !settle(s) || !check_required(s))
        return false;
    for (const struct member *one; (one = members_changed(&s->members));)
        if (!show(s, one))
            return false;
    members_retry(&s->members);
    return mount_start(s->mount, s->e);
}

/* What was missing and is there now appears; what is missing still says why. */
static void follow_members(struct service *s)
{
    char line[LUN_ERROR_LINE];
    members_turn(&s->members, now_ms());
    for (const struct member *one; (one = members_changed(&s->members));)
        if (!show(s, one))
            log_line(LUN_LOG_ERROR, "%s", lun_error_line(s->e, line));
}

/* Until a signal, or until somebody unmounts. */
static void serve(struct service *s)
{
    for (;;) {
        struct pollfd fds[] = {
            {.fd = s->signal_fd, .events = POLLIN},
            {.fd = mount_gone_fd(s->mount), .events = POLLIN},
            {.fd = log_fd(), .events = POLLIN},
            {.fd = s->members.done_fd, .events = POLLIN},
        };
        if (poll(fds, 4, members_timeout(&s->members, now_ms())) < 0)
            continue;
        if (fds[2].revents)
            log_drain(true);
        if (fds[1].revents) {
            log_line(LUN_LOG_NOTICE, "%s: unmounted", s->mountpoint);
            return;
        }
        if (fds[0].revents && take_signals(s)) {
            log_line(LUN_LOG_NOTICE, "%s: ending on a signal", s->mountpoint);
            return;
        }
        follow_members(s);
    }
}

static void close_members(struct service *s)
{
    members_close(&s->members, s->c->shutdown_timeout);
    while (!members_closed(&s->members)) {
        struct pollfd fd = {.fd = s->members.done_fd, .events = POLLIN};
        poll(&fd, 1, -1);
        members_turn(&s->members, now_ms());
    }
}

/* Accepts what start() has left half done. */
static void stop(struct service *s, bool started)
{
    if (started)
        mount_stop(s->mount, s->c->shutdown_timeout);
    close_members(s);
    struct mount *mount = atomic_exchange(&s->mount, NULL);
    mount_free(mount);
    members_free(&s->members);
    lun_pool_free(s->pool);
    free(s->name);
}

bool service_run(const struct config *c, const struct options *o, const char *mountpoint, int signal_fd,
                 int *parent, struct lun_error *e)
{
    struct service s = {
        .c = c, .o = o, .mountpoint = mountpoint, .signal_fd = signal_fd, .parent = parent, .e = e};
    bool started = start(&s);
    if (started) {
        if (*parent >= 0)
            daemon_ready(*parent);
        *parent = -1;
        log_drain(true);
        log_line(LUN_LOG_NOTICE, "%s: mounted on %s", c->shown, mountpoint);
        serve(&s);
    }
    stop(&s, started);
    /* After a failure the one line is the caller's; what led to it shows with -d. */
    log_drain(started || o->debug);
    return started;
}
