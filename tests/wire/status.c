/* SPDX-License-Identifier: Apache-2.0 */
/* SCSI status and sense data in responses: what is retried, what surfaces, and how. RFC 7143 11.4; SAM-5 5.3;
 * SPC-4 4.5. */
#include <criterion/criterion.h>
#include <string.h>

#include "rig.h"

#define OPENED "login\nserve opened\n"
#define READ_512 "expect ScsiCommand as=r cdb=read(0,1) edtl=512\n"
#define GOOD_READ READ_512 "send DataIn to=r data=pattern(0,512) S=1\n"
#define RESPONSE "send ScsiResponse to=r U=1 residual=512 "

/* The read of one block ends well, whatever happens on the way. */
static void read_works(struct rig *r)
{
    rig_open(r);
    rig_read(r, 0, 512);
    rig_end(r);
}

static void read_fails(struct rig *r, int code)
{
    rig_open(r);
    rig_read_fails(r, 0, 512, LUN_SCSI, code);
    rig_end(r);
}

/* ---- Unit attentions are handled, not surfaced ---- */

/* The first command of every nexus gets 06/29/00 from tgt and others. */
Test(attention, at_the_first_commands)
{
    struct rig *r = RIG("device uas=3\nlogin\n");
    rig_open(r);
    rig_end(r);
}

Test(attention, on_a_read)
{
    read_works(RIG(OPENED READ_512 RESPONSE "sense=06/29/00\n" GOOD_READ));
}

/* The write comes again with all of its data. */
Test(attention, on_a_write)
{
    struct rig *r = RIG(OPENED "expect ScsiCommand as=w cdb=write(0,1) data=pattern(0,512)\n"
                               "send ScsiResponse to=w sense=06/29/03\n"
                               "expect ScsiCommand as=v cdb=write(0,1) data=pattern(0,512)\n"
                               "send ScsiResponse to=v\n");
    rig_open(r);
    rig_write(r, 0, 512);
    rig_end(r);
}

/* A device that is busy for long has as many tries left as any: BUSY five times, then once what may come five
 * times (0B/47/03), and a unit attention. */
Test(attention, and_aborted_after_busy)
{
#define BUSY READ_512 RESPONSE "status=8\n"
    read_works(RIG(OPENED BUSY BUSY BUSY BUSY BUSY READ_512 RESPONSE "sense=0b/47/03\n" READ_512 RESPONSE
                                                                     "sense=06/29/00\n" GOOD_READ));
#undef BUSY
}

Test(attention, twice_in_a_row)
{
    read_works(
        RIG(OPENED READ_512 RESPONSE "sense=06/29/00\n" READ_512 RESPONSE "sense=06/2a/01\n" GOOD_READ));
}

/* 72h: descriptor format (SPC-4 4.5.2). */
Test(attention, s11_4_7_in_descriptor_format)
{
    read_works(RIG(OPENED READ_512 RESPONSE "status=2 data=hex(00087206290000000000)\n" GOOD_READ));
}

/* After data: Data-In, then CHECK CONDITION: the data do not count. */
Test(attention, s11_7_3_after_data)
{
    read_works(RIG(OPENED READ_512 "send DataIn to=r data=fill(0x99,512)\n"
                                   "send ScsiResponse to=r sense=06/29/00\n" GOOD_READ));
}

/* 2A/09: the capacity is read again, the unit reported as changed, and the new end is the end. */
Test(attention, capacity_changed)
{
    struct rig *r = RIG(OPENED READ_512 "device blocks=4096\n" RESPONSE "sense=06/2a/09\n" GOOD_READ
                                        "expect ScsiCommand as=r cdb=read(4095,1)\n"
                                        "send DataIn to=r data=pattern(2096640,512) S=1\n");
    rig_open(r);
    rig_read(r, 0, 512);
    rig_changed(r);
    rig_read(r, 4095 * 512, 512);
    rig_end(r);
}

/* 3F/0E: the list of LUNs is read again. */
Test(attention, luns_changed)
{
    struct rig *r = RIG(OPENED READ_512 "device luns=0,7\n"
                                        "send ScsiResponse to=r sense=06/3f/0e U=1 residual=512\n"
                                        "expect ScsiCommand cdb=a0* as=l\n"
                                        "send DataIn to=l S=1 U=1 residual=@l.edtl-24 "
                                        "data=hex(000000100000000000000000000000000007000000000000)\n"
                                        "mark listed\n" GOOD_READ);
    rig_open(r);
    rig_read(r, 0, 512);
    rig_await(r, "listed");
    rig_end(r);
}

