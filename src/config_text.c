/* SPDX-License-Identifier: Apache-2.0 */
/* The configuration in force as YAML, for `.lunfs/config`: every key of the table that has a value, and of
 * secrets only the name of their file. Main thread. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "config.h"
#include "schema.h"
#include "value.h"

struct writer {
    yaml_emitter_t emitter;
    bool failed;
};

static void emit(struct writer *w, yaml_event_t *ev, int made)
{
    if (!made || w->failed || !yaml_emitter_emit(&w->emitter, ev))
        w->failed = true;
}

static void emit_scalar(struct writer *w, const char *text, yaml_scalar_style_t style)
{
    yaml_event_t ev;
    emit(w, &ev,
         yaml_scalar_event_initialize(&ev, NULL, NULL, (const yaml_char_t *)text, (int)strlen(text), true,
                                      true, style));
}

static void emit_map(struct writer *w, bool open)
{
    yaml_event_t ev;
    emit(w, &ev,
         open ? yaml_mapping_start_event_initialize(&ev, NULL, NULL, true, YAML_BLOCK_MAPPING_STYLE)
              : yaml_mapping_end_event_initialize(&ev));
}

static void emit_list(struct writer *w, bool open)
{
    yaml_event_t ev;
    emit(w, &ev,
         open ? yaml_sequence_start_event_initialize(&ev, NULL, NULL, true, YAML_ANY_SEQUENCE_STYLE)
              : yaml_sequence_end_event_initialize(&ev));
}

static void emit_key(struct writer *w, const char *key)
{
    emit_scalar(w, key, YAML_ANY_SCALAR_STYLE);
}

/* Device and user strings are always quoted, as in every text of the mount. */
static void emit_string(struct writer *w, const char *key, const char *text)
{
    emit_key(w, key);
    emit_scalar(w, text, YAML_DOUBLE_QUOTED_SCALAR_STYLE);
}

static void emit_portals(struct writer *w, const struct schema_key *k, const struct config_target *t)
{
    if (k->type == SCHEMA_PORTAL) {
        emit_string(w, k->path, t->portals[0]);
        return;
    }
    emit_key(w, k->path);
    emit_list(w, true);
    for (size_t i = 0; i < t->portal_count; i++)
        emit_scalar(w, t->portals[i], YAML_DOUBLE_QUOTED_SCALAR_STYLE);
    emit_list(w, false);
}

static void emit_luns(struct writer *w, const struct config_target *t)
{
    if (!t->lun_count)
        return;
    emit_key(w, "luns");
    emit_list(w, true);
    for (size_t i = 0; i < t->lun_count; i++) {
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)t->luns[i]);
        emit_scalar(w, text, YAML_ANY_SCALAR_STYLE);
    }
    emit_list(w, false);
}

static void emit_cache(struct writer *w, const struct schema_key *k, const struct config_cache *c)
{
    emit_key(w, k->path);
    if (!c->other_count) {
        emit_scalar(w, k->words[c->mode], YAML_ANY_SCALAR_STYLE);
        return;
    }
    emit_map(w, true);
    emit_key(w, "default");
    emit_scalar(w, k->words[c->mode], YAML_ANY_SCALAR_STYLE);
    for (size_t i = 0; i < c->other_count; i++) {
        char text[24];
        snprintf(text, sizeof text, "%llu", (unsigned long long)c->other[i]);
        emit_key(w, text);
        emit_scalar(w, k->words[!c->mode], YAML_ANY_SCALAR_STYLE);
    }
    emit_map(w, false);
}

static void emit_algorithms(struct writer *w, const uint8_t *codes)
{
    const struct schema_key *k = schema_find(SCHEMA_TARGET, "auth.chap", "algorithms");
    if (!codes[0])
        return;
    emit_key(w, "algorithms");
    emit_list(w, true);
    for (int i = 0; i < LUN_CHAP_ALGORITHMS && codes[i]; i++)
        emit_scalar(w, value_algorithm_text(k, codes[i]), YAML_ANY_SCALAR_STYLE);
    emit_list(w, false);
}

