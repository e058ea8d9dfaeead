/* SPDX-License-Identifier: Apache-2.0 */
/* The life of a mount: made, mounted, stopped, freed. Runs in the main thread, except mount_event. */
#include "mount.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "event.h"
#include "leave.h"
#include "ops.h"
#include "readahead.h"
#include "serve.h"
#include "zero.h"

#define INIT_TIMEOUT_MS 10000
#define GONE_TIMEOUT_MS 1000
#define DRAIN_TIMEOUT_MS 60000

static void strings_free(struct mount *m)
{
    free(m->mountpoint);
    free(m->source);
    free(m->kernel_options);
    free(m->config_text);
}

static void destroy(struct mount *m)
{
    zero_free_all(&m->tree);
    tree_free(&m->tree);
    handle_table_free(&m->handles);
    request_pool_free(&m->requests);
    if (m->gone_fd >= 0)
        close(m->gone_fd);
    strings_free(m);
    pthread_mutex_destroy(&m->lock);
    pthread_cond_destroy(&m->changed);
    free(m);
}

static char *copy(const char *s)
{
    return strdup(s ? s : "");
}

struct mount *mount_new(const struct mount_options *o, struct lun_loop *loop, struct lun_error *e)
{
    struct mount *m = calloc(1, sizeof *m);
    if (!m) {
        state_error(e, LUN_SYSTEM, ENOMEM, "out of memory");
        return NULL;
    }
    m->loop = loop;
    m->descriptor = -1;
    m->tree.log = o->log;
    m->tree.log_user = o->log_user;
    m->allow_other = o->allow_other;
    m->read_only = o->read_only;
    m->debug = o->debug;
    m->readahead_wanted = o->readahead;
    m->mountpoint = copy(o->mountpoint);
    m->source = copy(o->source);
    m->kernel_options = copy(o->kernel_options);
    m->config_text = copy(o->config_text && *o->config_text ? o->config_text : "{}\n");
    m->gone_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&m->lock, NULL);
    pthread_cond_init(&m->changed, NULL);
    notify_init(&m->notify);
    request_pool_init(&m->requests, m, o->memory_limit);
    if (!m->mountpoint || !m->source || !m->kernel_options || !m->config_text || m->gone_fd < 0 ||
        !tree_init(&m->tree)) {
        destroy(m);
        state_error(e, LUN_SYSTEM, ENOMEM, "out of memory");
        return NULL;
    }
    return m;
}

/* ---- Targets ---- */

struct addition {
    struct mount *mount;
    const struct mount_target *target;
    struct lun_error *error;
    bool ok;
};

static void add_in_mount_loop(void *arg)
{
    struct addition *a = arg;
    const struct mount_target *t = a->target;
    struct tree_target_options o = {.target = t->target,
                                    .iqn = t->iqn,
                                    .directory = t->directory,
                                    .mode = t->data_mode,
                                    .uid = t->uid,
                                    .gid = t->gid,
                                    .read_only = t->read_only,
                                    .cached = t->cached,
                                    .cache_other = t->cache_other,
                                    .cache_other_count = t->cache_other_count};
    struct tree_target *made = tree_add_target(&a->mount->tree, &o, a->error);
    a->ok = made;
    if (made && t->error)
        made->error = *t->error;
}

static void add_units_in_home_loop(void *arg)
{
    struct addition *a = arg;
    event_send_units(a->mount, a->target->target);
}

static void nothing(void *arg)
{
}

/* The directory comes first, so that from then on every event finds it; the units known already are sent on
 * the same way as events, so that neither overtakes the other. */
bool mount_add_target(struct mount *m, const struct mount_target *t, struct lun_error *e)
{
    struct addition a = {.mount = m, .target = t, .error = e};
    lun_loop_run(m->loop, add_in_mount_loop, &a);
    if (!a.ok || !t->target)
        return a.ok;
    lun_loop_run(lun_target_loop(t->target), add_units_in_home_loop, &a);
    lun_loop_run(m->loop, nothing, NULL);
    return true;
}

void mount_event(struct mount *m, const struct lun_event *event)
{
    event_send(m, event);
    if (event->kind == LUN_EVENT_TARGET_UP)
        event_send_units(m, event->target);
}

/* ---- Mounting ---- */

/* What libfuse says while it mounts, in place of stderr. */
static _Thread_local struct capture {
    char text[LUN_ERROR_TEXT];
    bool on;
} captured;

