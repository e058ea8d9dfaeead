/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted target: a conversation, one PDU a line, played to whoever connects. The language is described
 * in script.md. Functions here are for the test's thread. */
#ifndef TESTS_SCRIPT_H
#define TESTS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct script;

/* Parses and listens on a free port of 127.0.0.1. Aborts the test on a syntax error. The place names the test
 * in messages. */
struct script *script_new(const char *text, const char *file, int line);
/* The same on ::1. */
struct script *script_new_ipv6(const char *text, const char *file, int line);
uint16_t script_port(const struct script *s);
/* Lets `wait NAME` go on; may come before it. */
void script_signal(struct script *s, const char *name);
/* Makes `$KEY` stand for the value, as if the initiator had sent it. Only before the signal that a `wait` at
 * the head of the script is for. */
void script_tell(struct script *s, const char *key, const char *value);
/* Returns when `mark NAME` has been passed; false when the script has failed or ended without it. */
bool script_await(struct script *s, const char *name);
/* Waits for the script's end. NULL when all went as written, else one message with the transcript; valid
 * until script_free. */
const char *script_finish(struct script *s);
/* What has been said so far, for the message of a test that fails elsewhere. Free it. */
char *script_story(struct script *s);
void script_free(struct script *s);

/* The bytes the scripted device holds at [offset, offset + n): every displacement shows. */
void script_pattern(void *to, uint64_t offset, size_t n);

#endif
