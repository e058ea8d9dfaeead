/* SPDX-License-Identifier: Apache-2.0 */
/* The data phase in all its forms: immediate, unsolicited and solicited data, bursts, segments, R2Ts. RFC
 * 7143 4.2.5, 11.7, 11.8, 13.10-13.17. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

/* All four combinations, as the target has them. */
static void combine(const char *initial_r2t, const char *immediate_data)
{
    check_start((struct targets_wish){.initial_r2t = initial_r2t, .immediate_data = immediate_data});
    check_mount(URL, "");
    check_negotiated("InitialR2T", initial_r2t);
    check_negotiated("ImmediateData", immediate_data);
    check_io();
    check_end();
}

CHECK(data, initial_r2t_and_immediate_data, 0)
{
    combine("Yes", "Yes");
}

CHECK(data, initial_r2t_and_no_immediate_data, CAN_KEYS)
{
    combine("Yes", "No");
}

CHECK(data, no_initial_r2t_and_immediate_data, CAN_NO_INITIAL_R2T)
{
    combine("No", "Yes");
}

CHECK(data, no_initial_r2t_and_no_immediate_data, CAN_NO_INITIAL_R2T | CAN_KEYS)
{
    combine("No", "No");
}

/* And as the initiator wants them. */
CHECK(data, immediate_data_not_offered, 0)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "-o initial_r2t=yes,immediate_data=no");
    check_negotiated("InitialR2T", "Yes");
    check_negotiated("ImmediateData", "No");
    check_io();
    check_end();
}

static void with_numbers(struct targets_wish wish, const char *options)
{
    const struct {
        const char *key;
        unsigned value;
    } keys[] = {{"FirstBurstLength", wish.first_burst},
                {"MaxBurstLength", wish.max_burst},
                {"MaxRecvDataSegmentLength_target", wish.max_segment},
                {"MaxOutstandingR2T", wish.outstanding_r2t}};
    check_start(wish);
    check_mount(URL, options);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        char text[16];
        snprintf(text, sizeof text, "%u", keys[i].value);
        if (keys[i].value)
            check_negotiated(keys[i].key, text);
    }
    check_io();
    check_end();
}

CHECK(data, small_bursts, CAN_KEYS)
{
    with_numbers((struct targets_wish){.first_burst = 4096, .max_burst = 8192}, "");
}

CHECK(data, small_segments, CAN_SEGMENTS)
{
    with_numbers((struct targets_wish){.max_segment = 1024}, "");
}

CHECK(data, small_bursts_without_initial_r2t, CAN_KEYS | CAN_NO_INITIAL_R2T)
{
    with_numbers((struct targets_wish){.first_burst = 2048, .max_burst = 4096, .initial_r2t = "No"}, "");
}

CHECK(data, several_r2ts, CAN_KEYS | CAN_SEVERAL_R2TS)
{
    with_numbers((struct targets_wish){.first_burst = 4096, .max_burst = 8192, .outstanding_r2t = 8}, "");
}

CHECK(data, one_r2t, 0)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "-o max_outstanding_r2t=1,first_burst_length=4096,max_burst_length=8192");
    check_negotiated("MaxOutstandingR2T", "1");
    check_negotiated("MaxBurstLength", "8192");
    check_negotiated("FirstBurstLength", "4096");
    check_io();
    check_end();
}

CHECK(data, small_segments_of_ours, 0)
{
    check_start((struct targets_wish){0});
    check_mount(URL, "-o max_recv_data_segment_length=1024");
    check_negotiated("MaxRecvDataSegmentLength_ours", "1024");
    check_io();
    check_end();
}
