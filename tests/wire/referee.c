/* SPDX-License-Identifier: Apache-2.0 */
/* The referee of the scripted target (tests/lib/script_referee.c, script_wire.c): that it notices each breach
 * of what RFC 7143 always wants. docs/rfc7143.md names these tests for rules that no script has to say. The
 * initiator here is a plain socket and literal bytes, laid out after chapter 11. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "script.h"

/* Operational stage, T, to full feature; ISID 80..., ITT 1, CmdSN 5, no keys. */
static const uint8_t login_request[48] = {0x43, 0x87, [8] = 0x80, [16] = 0, 0, 0, 1, [24] = 0, 0, 0, 5};
/* What every request after that login has: ITT 2, no TTT, no reference; CmdSN 5, ExpStatSN 1001h. */
#define NUMBERS [16] = 0, 0, 0, 2, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 5, 0, 0, 0x10, 0x01
static const uint8_t nop_out[48] = {0x40, 0x80, NUMBERS};
static const uint8_t lun_reset[48] = {0x42, 0x85, NUMBERS};
static const uint8_t text_request[48] = {0x04, 0x80, NUMBERS};
/* TEST UNIT READY. */
static const uint8_t command[48] = {0x01, 0x81, [16] = 0, 0, 0, 2, [24] = 0, 0, 0, 5, 0, 0, 0x10, 0x01};
static const uint8_t logout[48] = {0x46, 0x80, [16] = 0, 0, 0, 2, [24] = 0, 0, 0, 5, 0, 0, 0x10, 0x01};

#define PDUS 3

/* A header in which some bytes are others. */
struct pdu {
    const uint8_t *like;
    struct {
        uint8_t at, value;
    } edits[5];
};

