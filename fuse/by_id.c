/* SPDX-License-Identifier: Apache-2.0 */
/* The links of by-id/: one for each name of a logical unit (VPD 83, SPC-4 7.8.6), as long as no other unit
 * claims the name. Runs in the mount's loop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "node.h"

static bool kept(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c && strchr("#+-.:=@_\\", c));
}

bool by_id_escape(const char *name, char ret[static 256])
{
    size_t used = 0;
    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;
        size_t need = kept(c) ? 1 : 4;
        if (used + need > 255)
            return false;
        if (need == 1)
            ret[used] = (char)c;
        else
            snprintf(ret + used, 5, "\\x%02x", c);
        used += need;
    }
    ret[used] = '\0';
    return used > 0 && strcmp(ret, ".") != 0 && strcmp(ret, "..") != 0;
}

/* A device may list one name twice; it claims it once. */
static bool repeated(const struct unit_snapshot *s, size_t index)
{
    for (size_t i = 0; i < index; i++) {
        if (strcmp(s->names[i], s->names[index]) == 0)
            return true;
    }
    return false;
}

static bool has_name(const struct tree_unit *u, const char *file)
{
    char escaped[256];
    for (size_t i = 0; i < u->now.name_count && i < LUN_NAMES_MAX; i++) {
        if (by_id_escape(u->now.names[i], escaped) && strcmp(escaped, file) == 0)
            return true;
    }
    return false;
}

static void point_at(struct node *link, const struct tree_unit *u)
{
    char *path;
    if (asprintf(&path, "../%s/%s", u->target->directory->name, u->directory->name) < 0) {
        link->present = false;
        return;
    }
    free(link->link);
    link->link = path;
    link->present = true;
}

/* The one unit that still claims the name. */
static const struct tree_unit *claimant(const struct tree *t, const char *file,
                                        const struct tree_unit *not_this)
{
    for (const struct tree_target *target = t->targets; target; target = target->next) {
        for (const struct tree_unit *u = target->units; u; u = u->next) {
            if (u != not_this && u->present && has_name(u, file))
                return u;
        }
    }
    return NULL;
}

static void log_collision(const struct tree *t, struct node *link, const struct tree_unit *u)
{
    if (link->collision_logged || !t->log)
        return;
    link->collision_logged = true;
    char line[640];
    snprintf(line, sizeof line, "by-id/%s: claimed by %s and by %s/%s: no link", link->name,
             link->link ? link->link + 3 : "another unit", u->target->directory->name, u->directory->name);
    t->log(t->log_user, LUN_LOG_WARNING, line);
}

void by_id_claim(struct tree *t, struct tree_unit *u)
{
    char file[256];
    for (size_t i = 0; i < u->now.name_count && i < LUN_NAMES_MAX; i++) {
        if (repeated(&u->now, i) || !by_id_escape(u->now.names[i], file))
            continue;
        struct node *link = tree_add(t, t->by_id, file, NODE_LINK);
        if (!link)
            continue;
        if (++link->claims == 1) {
            point_at(link, u);
        } else {
            link->present = false;
            log_collision(t, link, u);
        }
    }
}

void by_id_release(struct tree *t, struct tree_unit *u)
{
    char file[256];
    for (size_t i = 0; i < u->now.name_count && i < LUN_NAMES_MAX; i++) {
        if (repeated(&u->now, i) || !by_id_escape(u->now.names[i], file))
            continue;
        struct node *link = NULL;
        for (size_t k = 0; k < t->by_id->child_count && !link; k++) {
            if (strcmp(t->by_id->children[k]->name, file) == 0)
                link = t->by_id->children[k];
        }
        if (!link || link->claims == 0)
            continue;
        link->claims--;
        link->present = false;
        const struct tree_unit *left = link->claims == 1 ? claimant(t, file, u) : NULL;
        if (left)
            point_at(link, left);
    }
}