static void log_libfuse(enum fuse_log_level level, const char *format, va_list args)
{
    if (!captured.on) {
        vfprintf(stderr, format, args);
        return;
    }
    /* The first line is the cause; it may come in parts. */
    size_t used = strlen(captured.text);
    if (used && captured.text[used - 1] == '\n')
        return;
    vsnprintf(captured.text + used, sizeof captured.text - used, format, args);
    char *end = strchr(captured.text, '\n');
    if (end)
        end[1] = '\0';
}

static const char *captured_text(void)
{
    static const char prefix[] = "fuse: ";
    const char *s = captured.text;
    captured.text[strcspn(captured.text, "\n")] = '\0';
    if (strncmp(s, prefix, sizeof prefix - 1) == 0)
        s += sizeof prefix - 1;
    return *s ? s : "libfuse gives no reason";
}

static bool check_mountpoint(struct mount *m, struct lun_error *e)
{
    struct stat s;
    if (stat(m->mountpoint, &s) != 0) {
        int error = errno;
        return state_error(e, LUN_USAGE, error, "%s: %s", m->mountpoint,
                           error == ENOTCONN ? "a file system that has died is mounted here: umount it first"
                                             : strerror(error));
    }
    if (!S_ISDIR(s.st_mode))
        return state_error(e, LUN_USAGE, ENOTDIR, "%s: not a directory", m->mountpoint);
    char *real = realpath(m->mountpoint, NULL);
    if (!real)
        return state_error(e, LUN_USAGE, errno, "%s: %s", m->mountpoint, strerror(errno));
    free(m->mountpoint);
    m->mountpoint = real;
    /* A directory that is a mount of another kind may well be a fine place (volumes of containers are). */
    struct mountinfo there;
    if (mountinfo_at(real, &there) && strncmp(there.type, "fuse", 4) == 0)
        return state_error(e, LUN_USAGE, EBUSY, "%s: already in use (a %s file system is mounted here)", real,
                           there.type);
    return true;
}

/* Commas and backslashes in a value of an option. */
static void append_escaped(FILE *f, const char *s)
{
    for (; *s; s++) {
        if (*s == ',' || *s == '\\')
            fputc('\\', f);
        fputc(*s, f);
    }
}

static char *mount_option_string(const struct mount *m)
{
    char *s = NULL;
    size_t n;
    FILE *f = open_memstream(&s, &n);
    if (!f)
        return NULL;
    fputs("subtype=lunfs,max_read=1048576", f); /* LUN_LEND_MAX */
    fputs(",fsname=", f);
    append_escaped(f, *m->source ? m->source : "lunfs");
    /* The kernel checks modes where strangers may come; else the owner alone does, and gets EROFS for a
     * read-only unit from us where the kernel would say EACCES. */
    fputs(m->allow_other ? ",allow_other,default_permissions" : "", f);
    fputs(m->read_only ? ",ro" : "", f);
    fputs(m->debug ? ",debug" : "", f);
    if (*m->kernel_options)
        fprintf(f, ",%s", m->kernel_options);
    if (fclose(f) != 0) {
        free(s);
        return NULL;
    }
    return s;
}

static bool session_make(struct mount *m, struct lun_error *e)
{
    char *options = mount_option_string(m);
    if (!options)
        return state_error(e, LUN_SYSTEM, ENOMEM, "out of memory");
    char name[] = "lunfs", o[] = "-o";
    char *argv[] = {name, o, options, NULL};
    struct fuse_args args = FUSE_ARGS_INIT(3, argv);
    captured = (struct capture){.on = true};
    m->session = fuse_session_new(&args, &ops_table, sizeof ops_table, m);
    captured.on = false;
    fuse_opt_free_args(&args);
    free(options);
    return m->session || state_error(e, LUN_USAGE, EINVAL, "%s: %s", m->mountpoint, captured_text());
}

static bool session_mount(struct mount *m, struct lun_error *e)
{
    captured = (struct capture){.on = true};
    int failed = fuse_session_mount(m->session, m->mountpoint);
    captured.on = false;
    if (failed)
        return state_error(e, LUN_SYSTEM, EIO, "%s: cannot mount: %s", m->mountpoint, captured_text());
    m->descriptor = fuse_session_fd(m->session);
    int flags = fcntl(m->descriptor, F_GETFL);
    if (flags < 0 || fcntl(m->descriptor, F_SETFL, flags | O_NONBLOCK) < 0)
        return state_error(e, LUN_SYSTEM, errno, "%s: %s", m->mountpoint, strerror(errno));
    if (!mountinfo_at(m->mountpoint, &m->where))
        return state_error(e, LUN_SYSTEM, ENOENT, "%s: the mount is not there", m->mountpoint);
    return true;
}

struct start {
    struct mount *mount;
    struct lun_error *error;
    bool ok;
};

