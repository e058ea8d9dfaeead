/* SPDX-License-Identifier: Apache-2.0 */
/* Password files and the environment's password. What is read is wiped when freed and shown nowhere. Main
 * thread. Secrets are those of RFC 7143, 12.1. */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET_MAX 1024

static char *join(const char *directory, size_t n, const char *name)
{
    char *path;
    return asprintf(&path, "%.*s/%s", (int)n, directory, name) < 0 ? NULL : path;
}

/* A file of that name among systemd's credentials, or NULL. */
static char *find_credential(const char *name)
{
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (!directory || *directory != '/' || strchr(name, '/'))
        return NULL;
    char *path = join(directory, strlen(directory), name);
    if (path && !access(path, F_OK))
        return path;
    free(path);
    return NULL;
}

static char *find_file(const struct config_secret *s)
{
    char *path = find_credential(s->file);
    if (path)
        return path;
    const char *slash = s->place.file ? strrchr(s->place.file, '/') : NULL;
    if (*s->file == '/' || !slash)
        return strdup(s->file);
    return join(s->place.file, (size_t)(slash - s->place.file), s->file);
}

static bool check_file(int fd, const struct config_secret *s, struct lun_error *e)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return place_fail(e, &s->place, "%s: %s", s->file, strerror(errno));
    if (!S_ISREG(st.st_mode))
        return place_fail(e, &s->place, "%s: not a regular file", s->file);
    if (st.st_mode & (S_IROTH | S_IWOTH))
        return place_fail(e, &s->place, "%s: other users may %s it: refused (chmod o= it)", s->file,
                          st.st_mode & S_IROTH ? "read" : "change");
    return true;
}

/* One line; the newline at its end is the editor's. */
static bool take_line(char *text, size_t n, const struct config_secret *s, struct lun_error *e)
{
    if (n && text[n - 1] == '\n')
        n--;
    if (n && text[n - 1] == '\r')
        n--;
    text[n] = '\0';
    if (!n)
        return place_fail(e, &s->place, "%s: empty", s->file);
    if (n > SECRET_MAX)
        return place_fail(e, &s->place, "%s: longer than %d bytes", s->file, SECRET_MAX);
    if (strlen(text) != n || strpbrk(text, "\r\n"))
        return place_fail(e, &s->place, "%s: more than one line", s->file);
    return true;
}

static bool read_secret(int fd, struct config_secret *s, struct lun_error *e)
{
    char text[SECRET_MAX + 4]; /* CR, LF, one too many, NUL */
    ssize_t n = read(fd, text, sizeof text - 1);
    bool ok = false;
    if (n < 0)
        place_fail(e, &s->place, "%s: %s", s->file, strerror(errno));
    else if (take_line(text, (size_t)n, s, e))
        ok = (s->value = strdup(text)) || place_no_memory(e);
    explicit_bzero(text, sizeof text);
    return ok;
}

bool secret_read(struct config_secret *s, struct lun_error *e)
{
    char *path = find_file(s);
    if (!path)
        return place_no_memory(e);
    /* Not blocking: a FIFO without a writer would hold us for ever. */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    free(path);
    if (fd < 0)
        return place_fail(e, &s->place, "%s: %s", s->file, strerror(errno));
    bool ok = check_file(fd, s, e) && read_secret(fd, s, e);
    close(fd);
    return ok;
}

static bool from_environment(struct config_secret *s, const struct place *p, struct lun_error *e)
{
    const char *password = getenv("LUNFS_CHAP_PASSWORD");
    if (!password)
        return place_fail(e, p,
                          "no password for CHAP: give a password_file, or LUNFS_CHAP_PASSWORD in the "
                          "environment");
    if (!*password || strlen(password) > SECRET_MAX)
        return place_fail(e, &(struct place){0}, "LUNFS_CHAP_PASSWORD: empty or longer than %d bytes",
                          SECRET_MAX);
    s->value = strdup(password);
    return s->value ? true : place_no_memory(e);
}

bool secret_complete(struct config_auth *a, const struct place *p, struct lun_error *e)
{
    bool given = a->secret.value || a->secret.file;
    if (!a->user && (given || a->algorithms[0] || a->mutual_user))
        return place_fail(e, p, "auth.chap.user is missing");
    if (a->user && a->secret.file && !secret_read(&a->secret, e))
        return false;
    if (a->user && !given && !from_environment(&a->secret, p, e))
        return false;
    if (!a->mutual_user != !a->mutual_secret.file)
        return place_fail(e, p, "auth.mutual needs both user and password_file");
    return a->mutual_user ? secret_read(&a->mutual_secret, e) : true;
}

void secret_free(struct config_secret *s)
{
    if (s->value)
        explicit_bzero(s->value, strlen(s->value));
    free(s->value);
    free(s->file);
    *s = (struct config_secret){0};
}
