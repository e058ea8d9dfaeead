/* SPDX-License-Identifier: Apache-2.0 */
/* What the fuzz targets share; see fuzz.h. One thread. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lun.h"

size_t __sanitizer_get_current_allocated_bytes(void) __attribute__((weak));

uint8_t fuzz_u8(struct fuzz *f)
{
    if (!f->left)
        return 0;
    f->left--;
    return *f->at++;
}

uint16_t fuzz_u16(struct fuzz *f)
{
    unsigned high = fuzz_u8(f);
    return (uint16_t)(high << 8 | fuzz_u8(f));
}

const uint8_t *fuzz_take(struct fuzz *f, size_t n, size_t *ret_n)
{
    const uint8_t *p = f->at;
    if (n > f->left)
        n = f->left;
    f->at += n;
    f->left -= n;
    *ret_n = n;
    return p;
}

uint8_t *fuzz_copy(const void *bytes, size_t n)
{
    uint8_t *copy = malloc(n ? n : 1);
    if (!copy)
        abort();
    if (n)
        memcpy(copy, bytes, n);
    return copy;
}

char *fuzz_text(struct fuzz *f)
{
    size_t n;
    const uint8_t *p = fuzz_take(f, f->left, &n);
    char *text = malloc(n + 1);
    if (!text)
        abort();
    if (n)
        memcpy(text, p, n);
    text[n] = '\0';
    return text;
}

void fuzz_broken(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, condition);
    abort();
}

size_t fuzz_memory(void)
{
    return __sanitizer_get_current_allocated_bytes ? __sanitizer_get_current_allocated_bytes() : 0;
}

void fuzz_touch(const void *bytes, size_t n)
{
    static volatile uint8_t sink;
    const uint8_t *p = bytes;
    uint8_t sum = 0;
    for (size_t i = 0; i < n; i++)
        sum = (uint8_t)(sum + p[i]);
    sink = sum;
    (void)sink;
}

void fuzz_check_error(const struct lun_error *e)
{
    FUZZ_CHECK(e->layer != LUN_OK);
    size_t n = strnlen(e->text, sizeof e->text);
    FUZZ_CHECK(n > 0 && n < sizeof e->text);
    FUZZ_CHECK(*lun_layer_name(e->layer));
}
