/* SPDX-License-Identifier: Apache-2.0 */
/* What this process holds of the kernel: compared before and after, it shows what was left behind. */
#ifndef TESTS_HOLDINGS_H
#define TESTS_HOLDINGS_H

struct holdings {
    int threads, descriptors;
};

struct holdings holdings_count(void);
/* As holdings_count, once there are `before`'s threads or fewer, at the latest after ten seconds: a thread
 * that was joined is still in /proc for a moment. */
struct holdings holdings_settled(struct holdings before);

#endif