static void emit_auth(struct writer *w, const struct config_auth *a)
{
    if (!a->user)
        return;
    emit_key(w, "auth");
    emit_map(w, true);
    emit_key(w, "chap");
    emit_map(w, true);
    emit_string(w, "user", a->user);
    if (a->secret.file)
        emit_string(w, "password_file", a->secret.file);
    emit_algorithms(w, a->algorithms);
    emit_map(w, false);
    if (a->mutual_user) {
        emit_key(w, "mutual");
        emit_map(w, true);
        emit_string(w, "user", a->mutual_user);
        emit_string(w, "password_file", a->mutual_secret.file);
        emit_map(w, false);
    }
    emit_map(w, false);
}

static void emit_field(struct writer *w, const struct schema_key *k, const void *base)
{
    char text[VALUE_TEXT];
    const char *string;
    switch (k->type) {
    case SCHEMA_MAP:
        if (!strcmp(k->path, "auth"))
            emit_auth(w, &((const struct config_target *)base)->auth);
        return;
    case SCHEMA_ENTRIES:
        return;
    case SCHEMA_TEXT:
    case SCHEMA_NAME:
    case SCHEMA_DIRECTORY:
        string = *(char *const *)((const char *)base + k->offset);
        if (string)
            emit_string(w, k->path, string);
        return;
    case SCHEMA_PORTALS:
    case SCHEMA_PORTAL:
        emit_portals(w, k, base);
        return;
    case SCHEMA_LUNS:
        emit_luns(w, base);
        return;
    case SCHEMA_CACHE:
        emit_cache(w, k, &((const struct config_target *)base)->cache);
        return;
    default:
        value_text(k, base, text);
        emit_key(w, k->path);
        emit_scalar(w, text,
                    k->type == SCHEMA_MODE ? YAML_DOUBLE_QUOTED_SCALAR_STYLE : YAML_ANY_SCALAR_STYLE);
        return;
    }
}

/* Keys with a dot in their path are below `auth`, which writes them itself. */
static void emit_fields(struct writer *w, unsigned where, const void *base)
{
    for (size_t i = 0; i < schema_count; i++) {
        const struct schema_key *k = &schema_keys[i];
        if (k->where & where && !strchr(k->path, '.'))
            emit_field(w, k, base);
    }
}

static void emit_entries(struct writer *w, const char *key, unsigned where, const struct config_target *t,
                         size_t n)
{
    if (!n)
        return;
    emit_key(w, key);
    emit_list(w, true);
    for (size_t i = 0; i < n; i++) {
        emit_map(w, true);
        emit_fields(w, where, &t[i]);
        emit_map(w, false);
    }
    emit_list(w, false);
}

static void emit_document(struct writer *w, const struct config *c)
{
    yaml_event_t ev;
    emit(w, &ev, yaml_stream_start_event_initialize(&ev, YAML_UTF8_ENCODING));
    emit(w, &ev, yaml_document_start_event_initialize(&ev, NULL, NULL, NULL, true));
    emit_map(w, true);
    emit_fields(w, SCHEMA_TOP, c);
    emit_entries(w, "discover", SCHEMA_DISCOVER, c->discover, c->discover_count);
    emit_entries(w, "targets", SCHEMA_TARGET, c->targets, c->target_count);
    emit_map(w, false);
    emit(w, &ev, yaml_document_end_event_initialize(&ev, true));
    emit(w, &ev, yaml_stream_end_event_initialize(&ev));
}

static int append(void *file, unsigned char *bytes, size_t n)
{
    return fwrite(bytes, 1, n, file) == n;
}

char *config_text(const struct config *c, const char *initiator_name)
{
    char *text = NULL;
    size_t n;
    FILE *file = open_memstream(&text, &n);
    if (!file)
        return NULL;
    struct config shown = *c;
    shown.initiator = (char *)initiator_name;
    struct writer w = {.failed = false};
    if (yaml_emitter_initialize(&w.emitter)) {
        yaml_emitter_set_output(&w.emitter, append, file);
        yaml_emitter_set_width(&w.emitter, -1);
        emit_document(&w, &shown);
        yaml_emitter_delete(&w.emitter);
    } else {
        w.failed = true;
    }
    if (fclose(file) || w.failed) {
        free(text);
        return NULL;
    }
    return text;
}
