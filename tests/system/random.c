/* SPDX-License-Identifier: Apache-2.0 */
/* Random I/O from several threads on one `data` (tests/lib/random_io.c), at length and in all the ways lunfs
 * can take it. The backing file is compared at the end. A short one runs on every target: targets/content.c.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/daemon.h"
#include "lib/random_io.h"
#include "lib/target_istgt.h"
#include "lib/target_tgt.h"
#include "lib/workspace.h"

#define SIZE (8u << 20)

static struct workspace w;
static char mirror[128], data[256];

static void make(void)
{
    workspace_make(&w);
    snprintf(mirror, sizeof mirror, "%s/mirror", w.path);
    workspace_must(&w, "truncate -s %u $W/disk $W/mirror", SIZE);
}

static void unmake(void)
{
    workspace_free(&w);
}

TestSuite(random, .init = make, .fini = unmake, .timeout = 400);

static void run(unsigned seed)
{
    random_io(&(struct random_io){data, mirror, SIZE, 6000, seed});
    workspace_must(&w, "cmp $W/disk $W/mirror");
}

static void on_tgt(const char *lun_options, const char *options, unsigned seed)
{
    struct target_tgt t;
    target_tgt_start(&t, &w);
    target_tgt_lun(&t, 1, "disk", 8, lun_options);
    target_tgt_adm(&t, "--op update --mode target --tid 1 --name HeaderDigest --value CRC32C,None");
    target_tgt_adm(&t, "--op update --mode target --tid 1 --name DataDigest --value CRC32C,None");
    daemon_mount(&w, "iscsi://127.0.0.1:$PORT/$IQN", options);
    snprintf(data, sizeof data, "%s", getenv("D"));
    run(seed);
    daemon_unmount(&w);
}

Test(random, tgt_blocks_of_512)
{
    on_tgt("", "", 1);
}

Test(random, tgt_blocks_of_4096)
{
    on_tgt("--blocksize 4096", "", 2);
}

Test(random, tgt_cached)
{
    on_tgt("", "-o cache=cached", 5);
}

Test(random, tgt_digests_and_three_sessions)
{
    on_tgt("", "-o header_digest=crc32c,data_digest=crc32c,sessions=3", 3);
}

Test(random, istgt_small_bursts)
{
    struct target_istgt t;
    target_istgt_init(&t, &w);
    target_istgt_unit(
        &t, "disk", 8,
        "  AuthMethod Auto\n  UseDigest Auto\n  FirstBurstLength 4096\n  MaxBurstLength 8192\n");
    target_istgt_start(&t);
    daemon_mount(&w, "iscsi://127.0.0.1:$PORT/" TARGET_ISTGT_BASE ":disk", "");
    snprintf(data, sizeof data, "%s/lun0/data", getenv("T"));
    run(4);
    daemon_unmount(&w);
}
