/* SPDX-License-Identifier: Apache-2.0 */
/* What another parser (libyaml) makes of a text. */
#ifndef FUSE_TEST_YAML_VALUE_H
#define FUSE_TEST_YAML_VALUE_H

#include <stdbool.h>
#include <stddef.h>

/* The scalar at a path of keys and list indexes ("designators.0.naa"), copied, NUL-terminated, to be freed;
 * NULL when it is not there. Fails the test when the text is not exactly one YAML document with a map. */
char *yaml_value(const char *text, size_t n, const char *path, size_t *ret_length);
/* Is the scalar there, written plain (not quoted), and this? */
bool yaml_is(const char *text, size_t n, const char *path, const char *expected);

#endif
