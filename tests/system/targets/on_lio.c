/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' wishes as configfs in the guest wants them. All tests share the guest, one at a time, each with
 * targets and disks of its own; nobody may ever connect to the address that the guest's SendTargets lists. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "lib/target_lio.h"
#include "targets.h"

#define BASE "iqn.2026-01.com.example"
#define DISK BASE ":disk"

static struct target_lio guest;
static struct workspace *workspace;

static int boot(void)
{
    return target_lio_boot(&guest);
}

static void end(void)
{
    target_lio_end(&guest);
}

static int seen; /* connections to the guest's own address, before the test */

static void clean(void)
{
    target_lio_run("clean");
    seen = target_lio_witnessed();
}

static int strayed(void)
{
    return target_lio_witnessed() - seen;
}

static void check(void)
{
    cr_assert_eq(strayed(), 0, "somebody connected to " TARGET_LIO_ADDRESS);
}

static void set_key(const char *name, const char *value)
{
    if (value)
        target_lio_run("set_key " DISK " param %s %s", name, value);
}

static void set_number(const char *name, unsigned value)
{
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    set_key(name, value ? text : NULL);
}

static void set_account(const char *suffix, const char *user, const char *secret)
{
    target_lio_run("set_key " DISK " auth userid%s %s && set_key " DISK " auth password%s %s", suffix, user,
                   suffix, secret);
}

static void authenticate(const struct targets_wish *wish)
{
    if (wish->chap) {
        target_lio_run("set_key " DISK " param AuthMethod CHAP && set_key " DISK " attrib authentication 1");
        set_account("", TARGETS_USER, TARGETS_SECRET);
    }
    if (wish->mutual)
        set_account("_mutual", TARGETS_MUTUAL_USER, TARGETS_MUTUAL_SECRET);
}

static void make_two(void)
{
    target_lio_run("disk two %d 512 noise", TARGETS_SIZE);
}

static void make_disks(const struct targets_wish *wish)
{
    if (wish->huge)
        target_lio_run("disk one %lld 512", 3LL << 40);
    else
        target_lio_run("disk one %d %u noise", TARGETS_SIZE, wish->block ? wish->block : 512);
    if (wish->thin)
        target_lio_run("put /run/one/attrib/emulate_tpu 1 && put /run/one/attrib/emulate_tpws 1");
    if (wish->second || wish->other)
        make_two();
}

static void start(struct workspace *w, const struct targets_wish *wish)
{
    workspace = w;
    setenv("PORT", "3260", 1);
    workspace_must(w, "head -c %d $LIO/noise >$W/one && cp $W/one $W/two", TARGETS_SIZE);
    make_disks(wish);
    target_lio_run("target " DISK " && lun " DISK " 0 one");
    if (wish->second)
        target_lio_run("lun " DISK " 1 two");
    if (wish->read_only)
        target_lio_run("set_key " DISK " attrib demo_mode_write_protect 1");
    authenticate(wish);
    set_key("HeaderDigest", wish->header_digest ? "CRC32C" : NULL);
    set_key("DataDigest", wish->data_digest ? "CRC32C" : NULL);
    set_key("InitialR2T", wish->initial_r2t);
    set_key("ImmediateData", wish->immediate_data);
    set_number("FirstBurstLength", wish->first_burst);
    set_number("MaxBurstLength", wish->max_burst);
    set_number("MaxRecvDataSegmentLength", wish->max_segment);
    target_lio_run("enable " DISK " 1");
    if (wish->other)
        target_lio_run("target " BASE ":other && lun " BASE ":other 0 two && enable " BASE ":other 1");
}

static void check_holds(unsigned index, const char *file)
{
    char sum[65];
    snprintf(sum, sizeof sum, "%s", workspace_must(workspace, "sha256sum <$W/%s", file));
    target_lio_run("echo '%s  /store/%s' | sha256sum -c", sum, index ? "two" : "one");
}

static int sessions(void)
{
    return atoi(target_lio_run("sessions " DISK));
}

/* It has seen no PDU of ours that it did not understand, and none with a wrong digest. */
static void check_end(void)
{
    const char *errors = target_lio_run("errors " DISK);
    cr_assert_str_eq(errors, "digest_errors:0\nformat_errors:0\n", "%s", errors);
}

static void set_second(bool there)
{
    if (there)
        make_two();
    target_lio_run(there ? "lun " DISK " 1 two" : "unlun " DISK " 1");
}

static void set_online(bool online)
{
    target_lio_run("enable " DISK " %d", online);
}

static void set_network(const char *netem)
{
    if (netem)
        target_lio_run("netem add %s", netem);
    else
        target_lio_run("netem del");
}

const struct targets_entry targets_lio = {
    .name = "lio",
    .base = BASE,
    .vendor = "LIO-ORG",
    .first_lun = 0,
    .mute = true,
    .can = CAN_CHAP_MD5 | CAN_CHAP_SHA1 | CAN_CHAP_SHA256 | CAN_CHAP_SHA3_256 | CAN_MUTUAL | CAN_NO_MUTUAL |
           CAN_DIGESTS | CAN_REQUIRE_DIGESTS | CAN_NO_INITIAL_R2T | CAN_KEYS | CAN_BLOCKS_4096 |
           CAN_SEVERAL_LUNS | CAN_READ_ONLY | CAN_HUGE | CAN_THIN | CAN_SERIAL | CAN_SESSIONS |
           CAN_DISCOVERY | CAN_CHANGE_LUNS | CAN_OFFLINE | CAN_SEVERAL_TARGETS | CAN_TRANSLATED | CAN_DELAY,
    .jobs = 1,
    .boot = boot,
    .end = end,
    .clean = clean,
    .check = check,
    .strayed = strayed,
    .start = start,
    .check_holds = check_holds,
    .check_end = check_end,
    .sessions = sessions,
    .set_second = set_second,
    .set_online = set_online,
    .set_network = set_network,
};
