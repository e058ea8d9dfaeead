/* SPDX-License-Identifier: Apache-2.0 */
/* The gather queue: the bytes that leave are the PDUs given, however few leave at a time. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "conn/send.h"
#include "wire/digest.h"

#define MANY 1000

static struct {
    struct send send;
    struct pdu_out pdus[MANY]; /* what next gives, in order */
    int count, given;
    int returned[MANY]; /* how often each cookie came back */
    int order[MANY], returns;
    uint8_t out[1 << 20]; /* what left */
    size_t out_n;
} t;

static bool next(void *ctx, struct pdu_out *ret)
{
    cr_assert_eq(ctx, &t);
    if (t.given == t.count)
        return false;
    *ret = t.pdus[t.given++];
    return true;
}

static void sent(void *ctx, void *cookie)
{
    cr_assert_eq(ctx, &t);
    int i = (int)((struct pdu_out *)cookie - t.pdus);
    cr_assert(i >= 0 && i < t.count);
    t.returned[i]++;
    t.order[t.returns++] = i;
}

static const struct send_ops ops = {next, sent};

static void start(bool header_digest, bool data_digest)
{
    cr_assert(send_init(&t.send, &ops, &t));
    t.send.header_digest = header_digest;
    t.send.data_digest = data_digest;
}

static void end(void)
{
    send_free(&t.send);
}

static void give(const void *data, uint32_t n, bool cookie)
{
    struct pdu_out *p = &t.pdus[t.count++];
    memset(p->bhs, t.count, PDU_BHS);
    p->bhs[4] = p->bhs[5] = p->bhs[6] = p->bhs[7] = 0xee; /* lengths are the connection's to fill in */
    p->data = data;
    p->data_length = n;
    p->cookie = cookie ? p : NULL;
}

/* Lets n bytes leave. False: there were none. */
static bool leave(size_t n)
{
    struct iovec iov[SEND_IOV];
    int count = send_gather(&t.send, iov);
    size_t took = 0;
    for (int i = 0; i < count && took < n; i++) {
        size_t part = iov[i].iov_len < n - took ? iov[i].iov_len : n - took;
        cr_assert_leq(t.out_n + part, sizeof t.out);
        memcpy(t.out + t.out_n, iov[i].iov_base, part);
        t.out_n += part;
        took += part;
    }
    send_advance(&t.send, took);
    return took != 0;
}

/* What PDU i looks like on the wire. */
static size_t expect(int i, uint8_t *to)
{
    const struct pdu_out *p = &t.pdus[i];
    size_t n = PDU_BHS;
    memcpy(to, p->bhs, PDU_BHS);
    pdu_set_lengths(to, 0, p->data_length);
    if (t.send.header_digest) {
        digest_header(to, PDU_BHS, to + n);
        n += PDU_DIGEST;
    }
    if (!p->data_length)
        return n;
    memcpy(to + n, p->data, p->data_length);
    n += p->data_length;
    memset(to + n, 0, pdu_padding(p->data_length));
    n += pdu_padding(p->data_length);
    if (t.send.data_digest) {
        digest_data(p->data, p->data_length, to + n);
        n += PDU_DIGEST;
    }
    return n;
}

static void all_left(void)
{
    static uint8_t want[sizeof t.out];
    size_t n = 0;
    for (int i = 0; i < t.count; i++)
        n += expect(i, want + n);
    cr_assert_eq(t.out_n, n);
    cr_assert_arr_eq(t.out, want, n);
    cr_assert(send_idle(&t.send));
    for (int i = 0; i < t.count; i++)
        cr_assert_eq(t.returned[i], t.pdus[i].cookie != NULL, "cookie %d came back %d times", i,
                     t.returned[i]);
}

static const char text[] = "0123456789abcdef";

static void mixture(void)
{
    give(NULL, 0, false);
    give(text, 16, true);
    give(text, 13, true);
    give(NULL, 0, true);
    give(text, 15, false);
    give(text, 1, true);
}

Test(send, nothing_to_send)
{
    struct iovec iov[SEND_IOV];
    start(true, true);
    cr_assert_eq(send_gather(&t.send, iov), 0);
    cr_assert(send_idle(&t.send));
    end();
}

Test(send, a_header_is_one_piece)
{
    struct iovec iov[SEND_IOV];
    start(false, false);
    give(NULL, 0, false);
    cr_assert_eq(send_gather(&t.send, iov), 1);
    cr_assert_eq(iov[0].iov_len, PDU_BHS);
    end();
}

Test(send, payload_goes_from_where_it_lies)
{
    struct iovec iov[SEND_IOV];
    start(false, false);
    give(text, 16, false);
    cr_assert_eq(send_gather(&t.send, iov), 2);
    cr_assert_eq(iov[1].iov_base, text);
    cr_assert_eq(iov[1].iov_len, 16);
    end();
}

Test(send, one_gather_takes_all_that_waits)
{
    struct iovec iov[SEND_IOV];
    start(true, true);
    mixture();
    cr_assert_eq(send_gather(&t.send, iov), 2 + 4 * 3); /* two without data, four with data and trailer */
    cr_assert_eq(t.given, 6);
    end();
}

Test(send, all_at_once)
{
    start(false, false);
    mixture();
    while (leave(SIZE_MAX))
        ;
    all_left();
    end();
}

