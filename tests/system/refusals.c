/* SPDX-License-Identifier: Apache-2.0 */
/* Wrong places, wrong words, bad targets, bad mount points: each is one clear line that names the place, an
 * exit code, and nothing left: no mount, no process, no session at the target. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "lib/bad_peer.h"
#include "lib/daemon.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

static struct workspace w;
static struct target_tgt t;

#define must(...) workspace_must(&w, __VA_ARGS__)
#define URL "iscsi://127.0.0.1:$PORT/$IQN"
#define SECRET "a-secret-of-host7"

static void make(void)
{
    workspace_make(&w);
    must("mkdir $W/m");
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 8, "");
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(refusals, .init = make, .fini = unmake, .timeout = 120);

static char portal[64];

static const char *portal_of(uint16_t port)
{
    snprintf(portal, sizeof portal, "127.0.0.1:%u", port);
    return portal;
}

/* The start fails with `code` and a line that holds each of the words. */
static void refused(int code, const char *source, const char *mountpoint, const char *options,
                    const char *word, const char *word2)
{
    const char *line = daemon_refuses(&w, code, source, mountpoint, options);
    cr_assert(strstr(line, word), "\"%s\" does not name %s", line, word);
    cr_assert(!word2 || strstr(line, word2), "\"%s\" does not name %s", line, word2);
    cr_assert_eq(target_tgt_sessions(&t), 0, "a session is left at the target");
    cr_assert_eq(workspace_connections(t.port), 0, "a connection is left");
}

/* ---- Places ------------------------------------------------------------------------------------------ */

Test(refusals, host_that_does_not_exist)
{
    refused(1, "iscsi://no-such-host.invalid/$IQN", "$W/m", "", "no-such-host.invalid", NULL);
}

Test(refusals, port_where_nobody_listens)
{
    char source[128];
    portal_of(workspace_free_port());
    snprintf(source, sizeof source, "iscsi://%s/$IQN", portal);
    refused(1, source, "$W/m", "", portal, "refused");
}

Test(refusals, discovery_where_nobody_listens)
{
    char source[128];
    portal_of(workspace_free_port());
    snprintf(source, sizeof source, "iscsi://%s", portal);
    refused(1, source, "$W/m", "", portal, "refused");
}

Test(refusals, target_that_is_not_there)
{
    refused(1, "iscsi://127.0.0.1:$PORT/iqn.2026-01.com.example:nothere", "$W/m", "",
            "iqn.2026-01.com.example:nothere", portal_of(t.port));
}

Test(refusals, unit_that_is_not_there)
{
    refused(1, URL "/7", "$W/m", "", TARGET_TGT_IQN, "7");
}

/* ---- Authentication ---------------------------------------------------------------------------------- */

static void require_chap(void)
{
    target_tgt_adm(&t, "--op new --mode account --user host7 --password " SECRET);
    target_tgt_adm(&t, "--op bind --mode account --tid 1 --user host7");
}

Test(refusals, wrong_password)
{
    require_chap();
    refused(1, "iscsi://host7%not-the-password@127.0.0.1:$PORT/$IQN", "$W/m", "", TARGET_TGT_IQN,
            portal_of(t.port));
}

Test(refusals, unknown_user)
{
    require_chap();
    refused(1, "iscsi://nobody%" SECRET "@127.0.0.1:$PORT/$IQN", "$W/m", "", TARGET_TGT_IQN,
            portal_of(t.port));
}

Test(refusals, no_password_where_one_is_needed)
{
    require_chap();
    refused(1, URL, "$W/m", "", TARGET_TGT_IQN, portal_of(t.port));
}

Test(refusals, password_is_never_shown)
{
    require_chap();
    const char *line =
        daemon_refuses(&w, 1, "iscsi://host7%not-the-password@127.0.0.1:$PORT/$IQN", "$W/m", "");
    cr_assert_null(strstr(line, "not-the-password"), "%s", line);
}

/* ---- Targets that are none --------------------------------------------------------------------------- */

static void refuses_peer(enum bad_peer_kind kind)
{
    struct bad_peer p;
    bad_peer_start(&p, kind);
    char source[128];
    portal_of(p.port);
    snprintf(source, sizeof source, "iscsi://%s/$IQN", portal);
    refused(1, source, "$W/m", "-o login_timeout=2s", portal, NULL);
    cr_assert_eq(workspace_connections(p.port), 0, "a connection is left");
    bad_peer_stop(&p);
}

Test(refusals, target_that_hangs)
{
    refuses_peer(BAD_PEER_SILENT);
}

Test(refusals, target_that_closes)
{
    refuses_peer(BAD_PEER_CLOSES);
}

