/* SPDX-License-Identifier: Apache-2.0 */
/* Header and data digests, both ways (the script checks and makes them on its own). RFC
 * 7143 13.1, 11.2.3, 11.2.4. */
#include <criterion/criterion.h>

#include "rig.h"

#define BOTH "login HeaderDigest=CRC32C DataDigest=CRC32C InitialR2T=Yes ImmediateData=Yes\nserve opened\n"
#define READ_512 "expect ScsiCommand as=r cdb=read(0,1)\n"

static struct rig *with(struct rig *r, enum lun_digest header, enum lun_digest data)
{
    r->options.header_digest = header;
    r->options.data_digest = data;
    return r;
}

static struct rig *with_both(struct rig *r)
{
    return with(r, LUN_DIGEST_CRC32C, LUN_DIGEST_CRC32C);
}

static void reads_and_writes(struct rig *r)
{
    rig_open(r);
    rig_read(r, 0, 512);
    rig_write(r, 0, 512);
    rig_end(r);
}

#define READ_WRITE                                                                                           \
    "serve opened\n" READ_512 "send DataIn data=pattern(0,512) S=1\n"                                        \
    "expect ScsiCommand cdb=write(0,1) data=pattern(0,512)\n"                                                \
    "send ScsiResponse\n"

Test(digest, s13_1_header_only)
{
    reads_and_writes(with(RIG("login HeaderDigest=CRC32C DataDigest=None\n" READ_WRITE), LUN_DIGEST_CRC32C,
                          LUN_DIGEST_NONE));
}

Test(digest, s13_1_data_only)
{
    reads_and_writes(with(RIG("login HeaderDigest=None DataDigest=CRC32C\n" READ_WRITE), LUN_DIGEST_NONE,
                          LUN_DIGEST_CRC32C));
}

Test(digest, s13_1_both)
{
    reads_and_writes(with_both(RIG("login HeaderDigest=CRC32C DataDigest=CRC32C\n" READ_WRITE)));
}

/* Preferred, and the target does not want them. */
Test(digest, s13_1_preferred_but_declined)
{
    reads_and_writes(with(RIG("login HeaderDigest=None DataDigest=None\n" READ_WRITE),
                          LUN_DIGEST_PREFER_CRC32C, LUN_DIGEST_PREFER_CRC32C));
}

/* The digest covers the padding as it came, zero or not (11.2.3). */
Test(digest, s11_2_3_odd_data_in_with_strange_padding)
{
    struct rig *r =
        with_both(RIG(BOTH READ_512 "send DataIn F=0 pad=0xa5 data=pattern(0,1)\n"
                                    "send DataIn datasn=1 offset=1 F=0 pad=0x5a data=pattern(1,254)\n"
                                    "send DataIn datasn=2 offset=255 pad=0xff data=pattern(255,257) S=1\n"));
    rig_open(r);
    rig_read(r, 0, 512);
    rig_end(r);
}

/* Ours too: Data-Out of odd lengths. */
Test(digest, s11_2_3_odd_data_out)
{
    struct rig *r =
        with_both(RIG("login HeaderDigest=CRC32C DataDigest=CRC32C InitialR2T=Yes ImmediateData=No\n"
                      "serve opened\n"
                      "expect ScsiCommand as=w cdb=write(0,1)\n"
                      "send R2T offset=0 length=3\n"
                      "expect DataOut to=w offset=0 data=pattern(0,3)\n"
                      "send R2T to=w r2tsn=1 offset=3 length=509\n"
                      "expect DataOut to=w offset=3 data=pattern(3,509)\n"
                      "send ScsiResponse to=w\n"));
    rig_open(r);
    rig_write(r, 0, 512);
    rig_end(r);
}

/* 11.2.3: the header digest covers BHS and AHS. */
Test(digest, s11_2_3_header_digest_covers_the_ahs)
{
    struct rig *r =
        with_both(RIG(BOTH READ_512 "send DataIn data=pattern(0,512) S=1 ahs=hex(0005c00001020304)\n"));
    rig_open(r);
    rig_read(r, 0, 512);
    rig_end(r);
}

/* A PDU without data has no data digest. */
Test(digest, s11_2_3_none_without_data)
{
    struct rig *r = with_both(RIG(BOTH READ_512 "send DataIn data=pattern(0,512)\n"
                                                "send ScsiResponse\n"
                                                "ping\n"
                                                "mark quiet\n"));
    rig_open(r);
    rig_read(r, 0, 512);
    rig_await(r, "quiet");
    rig_end(r);
}

Test(digest, s13_1_large_read_in_single_bytes)
{
    struct rig *r = with_both(RIG(BOTH READ_512 "send DataIn data=pattern(0,512) S=1 split=1\n"));
    rig_open(r);
    rig_read(r, 0, 512);
    rig_end(r);
}

/* A large read, long enough to be received in place, in many PDUs. */
Test(digest, s13_1_large_read)
{
    struct rig *r =
        with_both(RIG(BOTH "expect ScsiCommand cdb=read(0,512) edtl=262144\n"
                           "send DataIn F=0 data=pattern(0,100001)\n"
                           "send DataIn datasn=1 offset=100001 F=0 data=pattern(100001,100002)\n"
                           "send DataIn datasn=2 offset=200003 data=pattern(200003,62141) S=1\n"));
    rig_open(r);
    rig_read(r, 0, 262144);
    rig_end(r);
}

/* ---- Wrong ones: ErrorRecoveryLevel 0 gives the connection up (7.8) ---- */

static void given_up(struct rig *r, const char *words)
{
    rig_open(r);
    struct rig_io *io = rig_start(r, LUN_OP_READ, 0, 512);
    rig_lost(r, LUN_PROTOCOL, words);
    rig_close(r);
    rig_fails(io);
    rig_end(r);
}

Test(digest, s7_8_wrong_header_digest)
{
    given_up(with_both(RIG(BOTH READ_512 "send DataIn data=pattern(0,512) S=1 corrupt=header\n"
                                         "expect-close\n")),
             "header digest");
}

Test(digest, s7_8_wrong_header_digest_without_data)
{
    given_up(with_both(RIG(BOTH READ_512 "send NopIn itt=0xffffffff corrupt=header\n"
                                         "expect-close\n")),
             "header digest");
}

Test(digest, s7_8_wrong_data_digest)
{
    given_up(with_both(RIG(BOTH READ_512 "send DataIn data=pattern(0,512) S=1 corrupt=data\n"
                                         "expect-close\n")),
             "data digest");
}

Test(digest, s7_8_wrong_digest_of_sense_data)
{
    given_up(with_both(RIG(BOTH READ_512 "send ScsiResponse sense=06/29/00 corrupt=data\n"
                                         "expect-close\n")),
             "data digest");
}
