/* SPDX-License-Identifier: Apache-2.0 */
/* Header and data digests: agreed on, required, and refused. RFC 7143 13.1. */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static void with(struct targets_wish wish, const char *header, const char *data)
{
    char options[128];
    snprintf(options, sizeof options, "-o header_digest=%s,data_digest=%s", header, data);
    check_start(wish);
    check_mount(URL, options);
    check_negotiated("HeaderDigest", strcmp(header, "none") ? "CRC32C" : "None");
    check_negotiated("DataDigest", strcmp(data, "none") ? "CRC32C" : "None");
    check_io();
    check_end();
}

CHECK(digests, none, CAN_DIGESTS)
{
    with((struct targets_wish){0}, "none", "none");
}

CHECK(digests, header, CAN_DIGESTS)
{
    with((struct targets_wish){0}, "crc32c", "none");
}

CHECK(digests, data, CAN_DIGESTS)
{
    with((struct targets_wish){0}, "none", "crc32c");
}

CHECK(digests, both, CAN_DIGESTS)
{
    with((struct targets_wish){0}, "crc32c", "crc32c");
}

CHECK(digests, required_header, CAN_REQUIRE_DIGESTS)
{
    with((struct targets_wish){.header_digest = true}, "crc32c", "none");
}

CHECK(digests, required_data, CAN_REQUIRE_DIGESTS)
{
    with((struct targets_wish){.data_digest = true}, "none", "crc32c");
}

CHECK(digests, required_both, CAN_REQUIRE_DIGESTS)
{
    with((struct targets_wish){.header_digest = true, .data_digest = true}, "crc32c", "crc32c");
}

/* A list is offered, and what the target wants is taken from it. */
CHECK(digests, required_of_one_that_prefers_none, CAN_REQUIRE_DIGESTS)
{
    check_start((struct targets_wish){.header_digest = true, .data_digest = true});
    check_mount(URL, "-o header_digest=prefer_none,data_digest=prefer_none");
    check_negotiated("HeaderDigest", "CRC32C");
    check_negotiated("DataDigest", "CRC32C");
    check_io();
    check_end();
}

CHECK(digests, required_of_one_that_offers_none, CAN_REQUIRE_DIGESTS)
{
    check_start((struct targets_wish){.header_digest = true});
    check_refused(URL, "-o header_digest=none", getenv("IQN"), NULL);
}

CHECK(digests, with_small_bursts_and_segments, CAN_REQUIRE_DIGESTS | CAN_KEYS)
{
    with((struct targets_wish){.header_digest = true,
                               .data_digest = true,
                               .first_burst = 4096,
                               .max_burst = 8192,
                               .max_segment = 1024,
                               .outstanding_r2t = 1},
         "crc32c", "crc32c");
}