/* Sends these bytes to the script, and wants its verdict to hold these words; NULL: no breach. */
static void sends(const char *text, const uint8_t *bytes, size_t n, const char *words)
{
    struct script *s = script_new(text, __FILE__, __LINE__);
    struct sockaddr_in a = {
        .sin_family = AF_INET, .sin_port = htons(script_port(s)), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_eq(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    cr_assert_eq(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
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

/* Sends these headers, as many as there are. */
static void conversation(const char *text, const struct pdu pdus[static PDUS], const char *words)
{
    uint8_t bytes[PDUS * 48];
    size_t n = 0;
    for (; n < PDUS && pdus[n].like; n++) {
        memcpy(bytes + 48 * n, pdus[n].like, 48);
        for (size_t i = 0; i < sizeof pdus[n].edits / sizeof pdus[n].edits[0]; i++)
            if (pdus[n].edits[i].at || pdus[n].edits[i].value)
                bytes[48 * n + pdus[n].edits[i].at] = pdus[n].edits[i].value;
    }
    sends(text, bytes, 48 * n, words);
}

#define PLAY(text, words, ...) conversation(text, (const struct pdu[PDUS]){__VA_ARGS__}, words)
/* After a login. */
#define BREACH(words, ...) PLAY("login\n", words, {login_request, {{0}}}, __VA_ARGS__)
#define SAME                                                                                                 \
    {                                                                                                        \
        {                                                                                                    \
            0                                                                                                \
        }                                                                                                    \
    }
#define ITT_3                                                                                                \
    {                                                                                                        \
        19, 3                                                                                                \
    }

static const uint8_t zeros[48];

/* What the others differ from is no breach. */
Test(referee, passes_what_is_right)
{
    BREACH(NULL, {command, SAME}, {nop_out, {ITT_3, {27, 6}}});
    PLAY("login\nexpect TextRequest\n", NULL, {login_request, SAME}, {text_request, SAME});
    PLAY("login\nexpect TaskRequest\n", NULL, {login_request, SAME}, {lun_reset, SAME});
    BREACH(NULL, {logout, SAME});
}

Test(referee, s4_2_2_1_immediate_with_another_cmdsn)
{
    BREACH("CmdSN: expected 0x5, got 0x6", {nop_out, {{27, 6}}});
}

/* The immediate one before it has used up no CmdSN. */
Test(referee, s4_2_2_1_cmdsn_advanced_by_an_immediate)
{
    BREACH("CmdSN: expected 0x5, got 0x6", {nop_out, SAME}, {command, {ITT_3, {27, 6}}});
}

Test(referee, s4_2_2_2_expstatsn_that_goes_back)
{
    BREACH("ExpStatSN went back", {nop_out, SAME}, {nop_out, {ITT_3, {31, 0}, {30, 0x10}}});
}

Test(referee, s4_2_4_command_before_login)
{
    PLAY("login\n", "in the wrong phase", {command, SAME});
}

Test(referee, s4_2_4_login_request_after_login)
{
    BREACH("in the wrong phase", {login_request, {{30, 0x10}, {31, 1}}});
}

Test(referee, s11_reserved_bit_of_byte_0)
{
    BREACH("reserved bit 7 of byte 0", {nop_out, {{0, 0xc0}}});
}

Test(referee, s11_2_1_2_opcode_of_a_target)
{
    BREACH("is not an initiator's", {nop_out, {{0, 0x20}}});
}

Test(referee, s11_2_1_5_ahs_where_there_is_none)
{
    BREACH("NopOut with an AHS", {nop_out, {{4, 1}}}, {zeros, SAME});
}

Test(referee, s11_2_1_8_reserved_tag)
{
    BREACH("ITT ffffffff is reserved", {command, {{16, 0xff}, {17, 0xff}, {18, 0xff}, {19, 0xff}}});
}

Test(referee, s11_2_1_8_tag_in_use)
{
    PLAY("login\nexpect ScsiCommand\nexpect ScsiCommand\n", "ITT 0x2 is still in use", {login_request, SAME},
         {command, {{32, 0x28}}}, {command, {{27, 6}}});
}

Test(referee, s11_1_padding_that_is_not_zero)
{
    BREACH("padding is not zero", {nop_out, {{7, 5}}}, {zeros, {{7, 1}}});
}

Test(referee, s11_3_1_neither_w_nor_f)
{
    BREACH("F=0 without W", {command, {{1, 0x41}, {23, 64}}});
}

Test(referee, s11_3_1_data_expected_without_direction)
{
    BREACH("neither R nor W", {command, {{23, 64}}});
}

Test(referee, s11_5_task_request_without_f)
{
    BREACH("the F bit is always 1", {lun_reset, {{1, 0x05}}});
}

Test(referee, s11_5_2_task_request_with_data)
{
    BREACH("TaskRequest with a data segment", {lun_reset, {{7, 4}}}, {zeros, SAME});
}

Test(referee, s11_5_4_reset_with_a_referenced_tag)
{
    BREACH("Referenced Task Tag in function 5", {lun_reset, {{20, 7}}});
}

Test(referee, s11_10_2_final_with_continuation)
{
    BREACH("F and C exclude each other", {text_request, {{1, 0xc0}}});
}

Test(referee, s11_12_login_request_not_immediate)
{
    PLAY("login\n", "always immediate (11.12)", {login_request, {{0, 0x03}}});
}

Test(referee, s11_12_2_transit_with_continuation)
{
    PLAY("login\n", "T and C exclude each other", {login_request, {{1, 0xc7}}});
}

/* A first request without T, answered, and a second one that differs in this byte. */
static void second_login_request(uint8_t at, uint8_t value, const char *words)
{
    PLAY("expect LoginRequest\n"
         "send LoginResponse T=0\n"
         "login\n",
         words, {login_request, {{1, 0x04}}}, {login_request, {{30, 0x10}, {31, 1}, {at, value}}});
}

Test(referee, s6_3_second_login_request_that_is_right)
{
    second_login_request(0, 0x43, NULL);
}

Test(referee, s6_3_itt_that_changes)
{
    second_login_request(19, 9, "the ITT (6.3) changed");
}

Test(referee, s11_12_4_version_that_changes)
{
    second_login_request(2, 1, "the versions (11.12.4) changed");
    second_login_request(3, 1, "the versions (11.12.4) changed");
}

Test(referee, s11_12_5_isid_that_changes)
{
    second_login_request(13, 1, "the ISID (11.12.5) changed");
}

Test(referee, s11_12_6_tsih_that_changes)
{
    second_login_request(15, 1, "the TSIH (11.12.6) changed");
}

Test(referee, s11_12_7_cid_that_changes)
{
    second_login_request(21, 1, "the CID (11.12.7) changed");
}

Test(referee, s11_12_8_cmdsn_that_changes)
{
    second_login_request(27, 6, "CmdSN: expected 0x5, got 0x6");
}

Test(referee, s11_14_2_logout_with_data)
{
    BREACH("LogoutRequest with a data segment", {logout, {{7, 4}}}, {zeros, SAME});
}

Test(referee, s11_18_1_nop_out_without_tag_not_immediate)
{
    static const uint8_t in_order[48] = {0,    0x80, [16] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
                                         0xff, 0,    0,           0,    5,    0,    0,    0x10, 0x01};
    BREACH("always immediate (11.18.1)", {in_order, SAME});
}

/* Login with one key of n bytes, then a ping, and behind it zeros where a digest ought to be. */
static void wrong_digest(const char *key, size_t n, uint8_t data, const char *words)
{
    uint8_t bytes[48 + 20 + 48 + 8] = {0};
    char text[64];
    memcpy(bytes, login_request, 48);
    bytes[7] = (uint8_t)n;
    memcpy(bytes + 48, key, n);
    memcpy(bytes + 68, nop_out, 48);
    bytes[68 + 7] = data;
    snprintf(text, sizeof text, "login %s\n", key);
    sends(text, bytes, sizeof bytes, words);
}

Test(referee, s13_1_wrong_header_digest)
{
    wrong_digest("HeaderDigest=CRC32C", sizeof "HeaderDigest=CRC32C", 0, "header digest: expected");
}

Test(referee, s13_1_wrong_data_digest)
{
    wrong_digest("DataDigest=CRC32C", sizeof "DataDigest=CRC32C", 4, "data digest: expected");
}
