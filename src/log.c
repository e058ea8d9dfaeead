/* SPDX-License-Identifier: Apache-2.0 */
/* The log. Only the main thread writes, because syslog and a terminal can block; loops hand their lines over
 * through a pipe, and drop and count them when it is full. */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/uio.h>
#include <syslog.h>
#include <unistd.h>

#define TEXT_MAX 512

/* In the pipe a line is its header and its text. Both go in one write, at most PIPE_BUF long: whole or not
 * at all, and never mixed with another thread's (pipe(7)). */
struct header {
    uint16_t length, level; /* no padding: what is written to a pipe must not come from nowhere */
};
_Static_assert(sizeof(struct header) + TEXT_MAX <= PIPE_BUF, "a line must be one write");

static struct {
    bool to_syslog, debug;
    int pipe[2];
    atomic_uint lost;
} log_ = {.pipe = {-1, -1}};

bool log_open(bool to_syslog, bool debug, struct lun_error *e)
{
    log_.to_syslog = to_syslog;
    log_.debug = debug;
    if (pipe2(log_.pipe, O_CLOEXEC | O_NONBLOCK) < 0) {
        *e = (struct lun_error){.layer = LUN_SYSTEM, .code = errno};
        snprintf(e->text, sizeof e->text, "log pipe: %s", strerror(errno));
        return false;
    }
    if (to_syslog)
        openlog("lunfs", LOG_PID, LOG_DAEMON);
    return true;
}

void log_close(void)
{
    for (int i = 0; i < 2; i++) {
        if (log_.pipe[i] >= 0)
            close(log_.pipe[i]);
        log_.pipe[i] = -1;
    }
    if (log_.to_syslog)
        closelog();
}

static void write_line(enum lun_log_level level, const char *text)
{
    static const int priorities[] = {
        [LUN_LOG_ERROR] = LOG_ERR,
        [LUN_LOG_WARNING] = LOG_WARNING,
        [LUN_LOG_NOTICE] = LOG_NOTICE,
        [LUN_LOG_DEBUG] = LOG_DEBUG,
    };
    if (level == LUN_LOG_DEBUG && !log_.debug)
        return;
    if (log_.to_syslog)
        syslog(priorities[level], "%s", text);
    else
        fprintf(stderr, "lunfs: %s\n", text);
}

void log_line(enum lun_log_level level, const char *format, ...)
{
    char text[TEXT_MAX];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    write_line(level, text);
}

void log_hook(void *user, enum lun_log_level level, const char *text)
{
    if (level == LUN_LOG_DEBUG && !log_.debug)
        return;
    size_t n = strnlen(text, TEXT_MAX - 1);
    struct header h = {.length = (uint16_t)n, .level = (uint16_t)level};
    struct iovec parts[] = {{&h, sizeof h}, {(char *)text, n}};
    if (writev(log_.pipe[1], parts, 2) < 0)
        atomic_fetch_add(&log_.lost, 1);
}

int log_fd(void)
{
    return log_.pipe[0];
}

void log_drain(bool write)
{
    struct header h;
    char text[TEXT_MAX];
    while (read(log_.pipe[0], &h, sizeof h) == (ssize_t)sizeof h) {
        /* The text came with its header, so it is there. */
        if (h.length >= sizeof text || read(log_.pipe[0], text, h.length) != h.length)
            break;
        text[h.length] = '\0';
        if (write)
            write_line((enum lun_log_level)h.level, text);
    }
    unsigned lost = atomic_exchange(&log_.lost, 0);
    if (lost && write)
        log_line(LUN_LOG_WARNING, "%u log lines lost", lost);
}
