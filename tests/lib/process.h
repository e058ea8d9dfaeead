/* SPDX-License-Identifier: Apache-2.0 */
/* Running commands and keeping servers from a test, so that none outlives it. Main thread of a test only. */
#ifndef TESTS_PROCESS_H
#define TESTS_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

struct result {
    int code;        /* exit code, or 128 + signal */
    char *out, *err; /* what it wrote, NUL-terminated */
};

/* Runs a program to its end. It and its children may write for at most `seconds`, then all of its process
 * group is killed and the test fails. `scratch` is a folder for its output. */
struct result process_run(const char *scratch, unsigned seconds, const char *const argv[]);
void process_result_free(struct result *r);

/* Starts a server; what it prints goes to `log`. It is killed when the test's process ends. */
pid_t process_start(const char *log, const char *const argv[]);
/* SIGKILL and wait. Nothing for 0. */
void process_kill(pid_t pid);
/* Waits for the end of a child; the test fails if it takes longer than `seconds`. Exit code or 128 + signal.
 */
int process_wait(pid_t pid, unsigned seconds);
/* True once the process with this id (any process) is gone; false after `seconds`. */
bool process_gone(pid_t pid, unsigned seconds);

#endif
