/* SPDX-License-Identifier: Apache-2.0 */
/* A folder of a test's own, with everything that hangs on it: mounts below it and processes started from it,
 * daemons too. All of it is gone after workspace_free, and also when the test crashes or is killed. */
#ifndef TESTS_WORKSPACE_H
#define TESTS_WORKSPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct result;

struct workspace {
    char path[64]; /* exported to commands as $W */
    int janitor;   /* its end of file tells the janitor that the test is over */
};

void workspace_make(struct workspace *w);
/* The same outside of a test, where nothing may be asserted: false, and errno, if it cannot be. */
bool workspace_try(struct workspace *w);
void workspace_free(struct workspace *w);

/* Runs a shell command with $W and what the test exported; 60 s at most. The result is freed by the caller.
 */
struct result workspace_run(struct workspace *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Runs a shell command that must succeed and returns what it printed, without the last newline: valid for the
 * next seven calls. */
const char *workspace_must(struct workspace *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Runs a shell command that must fail; returns what it wrote to stderr, likewise. */
const char *workspace_must_fail(struct workspace *w, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Writes a file below the workspace with the mode given. */
void workspace_write(struct workspace *w, const char *name, unsigned mode, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Mounts at or below the workspace, and processes named `name` that were started from it. */
int workspace_mounts(const struct workspace *w);
int workspace_processes(const struct workspace *w, const char *name);

/* A TCP port of 127.0.0.1 that nobody uses. */
uint16_t workspace_free_port(void);
/* Connections of this host's that are established with a local port (IPv4). */
int workspace_connections(uint16_t local_port);
bool workspace_listens(uint16_t local_port);

#endif