/* A device that never stops is broken: an error, not an endless loop. */
Test(attention, endless)
{
    struct rig *r = RIG("login\nserve opened\n" READ_512 RESPONSE "sense=06/29/00\n"
                        "repeat 2\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_ends(io, LUN_SCSI);
    rig_end(r);
}

/* ---- Statuses that mean "later" ---- */

Test(status, busy_is_retried)
{
    read_works(RIG(OPENED READ_512 RESPONSE "status=0x08\n" GOOD_READ));
}

Test(status, task_aborted_is_retried)
{
    read_works(RIG(OPENED READ_512 RESPONSE "status=0x40\n" GOOD_READ));
}

/* Of another initiator, until it clears it. */
Test(status, aca_active_is_retried)
{
    read_works(RIG(OPENED READ_512 RESPONSE "status=0x30\n" READ_512 RESPONSE "status=0x30\n" GOOD_READ));
}

Test(status, task_set_full_is_retried)
{
    read_works(RIG(OPENED READ_512 RESPONSE "status=0x28\n" READ_512 RESPONSE "status=0x28\n" GOOD_READ));
}

/* 02/04/01: becoming ready. */
Test(status, becoming_ready_is_retried)
{
    read_works(RIG(OPENED READ_512 RESPONSE "sense=02/04/01\n" GOOD_READ));
}

/* 0B: aborted by the target: again. */
Test(status, aborted_command_is_retried)
{
    read_works(RIG(OPENED READ_512 RESPONSE "sense=0b/00/00\n" GOOD_READ));
}

/* Without residual flags: many targets leave them out when there is no data. */
Test(status, s11_4_5_1_check_condition_without_residual)
{
    read_works(RIG(OPENED READ_512 "send ScsiResponse to=r sense=06/29/00\n" GOOD_READ));
}

/* 01: recovered: the data are good. */
Test(status, recovered_error_is_good)
{
    read_works(RIG(OPENED READ_512 "send DataIn to=r data=pattern(0,512)\n"
                                   "send ScsiResponse to=r sense=01/17/01\n"));
}

/* ---- Errors: LUN_SCSI, code = key << 16 | ASC << 8 | ASCQ ---- */

Test(status, medium_error_surfaces)
{
    read_fails(RIG(OPENED READ_512 RESPONSE "sense=03/11/00\n"), 0x031100);
}

Test(status, illegal_request_surfaces)
{
    read_fails(RIG(OPENED READ_512 RESPONSE "sense=05/21/00\n"), 0x052100);
}

Test(status, not_ready_for_good_surfaces)
{
    read_fails(RIG(OPENED READ_512 RESPONSE "sense=02/3a/00\n"), 0x023a00);
}

/* The text names what happened and where. */
Test(status, error_text_says_what)
{
    struct rig *r = RIG(OPENED READ_512 RESPONSE "sense=03/11/00\n");
    rig_open(r);
    rig_read_fails(r, 0, 512, LUN_SCSI, 0x031100);
    rig_assert(r, strstr(r->error.text, RIG_IQN) && strcasestr(r->error.text, "unrecovered read error"));
    rig_end(r);
}

/* Not CHECK CONDITION: 0xff0000 | status. */
Test(status, reservation_conflict_surfaces)
{
    read_fails(RIG(OPENED READ_512 RESPONSE "status=0x18\n"), 0xff0018);
}

Test(status, unknown_status_surfaces)
{
    read_fails(RIG(OPENED READ_512 RESPONSE "status=0x7e\n"), 0xff007e);
}

/* istgt: CHECK CONDITION without sense data. */
Test(status, s11_4_7_check_condition_with_empty_segment)
{
    read_fails(RIG(OPENED READ_512 RESPONSE "status=2\n"), 0xff0002);
}

Test(status, s11_4_7_check_condition_with_zero_sense_length)
{
    read_fails(RIG(OPENED READ_512 RESPONSE "status=2 data=hex(0000)\n"), 0xff0002);
}

/* Ten bytes of fixed format: a key, no ASC. */
Test(status, s11_4_7_ten_bytes_of_sense)
{
    read_fails(RIG(OPENED READ_512 RESPONSE "status=2 data=hex(000a70000300000000020000)\n"), 0x030000);
}

/* 11.4.7.2: response data may follow the sense data in the segment. */
Test(status, s11_4_7_bytes_after_sense)
{
    read_fails(RIG(OPENED READ_512 RESPONSE
                   "status=2 data=hex(0012700005000000000a0000000024000000000000aabbccdd)\n"),
               0x052400);
}

/* 252 bytes, the most SPC-4 allows. */
Test(status, s11_4_7_longest_sense)
{
    read_fails(
        RIG(OPENED READ_512 RESPONSE "status=2 data=hex(00fc70000300000000f4000000001100)+zeros(238)\n"),
        0x031100);
}

/* Stale sense data with GOOD mean nothing. */
Test(status, s11_4_7_sense_with_good_status)
{
    read_works(RIG(OPENED READ_512 "send DataIn to=r data=pattern(0,512)\n"
                                   "send ScsiResponse to=r sense=03/11/00 status=0\n"));
}

/* 11.4.3: Response 1, target failure: no status at all. */
Test(status, s11_4_3_target_failure_surfaces)
{
    struct rig *r = RIG(OPENED READ_512 "send ScsiResponse to=r response=1\n");
    rig_open(r);
    rig_ends(rig_start(r, LUN_OP_READ, 0, 512), LUN_SCSI);
    rig_end(r);
}

/* The sense length says more than the segment holds. */
Test(status, s11_4_7_sense_longer_than_the_segment)
{
    struct rig *r = RIG(OPENED READ_512 "send ScsiResponse to=r status=2 data=hex(00ff70000600000000000a29)\n"
                                        "expect-close\n");
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_lost(r, LUN_PROTOCOL, "sense");
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}