Test(send, all_at_once_with_digests)
{
    start(true, true);
    mixture();
    while (leave(SIZE_MAX))
        ;
    all_left();
    end();
}

static void in_steps(bool header_digest, bool data_digest, size_t step)
{
    memset(&t, 0, sizeof t);
    start(header_digest, data_digest);
    mixture();
    while (leave(step))
        ;
    all_left();
    end();
}

Test(send, a_byte_at_a_time)
{
    in_steps(false, false, 1);
}

Test(send, a_byte_at_a_time_with_header_digests)
{
    in_steps(true, false, 1);
}

Test(send, a_byte_at_a_time_with_data_digests)
{
    in_steps(false, true, 1);
}

Test(send, every_step)
{
    for (size_t step = 2; step < 200; step++)
        in_steps(step & 1, step & 2, step);
}

Test(send, every_split_in_two)
{
    for (size_t cut = 1; cut < 300; cut++) {
        memset(&t, 0, sizeof t);
        start(true, true);
        mixture();
        leave(cut);
        while (leave(SIZE_MAX))
            ;
        all_left();
        end();
    }
}

Test(send, padding_is_zeros)
{
    static const uint8_t zeros[3];
    start(false, false);
    for (uint32_t n = 1; n <= 4; n++)
        give(text, n, false);
    while (leave(SIZE_MAX))
        ;
    all_left();
    cr_assert_eq(t.out_n, 4 * (PDU_BHS + 4));
    cr_assert_arr_eq(t.out + PDU_BHS + 1, zeros, 3);
    end();
}

Test(send, lengths_are_filled_in)
{
    start(false, false);
    give(text, 13, false);
    leave(SIZE_MAX);
    cr_assert_eq(pdu_ahs_length(t.out), 0);
    cr_assert_eq(pdu_data_length(t.out), 13);
    end();
}

Test(send, a_cookie_waits_for_the_last_byte)
{
    start(true, true);
    give(text, 13, true);
    size_t whole = PDU_BHS + 4 + 16 + 4;
    for (size_t i = 1; i < whole; i++) {
        cr_assert(leave(1));
        cr_assert_eq(t.returns, 0, "after %zu bytes of %zu", i, whole);
    }
    cr_assert(leave(1));
    cr_assert_eq(t.returns, 1);
    end();
}

Test(send, cookies_come_back_in_order)
{
    start(false, false);
    for (int i = 0; i < 300; i++)
        give(text, 16, true);
    while (leave(777))
        ;
    all_left();
    cr_assert_eq(t.returns, 300);
    for (int i = 0; i < 300; i++)
        cr_assert_eq(t.order[i], i);
    end();
}

Test(send, drop_gives_back_each_cookie_once)
{
    start(true, true);
    mixture();
    leave(PDU_BHS + 4 + PDU_BHS + 4 + 16 + 4 + 30); /* the second is away, the third has begun */
    cr_assert_eq(t.returns, 1);
    send_drop(&t.send);
    cr_assert(send_idle(&t.send));
    for (int i = 0; i < t.count; i++)
        cr_assert_eq(t.returned[i], t.pdus[i].cookie != NULL);
    send_drop(&t.send);
    cr_assert_eq(t.returns, 4);
    end();
}

/* What was never pulled is the producer's own business. */
Test(send, drop_knows_only_what_was_pulled)
{
    start(false, false);
    mixture();
    send_drop(&t.send);
    cr_assert_eq(t.returns, 0);
    cr_assert_eq(t.given, 0);
    end();
}

Test(send, holds_a_bounded_number)
{
    struct iovec iov[SEND_IOV];
    start(true, true);
    for (unsigned i = 0; i < 3 * SEND_SLOTS; i++)
        give(text, 15, true);
    cr_assert_eq(send_gather(&t.send, iov), (int)SEND_IOV);
    cr_assert_eq(t.given, (int)SEND_SLOTS);
    send_advance(&t.send, PDU_BHS + 4 + 16 + 4);
    send_gather(&t.send, iov);
    cr_assert_eq(t.given, (int)SEND_SLOTS + 1);
    send_drop(&t.send);
    end();
}

/* A queue of megabytes would keep a NOP-Out or an ABORT TASK waiting. */
Test(send, holds_a_bounded_number_of_bytes)
{
    static uint8_t megabyte[1 << 20];
    struct iovec iov[SEND_IOV];
    start(false, false);
    for (int i = 0; i < 20; i++)
        give(megabyte, sizeof megabyte, true);
    send_gather(&t.send, iov);
    cr_assert_lt(t.given, 6);
    cr_assert_gt(t.given, 0);
    send_drop(&t.send);
    end();
}

Test(send, indices_wrap)
{
    start(true, false);
    t.send.head = t.send.tail = UINT32_MAX - 2;
    mixture();
    while (leave(11))
        ;
    all_left();
    end();
}

/* A digest is of what was given, not of what lies there when it leaves at last. */
Test(send, digests_are_made_when_pulled)
{
    char data[16] = "0123456789abcde";
    struct iovec iov[SEND_IOV];
    uint8_t want[4];
    start(false, true);
    give(data, 16, false);
    digest_data(data, 16, want);
    cr_assert_eq(send_gather(&t.send, iov), 3);
    cr_assert_eq(iov[2].iov_len, 4);
    cr_assert_arr_eq(iov[2].iov_base, want, 4);
    end();
}
