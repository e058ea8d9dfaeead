/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a fuzz target over files, and over the files of folders: the corpus as tests, in any build, under any
 * tool. Each file is a case; with CRITERION_OUTPUTS=tap:PATH, as tests/lib/run-tap gives it, they are written
 * as TAP, with a plan that a crash leaves unfulfilled.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static FILE *tap;
static unsigned count;

static bool run_file(const char *path)
{
    FILE *f = fopen(path, "re");
    struct stat st;
    if (!f || fstat(fileno(f), &st) < 0) {
        perror(path);
        return false;
    }
    uint8_t *data = malloc(st.st_size ? (size_t)st.st_size : 1);
    size_t n = data ? fread(data, 1, (size_t)st.st_size, f) : 0;
    fclose(f);
    if (n != (size_t)st.st_size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        free(data);
        return false;
    }
    printf("%s\n", path); /* the last one is the one that crashed */
    fflush(stdout);
    LLVMFuzzerTestOneInput(data, n);
    free(data);
    count++;
    if (tap) {
        fprintf(tap, "ok %u - %s\n", count, path);
        fflush(tap);
    }
    return true;
}

static int visible(const struct dirent *d)
{
    return d->d_name[0] != '.';
}

static bool run_folder(const char *path)
{
    struct dirent **names;
    int n = scandir(path, &names, visible, alphasort);
    bool ok = n > 0;
    if (n <= 0)
        fprintf(stderr, "%s: no files\n", path);
    for (int i = 0; i < n; i++) {
        char whole[4096];
        int length = snprintf(whole, sizeof whole, "%s/%s", path, names[i]->d_name);
        ok = ok && length < (int)sizeof whole && run_file(whole);
        free(names[i]);
    }
    free(n >= 0 ? names : NULL);
    return ok;
}

int main(int argc, char **argv)
{
    const char *outputs = getenv("CRITERION_OUTPUTS");
    if (outputs && !strncmp(outputs, "tap:", 4))
        tap = fopen(outputs + 4, "we");
    bool ok = argc > 1;
    for (int i = 1; i < argc; i++) {
        struct stat st;
        bool folder = stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode);
        ok = (folder ? run_folder(argv[i]) : run_file(argv[i])) && ok;
    }
    if (tap) {
        fprintf(tap, "1..%u\n", ok ? count : count + 1);
        fclose(tap);
    }
    printf("%u files\n", count);
    return ok ? 0 : 1;
}