Test(refusals, web_server)
{
    refuses_peer(BAD_PEER_HTTP);
}

Test(refusals, noise)
{
    refuses_peer(BAD_PEER_NOISE);
}

Test(refusals, truncated_pdu)
{
    refuses_peer(BAD_PEER_TRUNCATED);
}

Test(refusals, overlong_pdu)
{
    refuses_peer(BAD_PEER_OVERLONG);
}

Test(refusals, answer_to_another_task)
{
    refuses_peer(BAD_PEER_WRONG_TAG);
}

/* tgt whose target is offline takes the connection and refuses the login. */
Test(refusals, target_offline)
{
    target_tgt_adm(&t, "--op update --mode target --tid 1 --name state --value offline");
    refused(1, URL, "$W/m", "-o login_timeout=2s", TARGET_TGT_IQN, portal_of(t.port));
}

/* ---- Mount points ------------------------------------------------------------------------------------ */

Test(refusals, mount_point_missing)
{
    refused(1, URL, "$W/nowhere", "", "/nowhere", NULL);
}

Test(refusals, mount_point_no_directory)
{
    must("echo >$W/file");
    refused(1, URL, "$W/file", "", "/file", NULL);
}

Test(refusals, mount_point_in_use)
{
    daemon_mount(&w, URL, "");
    const char *line = daemon_refuses(&w, 1, URL, "$M", "");
    cr_assert(strstr(line, "/m"), "%s", line);
    cr_assert_eq(target_tgt_sessions(&t), 1, "a session is left at the target");
    must("cmp $D $W/disk");
    daemon_unmount(&w);
}

/* ---- Words ------------------------------------------------------------------------------------------- */

Test(refusals, url_without_host)
{
    refused(1, "iscsi:///$IQN", "$W/m", "", "no host", NULL);
}

Test(refusals, url_with_a_bad_port)
{
    refused(1, "iscsi://127.0.0.1:70000/$IQN", "$W/m", "", "70000", NULL);
}

Test(refusals, url_with_a_bad_target_name)
{
    refused(1, "iscsi://127.0.0.1:$PORT/not-a-name", "$W/m", "", "not-a-name", NULL);
}

Test(refusals, url_with_a_bad_lun)
{
    refused(1, URL "/x1", "$W/m", "", "x1", NULL);
}

Test(refusals, unknown_option)
{
    refused(2, URL, "$W/m", "-o no_such_option=1", "no_such_option", NULL);
}

Test(refusals, option_out_of_range)
{
    refused(2, URL, "$W/m", "-o sessions=0", "sessions", NULL);
}

Test(refusals, configuration_file_missing)
{
    refused(1, "$W/nothing.yaml", "$W/m", "", "/nothing.yaml", NULL);
}

/* The line begins with file:line:column. */
static void refused_yaml(const char *text, const char *place, const char *word)
{
    char where[160];
    workspace_write(&w, "bad.yaml", 0600, "%s", text);
    snprintf(where, sizeof where, "%s/bad.yaml:%s: ", w.path, place);
    refused(1, "$W/bad.yaml", "$W/m", "", where, word);
}

Test(refusals, yaml_that_is_no_yaml)
{
    refused_yaml("targets: [ {\n", "2:1", NULL);
}

Test(refusals, yaml_with_an_unknown_key)
{
    refused_yaml("targets:\n  - iqn: iqn.2026-01.com.example:disk\n    portal: 127.0.0.1\n", "3:5", "portal");
}

Test(refusals, yaml_with_a_wrong_type)
{
    refused_yaml("targets:\n  - iqn: iqn.2026-01.com.example:disk\n    portals: [ 127.0.0.1 ]\n"
                 "    sessions: many\n",
                 "4:15", "sessions");
}

Test(refusals, yaml_with_a_target_twice)
{
    refused_yaml("targets:\n"
                 "  - { iqn: iqn.2026-01.com.example:disk, portals: [ 127.0.0.1 ] }\n"
                 "  - { iqn: iqn.2026-01.com.example:disk, portals: [ 127.0.0.1 ] }\n",
                 "3:12", "iqn.2026-01.com.example:disk");
}

Test(refusals, yaml_that_is_empty)
{
    refused_yaml("", "1:1", NULL);
}

Test(refusals, password_file_that_everybody_reads)
{
    workspace_write(&w, "secret", 0644, SECRET);
    refused_yaml("targets:\n"
                 "  - iqn: iqn.2026-01.com.example:disk\n"
                 "    portals: [ 127.0.0.1 ]\n"
                 "    auth: { chap: { user: host7, password_file: secret } }\n",
                 "4:49", "secret");
}
