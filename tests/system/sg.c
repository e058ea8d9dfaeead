/* SPDX-License-Identifier: Apache-2.0 */
/* sg_inq and sg_vpd (sg3-utils) read the .bin files; what they say and what our texts say must agree. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon.h"
#include "lib/target_istgt.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

static struct workspace w;
static struct target_tgt t;

#define must(...) workspace_must(&w, __VA_ARGS__)

static void make(void)
{
    workspace_make(&w);
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 8, "--blocksize 4096");
    target_tgt_adm(
        &t, "--op update --mode logicalunit --tid 1 --lun 1 --params thin_provisioning=1,scsi_sn=SN-0815,"
            "vendor_id=ACME,product_id=Anvil,product_rev=7b");
    daemon_mount(&w, "iscsi://127.0.0.1:$PORT/$IQN", "");
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(sg, .init = make, .fini = unmake, .timeout = 60);

/* The value after a label of sg3-utils, e.g. "Vendor identification: ACME". */
static const char *after(const char *text, const char *label)
{
    static char value[256];
    const char *at = strstr(text, label);
    cr_assert(at, "no \"%s\" in\n%s", label, text);
    at += strlen(label);
    at += strspn(at, " :=");
    size_t n = strcspn(at, "\n,");
    while (n > 0 && at[n - 1] == ' ')
        n--;
    cr_assert_lt(n, sizeof value);
    memcpy(value, at, n);
    value[n] = '\0';
    return value;
}

/* The text file holds what sg3-utils found after the label. */
static void agree(const char *text, const char *tool, const char *label)
{
    const char *value = after(tool, label);
    cr_assert_str_not_empty(value);
    cr_assert(strstr(text, value), "\"%s\" (%s) is not in\n%s", value, label, text);
}

#define INQ "sg_inq --raw --inhex=$T/lun1/inquiry.bin"
#define VPD "sg_vpd --raw --inhex=$T/lun1/vpd/%s.bin"

Test(sg, inquiry)
{
    const char *tool = must(INQ);
    const char *text = must("cat $T/lun1/inquiry");
    agree(text, tool, "Vendor identification");
    agree(text, tool, "Product identification");
    agree(text, tool, "Product revision level");
    cr_assert(strstr(text, "ACME") && strstr(text, "Anvil"), "%s", text);
}

Test(sg, serial_number)
{
    const char *tool = must(VPD, "80");
    agree(must("cat $T/lun1/vpd/80-*"), tool, "  Unit serial number:");
    cr_assert(strstr(tool, "SN-0815"), "%s", tool);
}

Test(sg, device_identification)
{
    const char *tool = must(VPD " --quiet", "83");
    const char *text = must("cat $T/lun1/vpd/83-*");
    /* One designator a line, 0x and hexadecimal for a binary one. */
    char copy[4096];
    snprintf(copy, sizeof copy, "%s", tool);
    int count = 0;
    for (char *line = strtok(copy, "\n"); line; line = strtok(NULL, "\n")) {
        const char *value = line + strspn(line, " ");
        value += strncmp(value, "0x", 2) == 0 ? 2 : 0;
        cr_expect(strstr(text, value), "\"%s\" is not in\n%s", value, text);
        count++;
    }
    cr_assert_gt(count, 0);
}

Test(sg, block_limits)
{
    const char *tool = must(VPD, "b0");
    const char *text = must("cat $T/lun1/vpd/b0-*");
    /* tgt claims 128 blocks; sg_vpd shows the "no limit" of 32 ones as -1. */
    cr_assert_str_eq(after(tool, "Maximum compare and write length"), "128 blocks");
    cr_assert(strstr(text, "maximum_compare_and_write_length: 128"), "%s", text);
    cr_assert_str_eq(after(tool, "Maximum unmap LBA count"), "-1 [unbounded]");
    cr_assert(strstr(text, "maximum_unmap_lba_count: 4294967295"), "%s", text);
}

Test(sg, logical_block_provisioning)
{
    const char *tool = must(VPD, "b2");
    const char *text = must("cat $T/lun1/vpd/b2-*");
    cr_assert_str_eq(after(tool, "Unmap command supported (LBPU)"), "1");
    cr_assert(strstr(text, "lbpu: true"), "%s", text);
    cr_assert(strstr(after(tool, "Provisioning type"), "thin"), "%s", tool);
    cr_assert(strstr(text, "thin"), "%s", text);
}

/* READ CAPACITY(16) has no --inhex reader in sg3-utils: iscsi-readcapacity16 asks the target itself. */
Test(sg, capacity)
{
    const char *tool = must("iscsi-readcapacity16 iscsi://127.0.0.1:$PORT/$IQN/1");
    const char *text = must("cat $T/lun1/capacity");
    char fact[64];
    snprintf(fact, sizeof fact, "logical_block_length: %s", after(tool, "\nLOGICAL BLOCK LENGTH IN BYTES"));
    cr_expect(strstr(text, fact), "%s is not in\n%s", fact, text);
    snprintf(fact, sizeof fact, "returned_logical_block_address: %s",
             after(tool, "RETURNED LOGICAL BLOCK ADDRESS"));
    cr_expect(strstr(text, fact), "%s is not in\n%s", fact, text);
}

Test(sg, supported_pages)
{
    must(VPD " >$W/pages", "00");
    /* Each page the device lists has its pair of files. */
    must("sg_vpd --page=0 --raw --inhex=$T/lun1/vpd/00.bin --quiet >/dev/null");
    must("od -An -v -tx1 -j 4 $T/lun1/vpd/00.bin | tr -s ' ' '\\n' | grep . >$W/list && test -s $W/list");
    must("for p in $(cat $W/list); do cat $T/lun1/vpd/$p.bin | grep -q . && ls $T/lun1/vpd/$p-* >/dev/null "
         "|| exit "
         "1; done");
}

Test(sg, inquiry_of_istgt)
{
    struct target_istgt other;
    daemon_unmount(&w);
    target_istgt_init(&other, &w);
    target_istgt_unit(&other, "unit", 8, "  AuthMethod Auto\n  UseDigest Auto\n");
    target_istgt_start(&other);
    daemon_mount(&w, "iscsi://127.0.0.1:$PORT/" TARGET_ISTGT_BASE ":unit", "");
    const char *tool = must("sg_inq --raw --inhex=$T/lun0/inquiry.bin");
    const char *text = must("cat $T/lun0/inquiry");
    agree(text, tool, "Vendor identification");
    agree(text, tool, "Product identification");
    agree(must("cat $T/lun0/vpd/80-*"), must("sg_vpd --raw --inhex=$T/lun0/vpd/80.bin"),
          "  Unit serial number:");
}
