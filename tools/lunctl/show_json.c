/* SPDX-License-Identifier: Apache-2.0 */
/* Facts as one JSON object. Pure but for the stream written; any thread. */
#include "show.h"
#include "show_value.h"

#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>

static json_object *json_value(const struct lun_fact *f)
{
    if (f->kind == LUN_FACT_NUMBER)
        return json_object_new_uint64(f->number);
    if (f->kind == LUN_FACT_BOOLEAN)
        return json_object_new_boolean(f->number != 0);
    char *text = show_value(f, false); /* ASCII: what a device sent can neither break JSON nor a terminal */
    json_object *value = text ? json_object_new_string(text) : NULL;
    free(text);
    return value;
}

/* Puts value into an object or array under a component; owns value. Items of a list arrive in order, so that
 * an index only says "the last one" or "one more". */
static bool json_put(json_object *in, const char *component, json_object *value)
{
    int failed = json_object_is_type(in, json_type_array) ? json_object_array_add(in, value)
                                                          : json_object_object_add(in, component, value);
    if (failed)
        json_object_put(value);
    return !failed;
}

static json_object *json_find(json_object *in, const char *component)
{
    if (!json_object_is_type(in, json_type_array)) {
        json_object *found = NULL;
        json_object_object_get_ex(in, component, &found);
        return found;
    }
    size_t count = json_object_array_length(in), index = strtoul(component, NULL, 10);
    return index < count ? json_object_array_get_idx(in, index) : NULL;
}

/* The container called by the first n bytes of path, in `in`; next is what follows in the path: an index
 * makes the container an array. NULL: no memory, or a scalar stands there. */
static json_object *json_step(json_object *in, const char *path, size_t n, const char *next)
{
    char *component = strndup(path, n);
    if (!component)
        return NULL;
    json_object *at = json_find(in, component);
    if (!at) {
        bool list = show_is_index(next, show_component(next));
        at = list ? json_object_new_array() : json_object_new_object();
        if (at && !json_put(in, component, at))
            at = NULL;
    } else if (!json_object_is_type(at, json_type_array) && !json_object_is_type(at, json_type_object)) {
        at = NULL;
    }
    free(component);
    return at;
}

static bool json_add(json_object *root, const struct lun_fact *f)
{
    json_object *in = root;
    for (const char *path = f->path; *path && in;) {
        size_t n = show_component(path);
        const char *next = path + n + (path[n] == '.');
        in = json_step(in, path, n, *next ? next : f->key);
        path = next;
    }
    json_object *value = in ? json_value(f) : NULL;
    return value && json_put(in, f->key, value);
}

bool show_json(FILE *to, const struct lun_facts *f)
{
    json_object *root = json_object_new_object();
    bool ok = root && !f->failed;
    for (size_t i = 0; ok && i < f->count; i++)
        ok = json_add(root, &f->at[i]);
    const char *text =
        ok ? json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED |
                                                      JSON_C_TO_STRING_NOSLASHESCAPE)
           : NULL;
    if (text)
        fprintf(to, "%s\n", text);
    json_object_put(root);
    return text != NULL;
}
