/* SPDX-License-Identifier: Apache-2.0 */
/* Facts to a YAML document. Pure, any thread. */
#ifndef FUSE_TEXT_H
#define FUSE_TEXT_H

#include "lun.h"

/* Bytes that grow. Zero-initialise; free(at). When memory runs out `failed` turns true and at is kept. */
struct text {
    char *at;
    size_t length, room;
    bool failed;
};

void text_append(struct text *t, const void *bytes, size_t n);
/* Writes one scalar, the only place where that is done: numbers, booleans and words of ours bare, all else
 * double-quoted with \xNN for what is not printable ASCII. */
void text_scalar(struct text *t, const struct lun_fact *f);
/* Writes the facts as one document, never an empty one. */
void text_document(struct text *t, const struct lun_facts *f);

#endif
