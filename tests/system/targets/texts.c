/* SPDX-License-Identifier: Apache-2.0 */
/* What the device says of itself: our decoders against sg3-utils on the same bytes, and against what is known
 * of the target. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

/* $L: the first LUN's folder. */
static void mount_texts(struct targets_wish wish)
{
    check_start(wish);
    check_mount(URL, "");
    setenv("L", must("echo ${D%%/data}"), 1);
}

/* The text has a line with this word and value. */
static void check_says(const char *file, const char *line)
{
    must("grep -q '^ *%s' $L/%s || { cat $L/%s; exit 1; }", line, file, file);
}

CHECK(texts, inquiry, 0)
{
    char line[64];
    mount_texts((struct targets_wish){0});
    snprintf(line, sizeof line, "vendor: \"%s\"$", check_on->vendor);
    check_says("inquiry", line);
    check_says("inquiry", "peripheral_device_type_name: disk$");
    must("sg_inq --raw --inhex=$L/inquiry.bin >$W/sg");
    /* Each of the three, as sg_inq decodes it, stands in our text. */
    must("for label in 'Vendor identification' 'Product identification' 'Product revision level'; do"
         " value=$(sed -n \"s/^ *$label: *//p\" $W/sg | sed 's/ *$//'); test -n \"$value\" &&"
         " grep -qF \": \\\"$value\\\"\" $L/inquiry || { echo \"$label: $value\"; cat $W/sg $L/inquiry; exit "
         "1; }; done");
    check_end();
}

static void capacity(unsigned block)
{
    char line[64];
    mount_texts((struct targets_wish){.block = block});
    snprintf(line, sizeof line, "logical_block_length: %u ", block);
    check_says("capacity", line);
    snprintf(line, sizeof line, "returned_logical_block_address: %u$", TARGETS_SIZE / block - 1);
    check_says("capacity", line);
    /* iscsi-readcapacity16 asks the target itself. */
    must("iscsi-readcapacity16 " URL "/%u >$W/rc", check_on->first_lun);
    must("grep -q 'RETURNED LOGICAL BLOCK ADDRESS:%u$' $W/rc && grep -q 'LENGTH IN BYTES:%u$' $W/rc",
         TARGETS_SIZE / block - 1, block);
    check_end();
}

CHECK(texts, capacity, 0)
{
    capacity(512);
}

CHECK(texts, capacity_in_blocks_of_4096, CAN_BLOCKS_4096)
{
    capacity(4096);
}

CHECK(texts, serial_number, CAN_SERIAL)
{
    mount_texts((struct targets_wish){0});
    check_says("vpd/80-unit-serial-number", "unit_serial_number: \" *" TARGETS_SERIAL "\"$");
    must("sg_vpd --raw --inhex=$L/vpd/80.bin | grep -q ': *" TARGETS_SERIAL "$'");
    check_end();
}

/* Each designator of sg_vpd, 0x and hexadecimal for a binary one, is in our text; a name in by-id leads
 * here. */
CHECK(texts, device_identification, 0)
{
    mount_texts((struct targets_wish){0});
    must("sg_vpd --raw --quiet --inhex=$L/vpd/83.bin >$W/sg && grep -q . $W/sg");
    must("sed 's/^ *//; s/^0x//' $W/sg | while read -r value; do grep -qF -- \"${value##*:}\" $L/vpd/83-* ||"
         " { echo \"$value\"; cat $W/sg $L/vpd/83-*; exit 1; }; done");
    must("for l in $M/by-id/*; do test $l -ef $L && exit 0; done; ls -l $M/by-id; exit 1");
    check_end();
}

/* Every page that page 00 lists has its pair of files, and sg_vpd can decode it. */
CHECK(texts, pages, 0)
{
    mount_texts((struct targets_wish){0});
    must("od -An -v -tx1 -j 4 $L/vpd/00.bin | tr -s ' ' '\\n' | grep . >$W/list && test -s $W/list");
    must("for p in $(cat $W/list); do grep -qx \"page_code: \\\"$p\\\"\" $L/vpd/$p-* &&"
         " sg_vpd --raw --inhex=$L/vpd/$p.bin >/dev/null || { echo $p; exit 1; }; done");
    cr_assert_str_eq(must("ls $L/vpd/*.bin | wc -l"), must("wc -l <$W/list"));
    check_end();
}

static void provisioning(bool thin)
{
    mount_texts((struct targets_wish){.thin = thin});
    check_says("vpd/b2-logical-block-provisioning", thin ? "lbpu: true" : "lbpu: false");
    must("sg_vpd --raw --inhex=$L/vpd/b2.bin | grep -q '(LBPU): %d$'", thin);
    check_says("capacity", thin ? "lbpme: true" : "lbpme: false");
    check_end();
}

CHECK(texts, thin_provisioning, CAN_THIN)
{
    provisioning(true);
}

CHECK(texts, no_thin_provisioning, CAN_THIN)
{
    provisioning(false);
}
