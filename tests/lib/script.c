/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted target's thread and its steps; the calls by which a test starts it, meets it and hears how it
 * ended. Functions of script.h run in the test's thread, all others in the script's. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "base/bytes.h"
#include "script_impl.h"

#define SCRIPT_DEADLINE_NS (30ull * 1000000000u) /* against hanging; nothing is measured by it */
#define STORY_MAX (48u * 1024)

/* ---- Telling ---- */

static void tell(struct script *s, const char *format, va_list args)
{
    pthread_mutex_lock(&s->lock);
    if (ftell(s->story) < (long)STORY_MAX) {
        fputs("    ", s->story);
        vfprintf(s->story, format, args);
        fputc('\n', s->story);
    }
    pthread_mutex_unlock(&s->lock);
}

void script_note(struct script *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    tell(s, format, args);
    va_end(args);
}

bool script_fail(struct script *s, const char *format, ...)
{
    va_list args;
    char *text = NULL;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        text = NULL;
    va_end(args);
    if (text)
        script_note(s, "!! line %d: %s", s->step ? s->step->line : 0, text);
    pthread_mutex_lock(&s->lock);
    if (!s->failure)
        s->failure = text;
    else
        free(text);
    pthread_mutex_unlock(&s->lock);
    return false;
}

const struct script_binding *script_bound(struct script *s, const char *name)
{
    for (int i = 0; i < s->binding_count; i++)
        if (!strcmp(s->bindings[i].name, name))
            return &s->bindings[i];
    return NULL;
}

const char *script_heard(struct script *s, const char *key)
{
    for (int i = 0; i < s->heard_count; i++)
        if (!strcmp(s->heard[i].name, key))
            return s->heard[i].value;
    return NULL;
}

bool script_stopped(struct script *s)
{
    pthread_mutex_lock(&s->lock);
    bool stopped = s->stop;
    pthread_mutex_unlock(&s->lock);
    return stopped;
}

/* ---- Meeting points ---- */

static bool named(struct script *s, const char *what, const char *name)
{
    for (int i = 0; i < s->name_count; i++)
        if (s->names[i][0] == *what && !strcmp(s->names[i] + 1, name))
            return true;
    return false;
}

static void add_name(struct script *s, const char *what, const char *name)
{
    pthread_mutex_lock(&s->lock);
    if (s->name_count < 64)
        snprintf(s->names[s->name_count++], sizeof s->names[0], "%c%s", *what, name);
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
}

bool script_signalled(struct script *s, const char *name)
{
    pthread_mutex_lock(&s->lock);
    bool yes = named(s, "signal", name);
    pthread_mutex_unlock(&s->lock);
    return yes;
}

static bool wait_signal(struct script *s, const char *name)
{
    struct timespec until = {(time_t)(s->deadline / 1000000000u), (long)(s->deadline % 1000000000u)};
    int late = 0;
    pthread_mutex_lock(&s->lock);
    while (!named(s, "signal", name) && !s->stop && !late)
        late = pthread_cond_timedwait(&s->changed, &s->lock, &until);
    bool good = named(s, "signal", name);
    pthread_mutex_unlock(&s->lock);
    return good || script_fail(s, "nobody signalled %s", name);
}

static void wake(struct script *s)
{
    if (write(s->wake, &(uint64_t){1}, 8) != 8)
        abort();
}

void script_signal(struct script *s, const char *name)
{
    add_name(s, "signal", name);
    wake(s);
}

bool script_await(struct script *s, const char *name)
{
    pthread_mutex_lock(&s->lock);
    while (!named(s, "mark", name) && !s->done)
        pthread_cond_wait(&s->changed, &s->lock);
    bool good = named(s, "mark", name);
    pthread_mutex_unlock(&s->lock);
    return good;
}

/* ---- Steps ---- */

static bool ping_once(struct script *s)
{
    uint8_t bhs[PDU_BHS];
    uint32_t ttt = s->next_ttt++;
    char text[16];
    script_send_begin(s, PDU_NOP_IN, NULL, bhs);
    put_be32(bhs + 20, ttt);
    if (!script_send_answer(s, bhs, NULL, 0))
        return false;
    struct script_step step = {.line = s->step->line, .text = s->step->text, .kind = (char *)"NopOut"};
    snprintf(text, sizeof text, "0x%x", ttt);
    step.args[step.arg_count++] = (struct script_arg){(char *)"ttt", text};
    step.args[step.arg_count++] = (struct script_arg){(char *)"itt", (char *)"0xffffffff"};
    step.args[step.arg_count++] = (struct script_arg){(char *)"I", (char *)"1"};
    return script_expect_step(s, &step);
}

/* Twice: an answer may overtake a command that could go out with it, the answer to a later question cannot.
 */
static bool ping(struct script *s)
{
    return ping_once(s) && ping_once(s);
}

static bool raw(struct script *s, const char *text)
{
    uint8_t *data;
    uint32_t n;
    if (!script_value_data(s, text, &data, &n))
        return false;
    script_note(s, "T> %u raw bytes", n);
    bool good = script_wire_raw(s, data, n, 0);
    free(data);
    return good;
}

static bool number_step(struct script *s, const struct script_step *step, uint32_t *to)
{
    uint64_t v;
    if (!script_value_number(s, step->kind, *to, step->verb, &v))
        return false;
    *to = (uint32_t)v;
    return true;
}

static bool expect_close(struct script *s)
{
    return s->fd < 0 || script_wire_expect_end(s);
}

