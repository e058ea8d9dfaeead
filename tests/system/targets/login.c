/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to log in, and to be refused. RFC 7143 6, 12.1. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

CHECK(login, none, 0)
{
    check_all((struct targets_wish){0}, "");
}

/* ---- One way ----------------------------------------------------------------------------------------- */

/* A configuration with this list of algorithms, and with this secret of the target's unless it is NULL. */
static void configure(const char *algorithms, const char *secret, const char *mutual_secret)
{
    char mutual[128] = "";
    workspace_write(&check_workspace, "secret", 0600, "%s\n", secret);
    if (mutual_secret) {
        workspace_write(&check_workspace, "mutual", 0600, "%s", mutual_secret);
        snprintf(mutual, sizeof mutual,
                 "      mutual: { user: " TARGETS_MUTUAL_USER ", password_file: mutual }\n");
    }
    workspace_write(&check_workspace, "san.yaml", 0600,
                    "targets:\n"
                    "  - iqn: %s\n"
                    "    portals: [ \"127.0.0.1:%s\" ]\n"
                    "    auth:\n"
                    "      chap: { user: " TARGETS_USER ", password_file: secret, algorithms: [ %s ] }\n"
                    "%s",
                    getenv("IQN"), getenv("PORT"), algorithms, mutual);
}

static void logs_in(const char *algorithms, bool mutual)
{
    check_start((struct targets_wish){.chap = true, .mutual = mutual});
    configure(algorithms, TARGETS_SECRET, mutual ? TARGETS_MUTUAL_SECRET : NULL);
    check_mount("$W/san.yaml", "");
    check_io();
    check_end();
}

/* One algorithm alone: the target has no other to take. */
CHECK(login, chap_md5, CAN_CHAP_MD5)
{
    logs_in("md5", false);
}

CHECK(login, chap_sha1, CAN_CHAP_SHA1)
{
    logs_in("sha1", false);
}

CHECK(login, chap_sha256, CAN_CHAP_SHA256)
{
    logs_in("sha256", false);
}

CHECK(login, chap_sha3_256, CAN_CHAP_SHA3_256)
{
    logs_in("sha3-256", false);
}

/* Some look at no more than the first of the list. */
CHECK(login, chap_md5_before_the_others, CAN_CHAP_MD5)
{
    logs_in("md5, sha1, sha256, sha3-256", false);
}

CHECK(login, chap_with_the_password_in_the_url, CAN_CHAP_MD5)
{
    check_start((struct targets_wish){.chap = true});
    check_mount("iscsi://" TARGETS_USER "%" TARGETS_SECRET "@127.0.0.1:$PORT/$IQN", "");
    check_io();
    must_fail("grep -r " TARGETS_SECRET " $M/.lunfs $T/target $T/sessions");
    check_end();
}

CHECK(login, chap_with_the_password_in_the_environment, CAN_CHAP_MD5)
{
    check_start((struct targets_wish){.chap = true});
    setenv("LUNFS_CHAP_PASSWORD", TARGETS_SECRET, 1);
    check_mount("iscsi://" TARGETS_USER "@127.0.0.1:$PORT/$IQN", "");
    check_io();
    check_end();
}

/* ---- Both ways --------------------------------------------------------------------------------------- */

CHECK(login, mutual_chap_md5, CAN_CHAP_MD5 | CAN_MUTUAL)
{
    logs_in("md5", true);
}

CHECK(login, mutual_chap_sha1, CAN_CHAP_SHA1 | CAN_MUTUAL)
{
    logs_in("sha1", true);
}

CHECK(login, mutual_chap_sha256, CAN_CHAP_SHA256 | CAN_MUTUAL)
{
    logs_in("sha256", true);
}

CHECK(login, mutual_chap_sha3_256, CAN_CHAP_SHA3_256 | CAN_MUTUAL)
{
    logs_in("sha3-256", true);
}

/* ---- Refusals: they name the target, and the portal where that was asked ------------------------------ */

/* A target that does not know the mutual secret is not the target. */
CHECK(login, target_with_another_mutual_secret, CAN_CHAP_MD5 | CAN_MUTUAL)
{
    check_start((struct targets_wish){.chap = true, .mutual = true});
    configure("md5", TARGETS_SECRET, "not-what-it-says");
    check_refused("$W/san.yaml", "", getenv("IQN"), "authentication failed");
}

CHECK(login, target_without_a_mutual_secret, CAN_CHAP_MD5 | CAN_NO_MUTUAL)
{
    check_start((struct targets_wish){.chap = true});
    configure("md5", TARGETS_SECRET, TARGETS_MUTUAL_SECRET);
    check_refused("$W/san.yaml", "", getenv("IQN"), NULL);
}

