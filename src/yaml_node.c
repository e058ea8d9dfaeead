/* SPDX-License-Identifier: Apache-2.0 */
/* libyaml's events to a tree of nodes with places. Plain YAML only: what a configuration does not need
 * (anchors, tags, several documents, deep nesting) is refused. Main thread. YAML 1.1 as libyaml reads it. */
#include "yaml_node.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaml.h>

#define FILE_MAX (1 << 20)
#define DEPTH_MAX 8
#define KEYS_MAX 128 /* of one map: duplicates are looked for one by one */

struct reader {
    yaml_parser_t parser;
    const char *file;
    const unsigned char *text;
    size_t length;
    struct lun_error *e;
};

static struct place place_at(const struct reader *r, yaml_mark_t mark)
{
    return (struct place){
        .file = r->file, .line = (uint32_t)mark.line + 1, .column = (uint32_t)mark.column + 1};
}

/* libyaml's reader gives only an offset in bytes. */
static struct place place_of_offset(const struct reader *r, size_t offset)
{
    struct place p = {.file = r->file, .line = 1, .column = 1};
    for (size_t i = 0; i < offset && i < r->length; i++) {
        if (r->text[i] == '\n') {
            p.line++;
            p.column = 1;
        } else if ((r->text[i] & 0xc0) != 0x80) {
            p.column++;
        }
    }
    return p;
}

static bool fail_parser(struct reader *r)
{
    const yaml_parser_t *p = &r->parser;
    if (p->error == YAML_MEMORY_ERROR)
        return place_no_memory(r->e);
    if (p->error == YAML_READER_ERROR) {
        struct place at = place_of_offset(r, p->problem_offset);
        return place_fail(r->e, &at, "not YAML: %s", p->problem);
    }
    struct place at = place_at(r, p->problem_mark);
    return place_fail(r->e, &at, "not YAML: %s%s%s", p->problem ? p->problem : "cannot be parsed",
                      p->context ? " " : "", p->context ? p->context : "");
}

/* The next event; the caller deletes it. */
static bool next_event(struct reader *r, yaml_event_t *ret)
{
    return yaml_parser_parse(&r->parser, ret) ? true : fail_parser(r);
}

/* C0, DEL, C1, U+2028, U+2029: they would break the line of a message or a log. The text is valid UTF-8. */
static bool has_control(const unsigned char *s, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (s[i] < 0x20 || s[i] == 0x7f)
            return true;
        if (s[i] == 0xc2 && i + 1 < n && s[i + 1] < 0xa0)
            return true;
        if (s[i] == 0xe2 && i + 2 < n && s[i + 1] == 0x80 && (s[i + 2] == 0xa8 || s[i + 2] == 0xa9))
            return true;
    }
    return false;
}

static bool append(struct yaml_node *parent, struct yaml_node *child)
{
    if (!(parent->count & (parent->count + 1)) || !parent->children) {
        /* Full at 0, 1, 3, 7, ...: room for twice as many and one. */
        void *grown = reallocarray(parent->children, parent->count * 2 + 1, sizeof child);
        if (!grown)
            return false;
        parent->children = grown;
    }
    parent->children[parent->count++] = child;
    return true;
}

static bool check_plain(struct reader *r, const yaml_event_t *ev)
{
    struct place at = place_at(r, ev->start_mark);
    const yaml_char_t *anchor = NULL, *tag = NULL;
    switch (ev->type) {
    case YAML_ALIAS_EVENT:
        return place_fail(r->e, &at, "aliases (*name) are not supported");
    case YAML_SCALAR_EVENT:
        anchor = ev->data.scalar.anchor;
        tag = ev->data.scalar.tag;
        break;
    case YAML_SEQUENCE_START_EVENT:
        anchor = ev->data.sequence_start.anchor;
        tag = ev->data.sequence_start.tag;
        break;
    case YAML_MAPPING_START_EVENT:
        anchor = ev->data.mapping_start.anchor;
        tag = ev->data.mapping_start.tag;
        break;
    default:
        break;
    }
    if (anchor)
        return place_fail(r->e, &at, "anchors (&name) are not supported");
    return tag ? place_fail(r->e, &at, "tags (!name) are not supported") : true;
}

static bool fill_scalar(struct reader *r, const yaml_event_t *ev, struct yaml_node *n)
{
    const unsigned char *value = ev->data.scalar.value;
    if (has_control(value, ev->data.scalar.length))
        return place_fail(r->e, &n->place, "a value must be one line without control characters");
    n->kind = NODE_SCALAR;
    n->quoted = ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    n->text = strdup((const char *)value);
    return n->text ? true : place_no_memory(r->e);
}

/* The value of the newest key, or the newest key itself, is in place: is the map still right? */
static bool check_key(struct reader *r, const struct yaml_node *map)
{
    const struct yaml_node *key = map->children[map->count - 1];
    if (key->kind != NODE_SCALAR)
        return place_fail(r->e, &key->place, "a key must be a plain word");
    if (map->count > 2 * KEYS_MAX)
        return place_fail(r->e, &key->place, "more than %d keys in a map", KEYS_MAX);
    for (size_t i = 0; i + 1 < map->count; i += 2)
        if (!strcmp(map->children[i]->text, key->text))
            return place_fail(r->e, &key->place, "key '%.64s' is given twice, first on line %u", key->text,
                              map->children[i]->place.line);
    return true;
}

static struct yaml_node *build(struct reader *r, yaml_event_t *ev, unsigned depth);

