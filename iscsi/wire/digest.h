/* SPDX-License-Identifier: Apache-2.0 */
/* Header and data digests (RFC 7143, 13.1, 11.2.2-11.2.4). Pure; any thread. */
#ifndef LUN_WIRE_DIGEST_H
#define LUN_WIRE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The four bytes that follow a header segment of n bytes (BHS and AHS). */
void digest_header(const void *header, size_t n, uint8_t ret[static 4]);
/* The four bytes that follow a data segment: they cover the n bytes and their zero padding. */
void digest_data(const void *data, size_t n, uint8_t ret[static 4]);
/* Do these four bytes match? `padding`: the pad bytes received (not assumed zero). */
bool digest_header_ok(const void *header, size_t n, const uint8_t digest[static 4]);
bool digest_data_ok(const void *data, size_t n, const uint8_t *padding, const uint8_t digest[static 4]);

#endif
