/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a Criterion program's cases each in a plain fork of it. Criterion starts the program anew for each
 * case, in a way that ThreadSanitizer does not survive, and under valgrind each start takes more than a
 * second.
 *
 * Preloaded (run-tap): it stands in for the few functions of libcriterion through which a program runs its
 * cases and reports. Knows --filter PATTERN, init and fini, timeouts and skipping;
 * CRITERION_OUTPUTS=tap:FILE. TIMEOUTS multiplies timeouts. One thread.
 */
#include <criterion/criterion.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <link.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#pragma GCC visibility push(default)

#define FAILED 1
#define SKIPPED 75 /* a sanitizer or valgrind has codes of its own */

/* In a case's process. */
static const struct criterion_suite *suite;
static const struct criterion_test *test;
static jmp_buf out;
static int outcome;

/* ---- What a case calls ------------------------------------------------------------------------------- */

void criterion_send_assert(struct criterion_assert_stats *s)
{
    if (s->passed)
        return;
    outcome = FAILED;
    fprintf(stderr, "%s/%s: %s:%u: %s\n", suite->name, test->name, s->file, s->line, s->message);
}

void cri_asserts_passed_incr(void)
{
}

void criterion_continue_test(void)
{
}

void criterion_abort_test(void)
{
    longjmp(out, 1);
}

void criterion_skip_test(const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
    outcome = SKIPPED;
    longjmp(out, 1);
}

static void call(void (*fn)(void))
{
    if (fn && setjmp(out) == 0)
        fn();
}

void criterion_internal_test_setup(void)
{
    call(suite->data ? suite->data->init : NULL);
    if (!outcome)
        call(test->data->init);
}

void criterion_internal_test_main(void (*fn)(void))
{
    if (!outcome)
        call(fn);
}

void criterion_internal_test_teardown(void)
{
    call(test->data->fini);
    call(suite->data ? suite->data->fini : NULL);
}

/* ---- The run ----------------------------------------------------------------------------------------- */

static const char *filter = "*";
static unsigned timeouts = 1;
static unsigned count, failures;

static unsigned seconds(void)
{
    double s = test->data->timeout;
    if (s <= 0 && suite->data)
        s = suite->data->timeout;
    return (unsigned)s * timeouts;
}

static bool is_chosen(void)
{
    char name[512];
    snprintf(name, sizeof name, "%s/%s", suite->name, test->name);
    bool disabled = test->data->disabled || (suite->data && suite->data->disabled);
    return !disabled && fnmatch(filter, name, FNM_EXTMATCH) == 0;
}

/* Returns a wait status. Whatever the case has started and not ended goes with it. */
static int run_case(void)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        signal(SIGTERM, SIG_DFL); /* Criterion has handlers for these */
        signal(SIGINT, SIG_DFL);
        alarm(seconds());
        test->test();
        alarm(0);
        exit(outcome);
    }
    int status = FAILED << 8;
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    kill(-pid, SIGKILL);
    return status;
}

static void run_and_report(FILE *tap)
{
    int status = run_case();
    bool skipped = WIFEXITED(status) && WEXITSTATUS(status) == SKIPPED;
    bool ok = skipped || (status & 0x7f) == test->data->signal;
    if (WIFEXITED(status) && !skipped)
        ok = WEXITSTATUS(status) == test->data->exit_code && !test->data->signal;
    count++;
    failures += !ok;
    fprintf(tap, "%s - %s::%s%s\n", ok ? "ok" : "not ok", suite->name, test->name, skipped ? " # SKIP" : "");
    if (!ok)
        fprintf(stderr, "%s/%s: failed (wait status 0x%x)\n", suite->name, test->name, (unsigned)status);
}

/* ---- Which cases there are --------------------------------------------------------------------------- */

struct section {
    void **at;
    size_t count;
};

static int find_base(struct dl_phdr_info *info, size_t size, void *ret)
{
    *(ElfW(Addr) *)ret = info->dlpi_addr;
    return 1; /* the first is the program */
}

/* The pointers that the macros of Criterion have laid into a section of the program. Criterion's own way to
 * them leaks memory, which valgrind would report of each case. */
static struct section find(const char *path, const char *name)
{
    ElfW(Addr) base = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat st = {0};
    struct section found = {0};
    fstat(fd, &st);
    const char *file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    close(fd);
    if (file == MAP_FAILED)
        return found;
    dl_iterate_phdr(find_base, &base);
    const ElfW(Ehdr) *head = (const void *)file;
    const ElfW(Shdr) *s = (const void *)(file + head->e_shoff);
    const char *names = file + s[head->e_shstrndx].sh_offset;
    for (unsigned i = 0; i < head->e_shnum; i++)
        if (strcmp(names + s[i].sh_name, name) == 0)
            found = (struct section){(void **)(base + s[i].sh_addr), s[i].sh_size / sizeof(void *)};
    munmap((void *)(uintptr_t)file, (size_t)st.st_size);
    return found;
}

static void run_all(const char *path, FILE *tap)
{
    struct section suites = find(path, "cr_sts"), tests = find(path, "cr_tst");
    for (size_t i = 0; i < tests.count; i++) {
        static struct criterion_suite none;
        test = tests.at[i];
        none.name = test->category;
        suite = &none;
        for (size_t k = 0; k < suites.count; k++)
            if (strcmp(((struct criterion_suite *)suites.at[k])->name, test->category) == 0)
                suite = suites.at[k];
        if (is_chosen())
            run_and_report(tap);
    }
}

int main(int argc, char *argv[])
{
    const char *output = getenv("CRITERION_OUTPUTS"), *factor = getenv("TIMEOUTS");
    FILE *tap = output && strncmp(output, "tap:", 4) == 0 ? fopen(output + 4, "we") : stdout;
    if (factor)
        timeouts = (unsigned)atoi(factor);
    if (argc == 3 && strcmp(argv[1], "--filter") == 0)
        filter = argv[2];
    if (!tap || (argc > 1 && filter != argv[2])) {
        fprintf(stderr, "plain runner: %s\n", tap ? "knows --filter PATTERN only" : strerror(errno));
        return 2;
    }
    unsetenv("LD_PRELOAD"); /* it is for this program, not for those it starts */
    run_all(argv[0], tap);
    fprintf(tap, "1..%u\n", count);
    printf("%u cases, %u failed\n", count, failures);
    fflush(NULL);
    return failures != 0 || !count;
}