/* Everything up to the event that ends n. */
static bool build_children(struct reader *r, struct yaml_node *n, yaml_event_type_t end, unsigned depth)
{
    for (;;) {
        yaml_event_t ev;
        if (!next_event(r, &ev))
            return false;
        if (ev.type == end) {
            yaml_event_delete(&ev);
            return true;
        }
        struct yaml_node *child = build(r, &ev, depth + 1);
        if (!child)
            return false;
        if (!append(n, child)) {
            yaml_node_free(child);
            return place_no_memory(r->e);
        }
        if (n->kind == NODE_MAP && n->count % 2 && !check_key(r, n))
            return false;
    }
}

static bool fill(struct reader *r, const yaml_event_t *ev, struct yaml_node *n, unsigned depth)
{
    if (!check_plain(r, ev))
        return false;
    if (ev->type == YAML_SCALAR_EVENT)
        return fill_scalar(r, ev, n);
    if (depth >= DEPTH_MAX)
        return place_fail(r->e, &n->place, "nested more than %d deep", DEPTH_MAX);
    bool map = ev->type == YAML_MAPPING_START_EVENT;
    n->kind = map ? NODE_MAP : NODE_LIST;
    return build_children(r, n, map ? YAML_MAPPING_END_EVENT : YAML_SEQUENCE_END_EVENT, depth);
}

/* The node that begins with *ev, which is consumed. */
static struct yaml_node *build(struct reader *r, yaml_event_t *ev, unsigned depth)
{
    struct yaml_node *n = calloc(1, sizeof *n);
    bool ok = false;
    if (n) {
        n->place = place_at(r, ev->start_mark);
        ok = fill(r, ev, n, depth);
    } else {
        place_no_memory(r->e);
    }
    yaml_event_delete(ev);
    if (ok)
        return n;
    yaml_node_free(n);
    return NULL;
}

/* Skips what must come next: true when it is an event of that type, which is consumed. */
static bool expect(struct reader *r, yaml_event_type_t type, const char *otherwise)
{
    yaml_event_t ev;
    if (!next_event(r, &ev))
        return false;
    struct place at = place_at(r, ev.start_mark);
    bool ok = ev.type == type;
    yaml_event_delete(&ev);
    return ok ? true : place_fail(r->e, &at, "%s", otherwise);
}

static struct yaml_node *build_document(struct reader *r)
{
    yaml_event_t ev;
    if (!expect(r, YAML_STREAM_START_EVENT, "not YAML") ||
        !expect(r, YAML_DOCUMENT_START_EVENT, "the file is empty") || !next_event(r, &ev))
        return NULL;
    struct yaml_node *root = build(r, &ev, 0);
    if (!root)
        return NULL;
    if (expect(r, YAML_DOCUMENT_END_EVENT, "not YAML") &&
        expect(r, YAML_STREAM_END_EVENT, "only one document in a file is supported"))
        return root;
    yaml_node_free(root);
    return NULL;
}

struct yaml_node *yaml_node_parse(const char *file, const void *text, size_t n, struct lun_error *e)
{
    /* libyaml passes over a byte order mark only when it may also choose UTF-16. */
    if (n >= 3 && !memcmp(text, "\xef\xbb\xbf", 3)) {
        text = (const char *)text + 3;
        n -= 3;
    }
    struct reader r = {.file = file, .text = text, .length = n, .e = e};
    if (!yaml_parser_initialize(&r.parser)) {
        place_no_memory(e);
        return NULL;
    }
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, text, n);
    struct yaml_node *root = build_document(&r);
    yaml_parser_delete(&r.parser);
    return root;
}

static bool fail_file(const char *file, int code, struct lun_error *e)
{
    place_fail(e, &(struct place){.file = file}, "%s", strerror(code));
    return false;
}

/* At most FILE_MAX bytes of a regular file (a FIFO could block, a device never end). */
static bool read_all(int fd, const char *file, char *buffer, size_t *ret_length, struct lun_error *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return fail_file(file, errno, e);
    if (S_ISDIR(st.st_mode))
        return fail_file(file, EISDIR, e);
    if (!S_ISREG(st.st_mode))
        return place_fail(e, &(struct place){.file = file}, "not a regular file");
    size_t n = 0;
    for (;;) {
        ssize_t got = read(fd, buffer + n, FILE_MAX + 1 - n);
        if (got < 0)
            return fail_file(file, errno, e);
        n += (size_t)got;
        if (n > FILE_MAX)
            return place_fail(e, &(struct place){.file = file}, "larger than %d bytes", FILE_MAX);
        if (!got)
            break;
    }
    *ret_length = n;
    return true;
}

struct yaml_node *yaml_node_read(const char *file, struct lun_error *e)
{
    int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) {
        fail_file(file, errno, e);
        return NULL;
    }
    struct yaml_node *root = NULL;
    char *buffer = malloc(FILE_MAX + 1);
    size_t n = 0;
    if (!buffer)
        place_no_memory(e);
    else if (read_all(fd, file, buffer, &n, e)) {
        root = yaml_node_parse(file, buffer, n, e);
        explicit_bzero(buffer, n);
    }
    free(buffer);
    close(fd);
    return root;
}

void yaml_node_free(struct yaml_node *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->count; i++)
        yaml_node_free(n->children[i]);
    free(n->children);
    if (n->text)
        explicit_bzero(n->text, strlen(n->text));
    free(n->text);
    free(n);
}
