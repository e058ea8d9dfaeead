/* SPDX-License-Identifier: Apache-2.0 */
/* See yaml_value.h. */
#include "yaml_value.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

static yaml_node_t *in_map(yaml_document_t *d, yaml_node_t *map, const char *key, size_t n)
{
    yaml_node_t *found = NULL;
    for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top; p++) {
        yaml_node_t *k = yaml_document_get_node(d, p->key);
        if (k->data.scalar.length != n || memcmp(k->data.scalar.value, key, n) != 0)
            continue;
        cr_assert(!found, "the key %.*s stands twice", (int)n, key);
        found = yaml_document_get_node(d, p->value);
    }
    return found;
}

static yaml_node_t *in_list(yaml_document_t *d, yaml_node_t *list, const char *index)
{
    yaml_node_item_t *item = list->data.sequence.items.start + atoi(index);
    return item < list->data.sequence.items.top ? yaml_document_get_node(d, *item) : NULL;
}

static yaml_node_t *walk(yaml_document_t *d, const char *path)
{
    yaml_node_t *at = yaml_document_get_root_node(d);
    cr_assert(at && at->type == YAML_MAPPING_NODE, "a map at the top");
    while (at && *path) {
        size_t n = strcspn(path, ".");
        if (at->type == YAML_MAPPING_NODE)
            at = in_map(d, at, path, n);
        else if (at->type == YAML_SEQUENCE_NODE)
            at = in_list(d, at, path);
        else
            at = NULL;
        path += n + (path[n] == '.');
    }
    return at && at->type == YAML_SCALAR_NODE ? at : NULL;
}

static char *scalar(const char *text, size_t n, const char *path, size_t *ret_length, bool *ret_plain)
{
    yaml_parser_t parser;
    yaml_document_t d, end;
    cr_assert(yaml_parser_initialize(&parser));
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, n);
    cr_assert(yaml_parser_load(&parser, &d), "%s at line %zu of:\n%.*s", parser.problem,
              parser.problem_mark.line + 1, (int)n, text);
    yaml_node_t *node = walk(&d, path);
    char *value = NULL;
    if (node) {
        value = calloc(1, node->data.scalar.length + 1);
        memcpy(value, node->data.scalar.value, node->data.scalar.length);
        if (ret_length)
            *ret_length = node->data.scalar.length;
        if (ret_plain)
            *ret_plain = node->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    }
    yaml_document_delete(&d);
    cr_assert(yaml_parser_load(&parser, &end));
    cr_assert(!yaml_document_get_root_node(&end), "one document");
    yaml_document_delete(&end);
    yaml_parser_delete(&parser);
    return value;
}

char *yaml_value(const char *text, size_t n, const char *path, size_t *ret_length)
{
    return scalar(text, n, path, ret_length, NULL);
}

bool yaml_is(const char *text, size_t n, const char *path, const char *expected)
{
    bool plain = false;
    char *value = scalar(text, n, path, NULL, &plain);
    bool same = value && plain && strcmp(value, expected) == 0;
    free(value);
    return same;
}
