/* SPDX-License-Identifier: Apache-2.0 */
/* A TCP port of 127.0.0.1 that leads to another one: address translation, as a target behind it sees it. */
#ifndef TESTS_FORWARD_H
#define TESTS_FORWARD_H

#include <stdint.h>
#include <sys/types.h>

struct forward {
    uint16_t port;
    pid_t pid;
};

void forward_start(struct forward *f, uint16_t to);
/* Ends every connection that is under way, wherever in the stream it is; new ones are served. */
void forward_cut(struct forward *f);
void forward_stop(struct forward *f);

#endif
