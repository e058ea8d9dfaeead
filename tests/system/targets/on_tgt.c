/* SPDX-License-Identifier: Apache-2.0 */
/* The tests' wishes in the words of tgtadm. A target's settings are online updates, so it is made first. LUN
 * 0 is tgt's controller. */
#include <criterion/criterion.h>
#include <stdio.h>

#include "lib/target_tgt.h"
#include "targets.h"

static struct target_tgt t;

static void set_key(const char *name, const char *value)
{
    if (value)
        target_tgt_adm(&t, "--op update --mode target --tid 1 --name %s --value %s", name, value);
}

static void set_number(const char *name, unsigned value)
{
    char text[16];
    snprintf(text, sizeof text, "%u", value);
    set_key(name, value ? text : NULL);
}

static void set_account(const char *user, const char *secret, const char *outgoing)
{
    target_tgt_adm(&t, "--op new --mode account --user %s --password %s", user, secret);
    target_tgt_adm(&t, "--op bind --mode account --tid 1 --user %s %s", user, outgoing);
}

static void set_unit(unsigned lun, const char *parameters)
{
    target_tgt_adm(&t, "--op update --mode logicalunit --tid 1 --lun %u --params %s", lun, parameters);
}

static void make_luns(const struct targets_wish *wish)
{
    char block[32] = "";
    if (wish->block)
        snprintf(block, sizeof block, "--blocksize %u", wish->block);
    target_tgt_lun(&t, 1, "lun-one", TARGETS_SIZE >> 20, block);
    set_unit(1, "scsi_sn=" TARGETS_SERIAL);
    if (wish->thin)
        set_unit(1, "thin_provisioning=1");
    if (wish->second)
        target_tgt_lun(&t, 2, "lun-two", TARGETS_SIZE >> 20, "");
    for (unsigned lun = 1; wish->read_only && lun <= 1u + wish->second; lun++)
        set_unit(lun, "readonly=1");
}

static void start(struct workspace *w, const struct targets_wish *wish)
{
    workspace_must(w, "for f in one two; do head -c %d /dev/urandom >$W/$f && cp $W/$f $W/lun-$f; done",
                   TARGETS_SIZE);
    if (wish->huge)
        workspace_must(w, "rm $W/lun-one && truncate -s 3T $W/lun-one");
    target_tgt_start(&t, w);
    make_luns(wish);
    if (wish->chap)
        set_account(TARGETS_USER, TARGETS_SECRET, "");
    if (wish->mutual)
        set_account(TARGETS_MUTUAL_USER, TARGETS_MUTUAL_SECRET, "--outgoing");
    set_key("HeaderDigest", wish->header_digest ? "CRC32C" : "CRC32C,None");
    set_key("DataDigest", wish->data_digest ? "CRC32C" : "CRC32C,None");
    set_key("InitialR2T", wish->initial_r2t);
    set_key("ImmediateData", wish->immediate_data);
    set_number("FirstBurstLength", wish->first_burst);
    set_number("MaxBurstLength", wish->max_burst);
    set_number("MaxRecvDataSegmentLength", wish->max_segment);
    set_number("MaxOutstandingR2T", wish->outstanding_r2t);
    if (wish->other) {
        target_tgt_adm(&t, "--op new --mode target --tid 2 -T iqn.2026-01.com.example:other");
        target_tgt_adm(&t, "--op bind --mode target --tid 2 -I ALL");
        target_tgt_adm(&t, "--op new --mode logicalunit --tid 2 --lun 1 -b $W/lun-two");
    }
}

static void check_holds(unsigned index, const char *file)
{
    workspace_must(t.workspace, "cmp $W/lun-%s $W/%s", index ? "two" : "one", file);
}

static int sessions(void)
{
    return target_tgt_sessions(&t);
}

static void set_second(bool there)
{
    if (there)
        target_tgt_lun(&t, 2, "lun-two", TARGETS_SIZE >> 20, "");
    else
        target_tgt_adm(&t, "--op delete --mode logicalunit --tid 1 --lun 2");
}

const struct targets_entry targets_tgt = {
    .name = "tgt",
    .base = "iqn.2026-01.com.example",
    .vendor = "IET",
    .first_lun = 1,
    .can = CAN_CHAP_MD5 | CAN_MUTUAL | CAN_NO_MUTUAL | CAN_DIGESTS | CAN_NO_INITIAL_R2T | CAN_KEYS |
           CAN_SEGMENTS | CAN_SEVERAL_R2TS | CAN_BLOCKS_4096 | CAN_SEVERAL_LUNS | CAN_READ_ONLY | CAN_HUGE |
           CAN_THIN | CAN_SERIAL | CAN_SESSIONS | CAN_DISCOVERY | CAN_SEVERAL_TARGETS | CAN_CHANGE_LUNS,
    .start = start,
    .check_holds = check_holds,
    .sessions = sessions,
    .set_second = set_second,
};
