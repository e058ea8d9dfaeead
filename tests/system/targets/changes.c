/* SPDX-License-Identifier: Apache-2.0 */
/* What changes while the mount is in use: LUNs come, go and grow, the target goes away and comes back, the
 * network delays. Unit attentions: SPC-4 5.14; 4.2.3.1 of RFC 7143 for what a session keeps. */
#include <stdio.h>

#include "check.h"

/* Until the command succeeds. Each try reads the first LUN, so that the device has a command to report at. */
static void await(const char *command)
{
    must("for i in $(seq 1500); do dd if=$D of=/dev/null bs=512 count=1 iflag=direct status=none 2>&-;"
         " { %s; } 2>&- && exit 0; sleep 0.02; done; ls -lR $M; cat $T/target $T/sessions; exit 1",
         command);
}

CHECK(changes, lun_added, CAN_CHANGE_LUNS)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "");
    must("test ! -e $D2");
    check_on->set_second(true);
    await("test -e $D2");
    must("cmp $D2 $W/two");
    check_io();
    check_end();
}

CHECK(changes, lun_removed, CAN_CHANGE_LUNS | CAN_SEVERAL_LUNS)
{
    check_start((struct targets_wish){.second = true});
    check_mount(URL, "");
    must("cmp $D2 $W/two");
    check_on->set_second(false);
    await("test ! -e $D2");
    check_io();
    check_end();
}

CHECK(changes, target_offline_for_a_while, CAN_OFFLINE)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "");
    check_io();
    check_on->set_online(false);
    cr_assert_eq(check_on->sessions(), 0);
    check_on->set_online(true);
    await("cmp $D $W/expected");
    cr_assert_eq(check_on->sessions(), 1);
    must("cp $W/one $D && cmp $D $W/one");
    check_on->check_holds(0, "one");
    check_end();
}

/* Who writes meanwhile waits, and learns nothing of it. */
CHECK(changes, target_offline_under_a_writer, CAN_OFFLINE)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "");
    must("head -c %d /dev/urandom >$W/expected", TARGETS_SIZE);
    check_on->set_online(false);
    must(
        "{ dd if=$W/expected of=$D bs=64k conv=notrunc,fsync status=none && touch $W/done; } >$W/log 2>&1 &");
    must("for i in $(seq 1500); do grep -q '^waiting: [1-9]' ${D%%/data}/status && exit 0; sleep 0.02; "
         "done;"
         " cat ${D%%/data}/status $T/sessions; exit 1");
    check_on->set_online(true);
    must("for i in $(seq 1500); do test -e $W/done && exit 0; sleep 0.02; done; cat $W/log $T/sessions; exit "
         "1");
    must("cmp $D $W/expected");
    check_on->check_holds(0, "expected");
    check_end();
}

/* More or less, so that segments overtake each other. */
CHECK(changes, network_that_delays, CAN_DELAY)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "");
    check_on->set_network("delay 4ms 3ms");
    check_io();
    check_on->set_network(NULL);
    check_end();
}
