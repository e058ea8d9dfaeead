/* SPDX-License-Identifier: Apache-2.0 */
/* Password files: who may read them, where they are looked for, what may stand in them. */
#include "secret.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support.h"

static void begin(void)
{
    support_scratch();
    unsetenv("LUNFS_CHAP_PASSWORD");
    unsetenv("CREDENTIALS_DIRECTORY");
}

TestSuite(secret, .init = begin, .fini = support_leave);

static char *read_file(const char *name, struct lun_error *e)
{
    struct config_secret s = {.file = strdup(name), .place = {.file = "x.yaml", .line = 3, .column = 7}};
    char *value = secret_read(&s, e) ? strdup(s.value) : NULL;
    secret_free(&s);
    cr_assert_null(s.value);
    return value;
}

static void expect(const char *name, const char *value)
{
    struct lun_error e = {0};
    char *got = read_file(name, &e);
    cr_assert(got, "%s", e.text);
    cr_assert_str_eq(got, value);
    free(got);
}

static void expect_refused(const char *name, const char *message)
{
    struct lun_error e = {0};
    cr_assert_null(read_file(name, &e));
    cr_assert_str_eq(e.text, message);
}

Test(secret, newline_at_the_end_is_not_part_of_it)
{
    support_write("s", "correct horse\n", 0600);
    expect("s", "correct horse");
}

Test(secret, no_newline)
{
    support_write("s", "correct horse", 0400);
    expect("s", "correct horse");
}

Test(secret, crlf)
{
    support_write("s", "correct horse\r\n", 0600);
    expect("s", "correct horse");
}

Test(secret, blanks_are_part_of_it)
{
    support_write("s", " x \n", 0600);
    expect("s", " x ");
}

Test(secret, group_may_read)
{
    support_write("s", "correct horse\n", 0640);
    expect("s", "correct horse");
}

Test(secret, world_may_read)
{
    support_write("s", "correct horse\n", 0604);
    expect_refused("s", "x.yaml:3:7: s: other users may read it: refused (chmod o= it)");
}

Test(secret, world_may_write)
{
    support_write("s", "correct horse\n", 0602);
    expect_refused("s", "x.yaml:3:7: s: other users may change it: refused (chmod o= it)");
}

Test(secret, absent)
{
    expect_refused("s", "x.yaml:3:7: s: No such file or directory");
}

Test(secret, empty)
{
    support_write("s", "", 0600);
    expect_refused("s", "x.yaml:3:7: s: empty");
}

Test(secret, only_a_newline)
{
    support_write("s", "\n", 0600);
    expect_refused("s", "x.yaml:3:7: s: empty");
}

Test(secret, two_lines)
{
    support_write("s", "one\ntwo\n", 0600);
    expect_refused("s", "x.yaml:3:7: s: more than one line");
}

Test(secret, nul)
{
    support_write("s", "abc", 0600);
    cr_assert_eq(truncate("s", 5), 0);
    expect_refused("s", "x.yaml:3:7: s: more than one line");
}

Test(secret, as_long_as_allowed)
{
    char text[1026];
    memset(text, 'k', 1024);
    strcpy(text + 1024, "\n");
    support_write("s", text, 0600);
    text[1024] = '\0';
    expect("s", text);
}

Test(secret, too_long)
{
    char text[5001];
    memset(text, 'k', 5000);
    text[5000] = '\0';
    support_write("s", text, 0600);
    expect_refused("s", "x.yaml:3:7: s: longer than 1024 bytes");
}

Test(secret, directory)
{
    expect_refused(".", "x.yaml:3:7: .: not a regular file");
}

Test(secret, fifo_does_not_hold_us)
{
    cr_assert_eq(mkfifo("s", 0600), 0);
    expect_refused("s", "x.yaml:3:7: s: not a regular file");
}

Test(secret, beside_the_file_that_names_it)
{
    cr_assert_eq(mkdir("etc", 0700), 0);
    support_write("etc/disk.secret", "beside\n", 0600);
    struct config_secret s = {.file = strdup("disk.secret"),
                              .place = {.file = "etc/lunfs.yaml", .line = 1, .column = 1}};
    struct lun_error e = {0};
    cr_assert(secret_read(&s, &e), "%s", e.text);
    cr_assert_str_eq(s.value, "beside");
    secret_free(&s);
}

static void make_credential(void)
{
    char path[4096];
    cr_assert(getcwd(path, sizeof path - 8));
    strcat(path, "/cred");
    cr_assert_eq(mkdir(path, 0700), 0);
    setenv("CREDENTIALS_DIRECTORY", path, 1);
    support_write("cred/disk", "from systemd\n", 0400);
}

Test(secret, credential_of_systemd)
{
    make_credential();
    expect("disk", "from systemd");
}

Test(secret, credential_comes_before_a_file)
{
    make_credential();
    support_write("disk", "from the file\n", 0600);
    expect("disk", "from systemd");
}

Test(secret, path_is_no_credential)
{
    make_credential();
    support_write("disk", "from the file\n", 0600);
    expect("./disk", "from the file");
}

Test(secret, absent_credential_falls_back_to_a_file)
{
    make_credential();
    support_write("other", "from the file\n", 0600);
    expect("other", "from the file");
}

Test(secret, mutual_authentication_whole)
{
    support_write("ours", "secret of ours\n", 0600);
    support_write("theirs", "secret of theirs\n", 0600);
    support_write("c.yaml",
                  "discover:\n"
                  "  - portal: 192.0.2.10\n"
                  "    auth:\n"
                  "      chap: { user: host7, password_file: ours }\n"
                  "      mutual: { user: disk, password_file: theirs }\n",
                  0644);
    struct config c = support_source("c.yaml", OPTIONS());
    struct lun_auth a;
    config_target_auth(&c.discover[0], &a);
    cr_assert_str_eq(a.user, "host7");
    cr_assert_str_eq(a.secret, "secret of ours");
    cr_assert_str_eq(a.mutual_user, "disk");
    cr_assert_str_eq(a.mutual_secret, "secret of theirs");
    char *text = config_text(&c, "iqn.2026-01.org.example:host7");
    cr_assert_null(strstr(text, "secret of"));
    cr_assert(strstr(text, "password_file: \"theirs\""));
    free(text);
    config_free(&c);
}

Test(secret, as_an_option)
{
    support_write("s", "by option\n", 0600);
    struct config c = support_source("iscsi://me@192.0.2.10", OPTIONS("password_file=s"));
    cr_assert_str_eq(c.discover[0].auth.secret.value, "by option");
    config_free(&c);
}

Test(secret, world_readable_as_an_option)
{
    support_write("s", "by option\n", 0644);
    struct config_option o = {"password_file", "s"};
    struct config c;
    struct lun_error e = {0};
    cr_assert_not(config_load("iscsi://me@192.0.2.10", &o, 1, &c, &e));
    cr_assert_str_eq(e.text, "option 'password_file': s: other users may read it: refused (chmod o= it)");
}