static bool run_worded(struct script *s, const struct script_step *step)
{
    const char *verb = step->verb, *word = step->kind ? step->kind : "";
    if (!strcmp(verb, "raw"))
        return raw(s, word);
    if (!strcmp(verb, "window"))
        return number_step(s, step, &s->window);
    if (!strcmp(verb, "statsn"))
        return number_step(s, step, &s->statsn);
    if (!strcmp(verb, "serve"))
        return script_serve(s, word);
    if (!strcmp(verb, "auto"))
        s->automatic = strcmp(word, "off");
    if (!strcmp(verb, "mark"))
        add_name(s, "mark", word);
    return strcmp(verb, "wait") || wait_signal(s, word);
}

static bool run_step(struct script *s, const struct script_step *step)
{
    const char *verb = step->verb;
    if (!strcmp(verb, "expect"))
        return script_expect_step(s, step);
    if (!strcmp(verb, "send"))
        return s->fd >= 0 ? script_send_step(s, step) : script_fail(s, "there is no connection");
    if (!strcmp(verb, "login"))
        return script_login(s, step);
    if (!strcmp(verb, "device"))
        return script_device_set(s, step);
    if (!strcmp(verb, "ping"))
        return ping(s);
    if (!strcmp(verb, "accept"))
        return script_wire_accept(s);
    if (!strcmp(verb, "expect-close"))
        return expect_close(s);
    if (!strcmp(verb, "close") || !strcmp(verb, "reset")) {
        script_wire_close(s, verb[0] == 'r');
        return true;
    }
    return run_worded(s, step);
}

static void *run(void *arg)
{
    struct script *s = arg;
    bool good = true;
    for (int i = 0; i < s->step_count && good; i++) {
        s->step = &s->steps[i];
        if (!strcmp(s->step->verb, "repeat")) {
            s->repeat = i;
            i -= atoi(s->step->kind) + 1;
            continue;
        }
        good = run_step(s, s->step) && !s->failure;
        if (s->repeat && s->fd < 0) { /* the initiator has had enough */
            i = s->repeat;
            s->repeat = 0;
        }
    }
    if (good)
        script_serve_rest(s);
    if (s->fd >= 0)
        close(s->fd);
    s->fd = -1;
    close(s->listener); /* whoever connects again is refused */
    s->listener = -1;
    pthread_mutex_lock(&s->lock);
    s->done = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    return NULL;
}

/* ---- Life ---- */

static void listen_locally(struct script *s, bool ipv6)
{
    union {
        struct sockaddr any;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } a = {.four = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)}};
    if (ipv6)
        a.six = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    socklen_t n = ipv6 ? sizeof a.six : sizeof a.four;
    s->listener = socket(a.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert(s->listener >= 0);
    cr_assert_eq(bind(s->listener, &a.any, n), 0);
    cr_assert_eq(listen(s->listener, 16), 0);
    cr_assert_eq(getsockname(s->listener, &a.any, &n), 0);
    s->port = ntohs(ipv6 ? a.six.sin6_port : a.four.sin_port);
}

static void init_lock(struct script *s)
{
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->changed, &attr);
    pthread_condattr_destroy(&attr);
    pthread_mutex_init(&s->lock, NULL);
}

static struct script *make(const char *text, const char *file, int line, bool ipv6)
{
    char error[200];
    int count = 0;
    struct script_step *steps = script_parse(text, &count, error);
    cr_assert(steps || !count, "%s:%d: %s", file, line, error);
    struct script *s = calloc(1, sizeof *s);
    *s = (struct script){.file = file,
                         .line = line,
                         .steps = steps,
                         .step_count = count,
                         .fd = -1,
                         .window = 32,
                         .statsn = 0x1000,
                         .max_receive = 8192,
                         .next_ttt = 0x7000,
                         .automatic = true};
    script_device_init(&s->device);
    s->deadline = script_wire_now() + SCRIPT_DEADLINE_NS;
    s->wake = eventfd(0, EFD_CLOEXEC);
    s->story = open_memstream(&s->story_text, &s->story_length);
    init_lock(s);
    listen_locally(s, ipv6);
    cr_assert_eq(pthread_create(&s->thread, NULL, run, s), 0);
    return s;
}

struct script *script_new(const char *text, const char *file, int line)
{
    return make(text, file, line, false);
}

struct script *script_new_ipv6(const char *text, const char *file, int line)
{
    return make(text, file, line, true);
}

uint16_t script_port(const struct script *s)
{
    return s->port;
}

char *script_story(struct script *s)
{
    pthread_mutex_lock(&s->lock);
    fflush(s->story);
    char *copy = strndup(s->story_text ? s->story_text : "", s->story_length);
    pthread_mutex_unlock(&s->lock);
    return copy;
}

static void stop(struct script *s)
{
    pthread_mutex_lock(&s->lock);
    s->stop = true;
    pthread_cond_broadcast(&s->changed);
    pthread_mutex_unlock(&s->lock);
    wake(s);
}

const char *script_finish(struct script *s)
{
    if (s->joined)
        return s->failure;
    stop(s);
    pthread_join(s->thread, NULL);
    s->joined = true;
    if (!s->failure)
        return NULL;
    char *story = script_story(s), *message = NULL;
    int n = asprintf(&message, "%s:%d: script line %d: %s\n  %s\n%s", s->file, s->line,
                     s->step ? s->step->line : 0, s->step ? s->step->text : "", s->failure, story);
    free(story);
    if (n >= 0) {
        free(s->failure);
        s->failure = message;
    }
    return s->failure;
}

void script_free(struct script *s)
{
    if (!s)
        return;
    script_finish(s);
    script_parse_free(s->steps, s->step_count);
    for (int i = 0; i < s->heard_count; i++) {
        free(s->heard[i].name);
        free(s->heard[i].value);
    }
    free(s->heard);
    free(s->bindings);
    fclose(s->story);
    free(s->story_text);
    free(s->failure);
    close(s->wake);
    pthread_mutex_destroy(&s->lock);
    pthread_cond_destroy(&s->changed);
    free(s);
}
