/* SPDX-License-Identifier: Apache-2.0 */
/* The names a logical unit has for itself, from VPD page 83h, and their order of worth. Pure, any thread.
 * SPC-4 7.8.6. */
#include "scsi/decode.h"
#include "scsi/designator.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define NAME_ROOM sizeof(((struct lun_unit_info *)0)->names[0])
#define VPD_HEADER 4

/* Best first. An NAA type 3 name is assigned locally: two devices may well have the same one (tgt makes it
 * from target and LUN numbers), so it comes last. */
enum name_rank { RANK_NAA, RANK_EUI, RANK_T10, RANK_STRING, RANK_LOCAL, RANK_NONE };

static enum name_rank name_hex(const char *prefix, const struct designator *d, char *ret)
{
    char *to = stpcpy(ret, prefix);
    for (size_t i = 0; i < d->length; i++)
        to += sprintf(to, "%02x", d->data[i]);
    return RANK_EUI;
}

/* Lengths are fixed by the NAA type (SPC-4 7.8.6.6): 16 bytes for type 6, 8 for the others. */
static enum name_rank name_naa(const struct designator *d, char *ret)
{
    if (!d->length)
        return RANK_NONE;
    unsigned naa = d->data[0] >> 4;
    if ((naa != 2 && naa != 3 && naa != 5 && naa != 6) || d->length != (naa == 6 ? 16 : 8))
        return RANK_NONE;
    name_hex("naa.", d, ret);
    return naa == 3 ? RANK_LOCAL : RANK_NAA;
}

static enum name_rank name_eui(const struct designator *d, char *ret)
{
    if (d->length != 8 && d->length != 12 && d->length != 16)
        return RANK_NONE;
    return name_hex("eui.", d, ret);
}

/* Text with what is not printable as \xNN, padding at the end cut. False when it does not fit: half a name
 * could be another unit's. */
static bool name_text(const char *prefix, const struct designator *d, char *ret)
{
    size_t n = d->length, used = strlen(prefix);
    while (n && (d->data[n - 1] == ' ' || d->data[n - 1] == '\0'))
        n--;
    if (!n)
        return false;
    memcpy(ret, prefix, used);
    for (size_t i = 0; i < n; i++) {
        uint8_t c = d->data[i];
        bool plain = c > 0x1f && c < 0x7f && c != '\\';
        if (used + (plain ? 1 : 4) >= NAME_ROOM)
            return false;
        if (plain)
            ret[used++] = (char)c;
        else
            used += (size_t)sprintf(ret + used, "\\x%02x", c);
    }
    ret[used] = '\0';
    return true;
}

/* A name string "naa.6001405…" names the same thing as an NAA designator: one spelling for both. */
static enum name_rank name_string(const struct designator *d, char *ret)
{
    if (!name_text("", d, ret))
        return RANK_NONE;
    bool naa = strncasecmp(ret, "naa.", 4) == 0;
    if (naa || strncasecmp(ret, "eui.", 4) == 0)
        for (char *c = ret; *c; c++)
            *c = (char)tolower((unsigned char)*c);
    return naa && ret[4] == '3' ? RANK_LOCAL : RANK_STRING;
}

static enum name_rank name_of(const struct designator *d, char *ret)
{
    if (d->association != DESIGNATOR_OF_UNIT)
        return RANK_NONE;
    switch (d->type) {
    case DESIGNATOR_T10:
        return name_text("t10.", d, ret) ? RANK_T10 : RANK_NONE;
    case DESIGNATOR_EUI64:
        return name_eui(d, ret);
    case DESIGNATOR_NAA:
        return name_naa(d, ret);
    case DESIGNATOR_NAME_STRING:
        return name_string(d, ret);
    default:
        return RANK_NONE;
    }
}

static bool name_known(const char *name, char (*names)[272], size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

/* Adds the names of one rank in the order of the page. */
static size_t names_of_rank(struct reader r, enum name_rank rank, char (*ret)[272], size_t count, size_t room)
{
    char name[NAME_ROOM];
    struct designator d;
    while (count < room && designator_next(&r, &d))
        if (name_of(&d, name) == rank && !name_known(name, ret, count))
            strcpy(ret[count++], name);
    return count;
}

size_t scsi_unit_names(const void *data, size_t n, char (*ret)[272], size_t room)
{
    const uint8_t *d = data;
    if (n < VPD_HEADER || d[1] != 0x83)
        return 0;
    size_t said = get_be16(d + 2), here = n - VPD_HEADER, count = 0;
    struct reader r = reader_over(d + VPD_HEADER, said < here ? said : here);
    for (int rank = RANK_NAA; rank < RANK_NONE; rank++)
        count = names_of_rank(r, (enum name_rank)rank, ret, count, room);
    return count;
}