CHECK(login, wrong_password, CAN_CHAP_MD5)
{
    check_start((struct targets_wish){.chap = true});
    configure("md5", "not-the-password", NULL);
    check_refused("$W/san.yaml", "", getenv("IQN"), "authentication fail");
}

CHECK(login, wrong_password_of_sha3_256, CAN_CHAP_SHA3_256)
{
    check_start((struct targets_wish){.chap = true});
    configure("sha3-256", "not-the-password", NULL);
    check_refused("$W/san.yaml", "", getenv("IQN"), "authentication fail");
}

CHECK(login, unknown_user, CAN_CHAP_MD5)
{
    check_start((struct targets_wish){.chap = true});
    check_refused("iscsi://nobody%" TARGETS_SECRET "@127.0.0.1:$PORT/$IQN", "", getenv("IQN"),
                  "authentication");
}

CHECK(login, no_password, CAN_CHAP_MD5)
{
    check_start((struct targets_wish){.chap = true});
    /* LIO gives no reason and closes the connection. */
    check_refused(URL, "", getenv("IQN"),
                  check_on->mute ? "login without name and secret" : "authentication");
}

CHECK(login, unknown_target, 0)
{
    check_start((struct targets_wish){0});
    check_refused(URL "-not", "", "disk-not", NULL);
}

/* ---- Portals and sessions ---------------------------------------------------------------------------- */

CHECK(login, second_portal_when_the_first_is_dead, 0)
{
    check_start((struct targets_wish){0});
    workspace_write(&check_workspace, "san.yaml", 0600,
                    "targets:\n  - { iqn: \"%s\", portals: [ \"127.0.0.1:%u\", \"127.0.0.1:%s\" ] }\n",
                    getenv("IQN"), workspace_free_port(), getenv("PORT"));
    check_mount("$W/san.yaml", "");
    check_io();
    check_end();
}

CHECK(login, four_sessions, 0)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "-o sessions=4");
    cr_assert_eq(workspace_connections((uint16_t)atoi(getenv("PORT"))), 4);
    if (check_on->can & CAN_SESSIONS)
        cr_assert_eq(check_on->sessions(), 4);
    check_io();
    /* Four at once, which the sessions share. */
    must("for i in 0 1 2 3; do cmp -n 524288 -i $((i * 524288)) $D $W/expected || touch $W/wrong & done; "
         "wait; "
         "test ! -e $W/wrong");
    check_end();
}

CHECK(login, every_target_that_a_portal_lists, CAN_DISCOVERY)
{
    check_start((struct targets_wish){0});
    check_mount("iscsi://127.0.0.1:$PORT", "");
    must("cmp $M/$IQN/lun%u/data $W/one", check_on->first_lun);
    check_end();
}

CHECK(login, two_targets_that_a_portal_lists, CAN_DISCOVERY | CAN_SEVERAL_TARGETS)
{
    check_start((struct targets_wish){.other = true});
    cr_assert_str_eq(must("$LUNCTL discover iscsi://127.0.0.1:$PORT | grep -o 'iqn[^ ]*' | sort -u"),
                     must("printf '%%s\\n' $IQN %s:other", check_on->base));
    check_mount("iscsi://127.0.0.1:$PORT", "");
    must("cmp $M/$IQN/lun%u/data $W/one", check_on->first_lun);
    must("cmp $M/%s:other/lun%u/data $W/two", check_on->base, check_on->first_lun);
    check_end();
}

/* libiscsi's iscsi-ls goes where the list sends it, and is seen. */
CHECK(login, initiator_that_follows_such_an_address_is_seen, CAN_TRANSLATED)
{
    check_start((struct targets_wish){0});
    must_fail("iscsi-ls -s iscsi://127.0.0.1:$PORT");
    cr_assert_gt(check_on->strayed(), 0);
    check_on->clean();
}

/* The portal that was asked is the one that is used; the guest's witness would see another. */
CHECK(login, discovered_target_that_lists_an_address_that_leads_nowhere, CAN_TRANSLATED)
{
    check_start((struct targets_wish){.other = true});
    const char *list = must("$LUNCTL discover iscsi://127.0.0.1:$PORT");
    cr_assert(strstr(list, "10.0.2.15:3260"), "%s", list);
    cr_assert_null(strstr(list, "127.0.0.1"), "%s", list);
    check_mount("iscsi://127.0.0.1:$PORT", "");
    must("for t in $M/iqn*; do grep -q 'address: \"127.0.0.1:3260\"' $t/sessions || exit 1; done");
    must("! grep -r 'address: \"10' $M/iqn*/sessions");
    check_io();
    check_end();
}
