/* SPDX-License-Identifier: Apache-2.0 */
/* Log lines: to stderr in the foreground, to syslog otherwise. */
#ifndef LUNFS_LOG_H
#define LUNFS_LOG_H

#include "lun.h"

/* Main thread, before any loop. */
bool log_open(bool to_syslog, bool debug, struct lun_error *e);
void log_close(void);
/* Writes a line. Main thread: syslog may block. */
__attribute__((format(printf, 2, 3))) void log_line(enum lun_log_level level, const char *format, ...);
/* Takes a line for the main thread to write; the pool's hook. Any thread, never blocks. */
void log_hook(void *user, enum lun_log_level level, const char *text);
/* Readable when a line waits. */
int log_fd(void);
/* Writes the lines that wait, or forgets them. Main thread. */
void log_drain(bool write);

#endif
