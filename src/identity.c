/* SPDX-License-Identifier: Apache-2.0 */
/* Who we are: the initiator name, from the configuration, open-iscsi's file, the machine-id, or made up once
 * and kept. Main thread. RFC 7143, 4.2.7. */
#include "identity.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "place.h"

#define NAME_FORMAT "iqn.2026-01.org.lunfs:host.%016" PRIx64

/* "InitiatorName=iqn..." with blanks around, comments and other keys between (open-iscsi's file). *ret stays
 * NULL when the file does not exist, may not be read, or names nothing. */
static bool read_initiator_file(const char *path, char **ret, struct lun_error *e)
{
    FILE *f = fopen(path, "re");
    if (!f)
        return true;
    char line[512];
    bool ok = true;
    for (uint32_t number = 1; ok && !*ret && fgets(line, sizeof line, f); number++) {
        static const char key[] = "InitiatorName";
        char *p = line + strspn(line, " \t");
        if (strncmp(p, key, sizeof key - 1))
            continue;
        p += sizeof key - 1;
        p += strspn(p, " \t");
        if (*p++ != '=')
            continue;
        p += strspn(p, " \t");
        p[strcspn(p, " \t\r\n")] = '\0';
        struct place at = {.file = path, .line = number, .column = (uint32_t)(p - line) + 1};
        struct lun_error why = {0};
        if (!lun_name_check(p, &why))
            ok = place_fail(e, &at, "InitiatorName: %s", why.text);
        else if (!(*ret = strdup(p)))
            ok = place_no_memory(e);
    }
    fclose(f);
    return ok;
}

/* FNV-1a, 64 bits: of the 128 bits of a machine-id (which should stay private) half are lost for good. */
static uint64_t hash(const char *salt, const char *text)
{
    uint64_t h = 0xcbf29ce484222325u;
    for (const char *parts[] = {salt, text}, **part = parts; part < parts + 2; part++)
        for (const char *p = *part; *p; p++)
            h = (h ^ (unsigned char)*p) * 0x100000001b3u;
    return h;
}

static char *make_name(uint64_t number)
{
    char *name;
    return asprintf(&name, NAME_FORMAT, number) < 0 ? NULL : name;
}

/* 32 hexadecimal digits, or there is none (an image's file is empty, or says "uninitialized"). */
static bool read_machine_id(const char *path, char **ret, struct lun_error *e)
{
    FILE *f = fopen(path, "re");
    char id[34] = "";
    if (f) {
        if (!fgets(id, sizeof id, f))
            id[0] = '\0';
        fclose(f);
    }
    id[strcspn(id, "\n")] = '\0';
    if (strlen(id) != 32 || strspn(id, "0123456789abcdef") != 32)
        return true;
    *ret = make_name(hash("lunfs initiator ", id));
    return *ret ? true : place_no_memory(e);
}

static bool make_parents(const char *path)
{
    char *copy = strdup(path);
    if (!copy)
        return false;
    bool ok = true;
    for (char *p = copy + 1; ok && (p = strchr(p, '/')); p++) {
        *p = '\0';
        ok = !mkdir(copy, 0755) || errno == EEXIST;
        *p = '/';
    }
    free(copy);
    return ok;
}

/* Whole or not at all: two daemons that start together must end with the same name, so the file is written
 * aside and linked into place, and who comes second takes the first one's. */
static bool keep(const char *path, const char *name)
{
    char *aside;
    if (asprintf(&aside, "%s.%d", path, (int)getpid()) < 0)
        return false;
    FILE *f = fopen(aside, "wxe");
    bool ok = false;
    if (f) {
        ok = fprintf(f, "InitiatorName=%s\n", name) > 0;
        ok = !fflush(f) && ok && !fsync(fileno(f));
        ok = !fclose(f) && ok;
        ok = ok && (!link(aside, path) || errno == EEXIST);
        int code = errno;
        unlink(aside);
        errno = code;
    }
    free(aside);
    return ok;
}

static bool generate(const char *path, char **ret, struct lun_error *e)
{
    uint64_t number;
    if (!read_initiator_file(path, ret, e))
        return false;
    if (*ret)
        return true;
    if (getrandom(&number, sizeof number, 0) != sizeof number)
        return place_fail(e, &(struct place){0}, "no initiator name: %s", strerror(errno));
    char *name = make_name(number);
    if (!name)
        return place_no_memory(e);
    bool ok = make_parents(path) && keep(path, name);
    if (!ok)
        place_fail(e, &(struct place){0}, "cannot keep a new initiator name in %s: %s (give `initiator`)",
                   path, strerror(errno));
    free(name);
    return ok && read_initiator_file(path, ret, e);
}

char *identity_find(const struct identity_places *places, struct lun_error *e)
{
    char *name = NULL;
    if (places->initiator_file && (!read_initiator_file(places->initiator_file, &name, e) || name))
        return name;
    if (places->machine_id && (!read_machine_id(places->machine_id, &name, e) || name))
        return name;
    if (places->state_file && (!generate(places->state_file, &name, e) || name))
        return name;
    place_fail(e, &(struct place){0}, "no initiator name: give `initiator`");
    return NULL;
}

/* Where a program of this user keeps its state (XDG base directories). malloc'ed or NULL. */
static char *state_file(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *path;
    int n;
    if (geteuid() == 0)
        n = asprintf(&path, "/var/lib/lunfs/initiatorname");
    else if (state && *state == '/')
        n = asprintf(&path, "%s/lunfs/initiatorname", state);
    else if (home && *home == '/')
        n = asprintf(&path, "%s/.local/state/lunfs/initiatorname", home);
    else
        return NULL;
    return n < 0 ? NULL : path;
}

char *identity_initiator_name(const char *configured, struct lun_error *e)
{
    if (configured) {
        char *name = strdup(configured);
        if (!name)
            place_no_memory(e);
        return name;
    }
    char *state = state_file();
    char *name = identity_find(
        &(struct identity_places){"/etc/iscsi/initiatorname.iscsi", "/etc/machine-id", state}, e);
    free(state);
    return name;
}
