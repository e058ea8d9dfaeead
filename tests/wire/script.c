/* SPDX-License-Identifier: Apache-2.0 */
/* The scripted target itself: that it notices, and says, what an initiator does wrong. The initiator here is
 * a plain socket and literal bytes laid out after RFC 7143 11.12 and 11.18. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "script.h"

#define START(text) script_new(text, __FILE__, __LINE__)

static int dial(struct script *s)
{
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(script_port(s)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    return fd;
}

/* Login Request: operational stage, T, to full feature; CmdSN 5, no keys. */
static const uint8_t login_request[48] = {
    0x43, 0x87, [8] = 0x80, [16] = 0, 0, 0, 1, [24] = 0, 0, 0, 5,
};

/* NOP-Out, immediate, ITT 2, CmdSN 5, ExpStatSN 1001h as after that login. */
static const uint8_t nop_out[48] = {
    0x40, 0x80, [16] = 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 5, 0, 0, 0x10, 0x01,
};

static void put(int fd, const uint8_t *bytes)
{
    cr_assert_eq(send(fd, bytes, 48, MSG_NOSIGNAL), 48);
}

/* Logs in by hand, sends one more PDU, and wants the script's verdict to hold these words. */
static void verdict(const char *text, const uint8_t *pdu, const char *words)
{
    struct script *s = START(text);
    int fd = dial(s);
    put(fd, login_request);
    put(fd, pdu);
    shutdown(fd, SHUT_WR);
    char drain[4096];
    while (recv(fd, drain, sizeof drain, 0) > 0)
        ;
    const char *failure = script_finish(s);
    if (words)
        cr_assert(failure && strstr(failure, words), "wanted %s in: %s", words,
                  failure ? failure : "no failure");
    else
        cr_assert(!failure, "%s", failure);
    close(fd);
    script_free(s);
}

Test(script, plays_a_conversation)
{
    verdict("login\n"
            "expect NopOut itt=2 ttt=0xffffffff I=1 expstatsn=+0\n"
            "send NopIn\n",
            nop_out, NULL);
}

Test(script, names_the_field_that_differs)
{
    verdict("login\n"
            "expect NopOut itt=3\n",
            nop_out, "script line 2: expect NopOut itt=3\n  field itt: expected 0x3, got 0x2");
}

Test(script, names_the_kind_that_differs)
{
    verdict("login\n"
            "auto off\n"
            "expect ScsiCommand\n",
            nop_out, "expected ScsiCommand, got NopOut");
}

Test(script, tells_the_story)
{
    verdict("login\n"
            "expect NopOut itt=3\n",
            nop_out, "T> LoginResponse");
}

Test(script, referee_sees_a_cmdsn_out_of_order)
{
    uint8_t pdu[48];
    memcpy(pdu, nop_out, 48);
    pdu[27] = 6;
    verdict("login\n", pdu, "CmdSN: expected 0x5, got 0x6");
}

Test(script, referee_sees_an_acknowledgement_of_nothing)
{
    uint8_t pdu[48];
    memcpy(pdu, nop_out, 48);
    pdu[31] = 9;
    verdict("login\n", pdu, "ExpStatSN 0x1009 acknowledges what was not sent");
}

Test(script, referee_sees_a_closed_window)
{
    uint8_t pdu[48];
    memcpy(pdu, nop_out, 48);
    pdu[0] = 0; /* not immediate: it uses up CmdSN 5 */
    verdict("window 0\n"
            "login\n",
            pdu, "past MaxCmdSN");
}

Test(script, referee_sees_reserved_bits)
{
    uint8_t pdu[48];
    memcpy(pdu, nop_out, 48);
    pdu[40] = 1;
    verdict("login\n", pdu, "reserved bits in byte 40");
}

Test(script, referee_sees_a_data_segment_over_our_limit)
{
    uint8_t pdu[48];
    memcpy(pdu, nop_out, 48);
    pdu[6] = 0x20;
    pdu[7] = 1;
    verdict("login MaxRecvDataSegmentLength=8192\n", pdu, "DataSegmentLength 8193 over our");
}

Test(script, missing_close_is_noticed)
{
    verdict("login\n"
            "expect-close\n",
            nop_out, "expected the initiator to close, got NopOut");
}

Test(script, end_without_connection_is_noticed)
{
    struct script *s = START("login\n");
    const char *failure = script_finish(s);
    cr_assert(failure && strstr(failure, "the test ended while the script waited for a connection"));
    script_free(s);
}