static void start_in_loop(void *arg)
{
    struct start *s = arg;
    s->ok = serve_start(s->mount, s->error);
}

/* True once INIT has been answered (`gone` false) or the kernel has let go (`gone` true). */
static bool wait_for(struct mount *m, bool gone, uint32_t timeout_ms)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += timeout_ms / 1000;
    pthread_mutex_lock(&m->lock);
    while (!(gone ? atomic_load(&m->ended) : m->initialised)) {
        if ((!gone && atomic_load(&m->ended)) ||
            pthread_cond_timedwait(&m->changed, &m->lock, &until) == ETIMEDOUT)
            break;
    }
    bool result = gone ? atomic_load(&m->ended) : m->initialised;
    pthread_mutex_unlock(&m->lock);
    return result;
}

static bool serve(struct mount *m, struct lun_error *e)
{
    struct start s = {.mount = m, .error = e};
    if (!notify_start(&m->notify, m->session))
        return state_error(e, LUN_SYSTEM, EAGAIN, "%s: cannot start a thread", m->mountpoint);
    lun_loop_run(m->loop, start_in_loop, &s);
    if (!s.ok)
        return false;
    return wait_for(m, false, INIT_TIMEOUT_MS) ||
           state_error(e, LUN_SYSTEM, ETIMEDOUT, "%s: the kernel does not answer", m->mountpoint);
}

static void cancel_in_loop(void *arg)
{
    struct mount *m = arg;
    request_cancel_all(&m->requests);
}

static void stop_in_loop(void *arg)
{
    struct mount *m = arg;
    serve_stop(m);
    request_cancel_all(&m->requests);
}

/* Closes the descriptor, which ends what the kernel still waits for. libfuse frees its copy of the mount
 * point in fuse_session_unmount only, and that would unmount whatever lies there now, unless the descriptor
 * polls as broken: a pipe that nobody reads takes its place. */
static void session_end(struct mount *m)
{
    if (!m->session)
        return;
    int ends[2];
    if (m->descriptor >= 0 && pipe2(ends, O_CLOEXEC) == 0) {
        close(ends[0]);
        bool broken = dup2(ends[1], m->descriptor) >= 0;
        close(ends[1]);
        if (broken)
            fuse_session_unmount(m->session);
    }
    fuse_session_destroy(m->session);
    m->session = NULL;
    m->descriptor = -1;
}

bool mount_start(struct mount *m, struct lun_error *e)
{
    fuse_set_log_func(log_libfuse);
    if (check_mountpoint(m, e) && session_make(m, e) && session_mount(m, e) && serve(m, e)) {
        readahead_raise(m); /* INIT has been answered: the kernel sets it then */
        return true;
    }
    if (m->descriptor >= 0)
        leave_detach(m);
    notify_stop(&m->notify);
    lun_loop_run(m->loop, stop_in_loop, m);
    session_end(m);
    return false;
}

int mount_gone_fd(const struct mount *m)
{
    return m->gone_fd;
}

/* ---- The end ---- */

void mount_stop(struct mount *m, uint32_t timeout_ms)
{
    if (m->descriptor < 0 || m->leave)
        return;
    if (atomic_load(&m->ended))
        return;
    m->leave = leave_start(m, timeout_ms);
    wait_for(m, true, GONE_TIMEOUT_MS);
}

struct drain {
    struct mount *mount;
    bool idle;
};

static void idle_in_loop(void *arg)
{
    struct drain *d = arg;
    request_collect(&d->mount->requests);
    d->idle = d->mount->requests.busy == 0 && d->mount->jobs == 0;
}

/* Until the library has given back every request. */
static bool drain(struct mount *m)
{
    struct drain d = {.mount = m};
    for (int waited = 0; waited < DRAIN_TIMEOUT_MS; waited += 5) {
        lun_loop_run(m->loop, idle_in_loop, &d);
        if (d.idle)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    return false;
}

void mount_free(struct mount *m)
{
    if (!m)
        return;
    mount_stop(m, 0);
    /* A notice may wait for the page that a request for a device without an answer has locked. */
    lun_loop_run(m->loop, cancel_in_loop, m);
    notify_stop(&m->notify);
    lun_loop_run(m->loop, stop_in_loop, m);
    bool idle = drain(m);
    session_end(m);
    leave_join(m->leave);
    m->leave = NULL;
    if (!idle) {
        /* Their memory is the library's still: better lost than freed under it. */
        state_log(m, LUN_LOG_ERROR, "%s: requests are still under way", m->mountpoint);
        return;
    }
    destroy(m);
}
