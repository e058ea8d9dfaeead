/* SPDX-License-Identifier: Apache-2.0 */
/* Takes the text of a script apart, one line a step, before anything runs. Any thread; no protocol here. */
#include <stdlib.h>
#include <string.h>

#include "script_impl.h"

static const char *const verbs[] = {"expect", "send", "raw",   "ping",  "window",       "statsn",
                                    "device", "auto", "close", "reset", "expect-close", "accept",
                                    "mark",   "wait", "login", "serve", "repeat"};

static bool known_verb(const char *verb)
{
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++)
        if (!strcmp(verbs[i], verb))
            return true;
    return false;
}

/* The next word, ended in place; NULL at the end of the line. */
static char *word(char **at)
{
    char *p = *at + strspn(*at, " \t");
    if (!*p)
        return NULL;
    char *end = p + strcspn(p, " \t");
    *at = *end ? end + 1 : end;
    *end = 0;
    return p;
}

static bool split_pair(char *token, struct script_arg *list, int *count)
{
    char *equals = strchr(token, '=');
    if (!equals || equals == token || *count == SCRIPT_ARGS)
        return false;
    *equals = 0;
    list[(*count)++] = (struct script_arg){token, equals + 1};
    return true;
}

/* The inside of text{...}, up to its closing brace. */
static bool keys(struct script_step *step, char *inside, char **ret_after)
{
    char *end = strchr(inside, '}');
    if (!end)
        return false;
    *end = 0;
    *ret_after = end + 1;
    step->has_keys = true;
    for (char *token; (token = word(&inside));)
        if (!split_pair(token, step->keys, &step->key_count))
            return false;
    return true;
}

static bool wants_kind(const char *verb)
{
    return strcmp(verb, "login") && strcmp(verb, "device");
}

static const char *arguments(struct script_step *step, char *at)
{
    for (;;) {
        at += strspn(at, " \t");
        if (!*at)
            return NULL;
        if (!strncmp(at, "text{", 5) || !strncmp(at, "text!{", 6)) {
            step->keys_exact = at[4] == '!';
            if (!keys(step, strchr(at, '{') + 1, &at))
                return "text{...} is not closed or holds something that is not KEY=VALUE";
            continue;
        }
        char *token = word(&at);
        if (!step->kind && !step->arg_count && wants_kind(step->verb)) {
            step->kind = token;
            continue;
        }
        if (!split_pair(token, step->args, &step->arg_count))
            return "an argument is not NAME=VALUE, or there are too many";
    }
}

static const char *check(const struct script_step *step, int before)
{
    uint8_t opcode;
    bool pdu = !strcmp(step->verb, "expect") || !strcmp(step->verb, "send");
    if (pdu && (!step->kind || !script_field_kind(step->kind, &opcode)))
        return "no such kind of PDU";
    if (!strcmp(step->verb, "repeat") && (!step->kind || atoi(step->kind) < 1 || atoi(step->kind) > before))
        return "repeat wants a number of lines before it";
    return NULL;
}

static const char *parse_line(struct script_step *step, int before)
{
    char *at = step->tokens;
    step->verb = word(&at);
    if (!known_verb(step->verb))
        return "no such verb";
    const char *wrong = arguments(step, at);
    return wrong ? wrong : check(step, before);
}

struct script_step *script_parse(const char *text, int *ret_count, char error[static 200])
{
    struct script_step *steps = NULL;
    int count = 0, line = 0;
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");
        const char *start = at + strspn(at, " \t");
        size_t used = (size_t)(at + n - start);
        at += n + (at[n] == '\n');
        line++;
        if (!used || *start == '#')
            continue;
        steps = realloc(steps, (size_t)(count + 1) * sizeof *steps);
        struct script_step *step = &steps[count++];
        *step =
            (struct script_step){.line = line, .text = strndup(start, used), .tokens = strndup(start, used)};
        const char *wrong = parse_line(step, count - 1);
        if (wrong) {
            snprintf(error, 200, "script line %d: %s: %.80s", line, wrong, step->text);
            script_parse_free(steps, count);
            return NULL;
        }
    }
    *ret_count = count;
    return steps;
}

void script_parse_free(struct script_step *steps, int count)
{
    for (int i = 0; i < count; i++) {
        free(steps[i].text);
        free(steps[i].tokens);
    }
    free(steps);
}

const char *script_parse_arg(const struct script_step *step, const char *name)
{
    for (int i = 0; i < step->arg_count; i++)
        if (!strcmp(step->args[i].name, name))
            return step->args[i].value;
    return NULL;
}
