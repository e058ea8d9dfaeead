/* SPDX-License-Identifier: Apache-2.0 */
/* The initiator name: which place wins, and what is made of it. */
#include "identity.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support.h"

TestSuite(identity, .init = support_scratch, .fini = support_leave);

static const struct identity_places places = {"initiatorname.iscsi", "machine-id", "state/lunfs/name"};

static void expect(const char *name)
{
    struct lun_error e = {0};
    char *got = identity_find(&places, &e);
    cr_assert(got, "%s", e.text);
    cr_assert_str_eq(got, name);
    free(got);
}

static void expect_refused(const char *message)
{
    struct lun_error e = {0};
    cr_assert_null(identity_find(&places, &e));
    cr_assert_str_eq(e.text, message);
}

Test(identity, configured_name_wins)
{
    struct lun_error e = {0};
    char *name = identity_initiator_name("iqn.2026-01.org.example:me", &e);
    cr_assert_str_eq(name, "iqn.2026-01.org.example:me");
    free(name);
}

Test(identity, open_iscsi_s_file)
{
    support_write(
        "initiatorname.iscsi",
        "## comment\n#InitiatorName=iqn.2026-01.org.example:no\nInitiatorName=iqn.2026-01.org.example:yes\n",
        0600);
    support_write("machine-id", "0123456789abcdef0123456789abcdef\n", 0644);
    expect("iqn.2026-01.org.example:yes");
}

Test(identity, blanks_around_the_name)
{
    support_write("initiatorname.iscsi", "  InitiatorName = iqn.2026-01.org.example:yes \r\n", 0600);
    expect("iqn.2026-01.org.example:yes");
}

Test(identity, alias_is_not_the_name)
{
    support_write("initiatorname.iscsi", "InitiatorAlias=x\nInitiatorName=iqn.2026-01.org.example:yes", 0600);
    expect("iqn.2026-01.org.example:yes");
}

Test(identity, bad_name_in_the_file)
{
    support_write("initiatorname.iscsi", "\nInitiatorName=host7\n", 0600);
    expect_refused(
        "initiatorname.iscsi:2:15: InitiatorName: iSCSI name begins with none of \"iqn.\", \"eui.\", "
        "\"naa.\": host7");
}

Test(identity, file_without_a_name_is_passed_over)
{
    support_write("initiatorname.iscsi", "GenerateName=yes\n", 0600);
    support_write("machine-id", "0123456789abcdef0123456789abcdef\n", 0644);
    struct lun_error e = {0};
    char *name = identity_find(&places, &e);
    cr_assert(name);
    cr_assert_eq(strncmp(name, "iqn.2026-01.org.lunfs:host.", 27), 0);
    free(name);
}

Test(identity, machine_id_gives_always_the_same_name)
{
    support_write("machine-id", "0123456789abcdef0123456789abcdef\n", 0644);
    struct lun_error e = {0};
    char *name = identity_find(&places, &e);
    cr_assert(name);
    expect(name);
    cr_assert_neq(access("state", F_OK), 0, "nothing needs to be kept");
    free(name);
}

Test(identity, other_machine_other_name)
{
    struct lun_error e = {0};
    support_write("machine-id", "0123456789abcdef0123456789abcdef\n", 0644);
    char *one = identity_find(&places, &e);
    support_write("machine-id", "0123456789abcdef0123456789abcdee\n", 0644);
    char *other = identity_find(&places, &e);
    cr_assert(one && other);
    cr_assert_str_neq(one, other);
    free(one);
    free(other);
}

Test(identity, machine_id_is_not_shown)
{
    support_write("machine-id", "0123456789abcdef0123456789abcdef\n", 0644);
    struct lun_error e = {0};
    char *name = identity_find(&places, &e);
    cr_assert(name);
    cr_assert_null(strstr(name, "0123456789abcdef"));
    free(name);
}

Test(identity, derived_name_is_an_iscsi_name)
{
    support_write("machine-id", "0123456789abcdef0123456789abcdef\n", 0644);
    struct lun_error e = {0};
    char *name = identity_find(&places, &e);
    cr_assert(name);
    cr_assert(lun_name_check(name, &e), "%s", e.text);
    free(name);
}

Test(identity, generated_name_is_kept)
{
    struct lun_error e = {0};
    char *name = identity_find(&places, &e);
    cr_assert(name, "%s", e.text);
    expect(name);
    cr_assert_eq(access("state/lunfs/name", F_OK), 0);
    free(name);
}

Test(identity, uninitialized_machine_id_is_none)
{
    support_write("machine-id", "uninitialized\n", 0644);
    struct lun_error e = {0};
    char *name = identity_find(&places, &e);
    cr_assert(name);
    cr_assert_eq(access("state/lunfs/name", F_OK), 0);
    free(name);
}

Test(identity, two_machines_generate_two_names)
{
    struct lun_error e = {0};
    char *one = identity_find(&places, &e);
    cr_assert_eq(unlink("state/lunfs/name"), 0);
    char *other = identity_find(&places, &e);
    cr_assert(one && other);
    cr_assert_str_neq(one, other);
    free(one);
    free(other);
}

Test(identity, name_that_cannot_be_kept)
{
    support_write("state", "a file where a directory should be", 0644);
    expect_refused(
        "cannot keep a new initiator name in state/lunfs/name: Not a directory (give `initiator`)");
}

Test(identity, nowhere_to_look)
{
    struct lun_error e = {0};
    cr_assert_null(identity_find(&(struct identity_places){0}, &e));
    cr_assert_str_eq(e.text, "no initiator name: give `initiator`");
}
