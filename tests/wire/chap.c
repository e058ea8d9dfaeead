/* SPDX-License-Identifier: Apache-2.0 */
/* CHAP, one-way and mutual. The responses are computed by the script with OpenSSL (RFC 1994 4.1; RFC
 * 7143 12.1.3, 9.2.1); MD5_VECTOR was checked against libiscsi 1.19, which answers the same challenge so. */
#include <criterion/criterion.h>
#include <string.h>

#include "rig.h"

#define SECRET "012345678901"
#define TARGET_SECRET "abcdefghijkl"
#define MD5_VECTOR "0xaa034474a5f4014924af947d1f23711f"

#define OFFERED                                                                                              \
    "expect LoginRequest csg=0 text{AuthMethod=CHAP|CHAP,None}\n"                                            \
    "send LoginResponse T=0 text{AuthMethod=CHAP TargetPortalGroupTag=1}\n"

static struct rig *with_user(struct rig *r)
{
    r->options.auth.user = "bob";
    r->options.auth.secret = SECRET;
    return r;
}

static struct rig *with_mutual(struct rig *r)
{
    with_user(r);
    r->options.auth.mutual_user = "disk";
    r->options.auth.mutual_secret = TARGET_SECRET;
    return r;
}

static void works(struct rig *r)
{
    rig_open(r);
    rig_end(r);
}

static void refused(struct rig *r, enum lun_layer layer, const char *words)
{
    rig_refused(r, layer, words);
    rig_assert(r, !strstr(r->error.text, SECRET)); /* never shown */
    rig_end(r);
}

/* The exact response, and T=1 only with it. */
Test(chap, s12_1_3_md5_vector)
{
    works(
        with_user(RIG(OFFERED "expect LoginRequest csg=0 T=0 text{CHAP_A=*}\n"
                              "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=7 CHAP_C=0xrepeat(ab,16)}\n"
                              "expect LoginRequest csg=0 nsg=1 T=1 text!{CHAP_N=bob CHAP_R=" MD5_VECTOR "}\n"
                              "send LoginResponse\n"
                              "login\n")));
}

/* 12.1.3: MD5 is always among the algorithms offered; all four by default. */
Test(chap, s12_1_3_offers_all_algorithms)
{
    works(with_user(
        RIG(OFFERED
            "expect LoginRequest csg=0 T=0 text!{CHAP_A=5,7,6,8|5,6,7,8|8,7,6,5|7,8,6,5|5,8,7,6|5,7,8,6}\n"
            "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=7 CHAP_C=0xrepeat(ab,16)}\n"
            "expect LoginRequest csg=0 nsg=1 T=1 text{CHAP_R=" MD5_VECTOR "}\n"
            "send LoginResponse\n"
            "login\n")));
}

static void algorithm(uint8_t number, const char *text, int line)
{
    struct rig *r = with_user(rig_new(text, __FILE__, line));
    r->options.auth.algorithms[0] = number;
    works(r);
}

#define ALGORITHM(number, name, challenge)                                                                   \
    algorithm(number,                                                                                        \
              OFFERED "expect LoginRequest csg=0 T=0 text!{CHAP_A=" #number "}\n"                            \
                      "send LoginResponse T=0 text{CHAP_A=" #number " CHAP_I=255 CHAP_C=" challenge "}\n"    \
                      "expect LoginRequest csg=0 nsg=1 T=1 text!{CHAP_N=bob CHAP_R=chap(" name               \
                      ",255," SECRET "," challenge ")}\n"                                                    \
                      "send LoginResponse\n"                                                                 \
                      "login\n",                                                                             \
              __LINE__)

Test(chap, s12_1_3_md5_alone)
{
    ALGORITHM(5, "MD5", "0x000102030405060708090a0b0c0d0e0f");
}

Test(chap, s12_1_3_sha1)
{
    ALGORITHM(6, "SHA1", "0x00112233445566778899aabbccddeeff");
}

Test(chap, s12_1_3_sha256)
{
    ALGORITHM(7, "SHA256", "0x00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff");
}

Test(chap, s12_1_3_sha3_256)
{
    ALGORITHM(8, "SHA3-256", "0xffeeddccbbaa99887766554433221100");
}

/* Longest value 12.1.3 allows: 1024 bytes, 2050 characters. */
Test(chap, s12_1_3_challenge_of_1024_bytes)
{
    ALGORITHM(5, "MD5", "0xrepeat(5c,1024)");
}

/* 6.1: base64 is as good as hexadecimal. Who writes it is answered in it: the response that s12_1_3_md5_alone
 * has for the same challenge, through base64(1). */
Test(chap, s6_1_challenge_in_base64)
{
    struct rig *r = with_user(RIG(
        OFFERED "expect LoginRequest csg=0 T=0 text{CHAP_A=*}\n"
                "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=255 CHAP_C=0bAAECAwQFBgcICQoLDA0ODw==}\n"
                "expect LoginRequest csg=0 nsg=1 T=1 text!{CHAP_N=bob CHAP_R=0bETXq9xkMzZmaA6gyaFscfQ==}\n"
                "send LoginResponse\n"
                "login\n"));
    works(r);
}

/* One byte. */
Test(chap, s12_1_3_short_challenge)
{
    ALGORITHM(5, "MD5", "0x01");
}

/* The challenge comes in two PDUs joined by C=1. */
Test(chap, s6_2_continued_challenge)
{
    works(with_user(RIG(OFFERED
                        "expect LoginRequest text{CHAP_A=*}\n"
                        "send LoginResponse T=0 C=1 data=text(CHAP_A=5)+zeros(1)+text(CHAP_I=7)+zeros(1)+"
                        "text(CHAP_C=0xabababababab)\n"
                        "expect LoginRequest csg=0 T=0 data=zeros(0)\n"
                        "send LoginResponse T=0 data=text(abababababababababab)+zeros(1)\n"
                        "expect LoginRequest T=1 text{CHAP_R=" MD5_VECTOR "}\n"
                        "send LoginResponse\n"
                        "login\n")));
}

/* ---- Mutual ---- */

#define CHALLENGED                                                                                           \
    OFFERED "expect LoginRequest text{CHAP_A=*}\n"                                                           \
            "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=7 CHAP_C=0xrepeat(ab,16)}\n"                        \
            "expect LoginRequest csg=0 text{CHAP_N=bob CHAP_R=" MD5_VECTOR " CHAP_I=* CHAP_C=*}\n"

Test(chap_mutual, s12_1_3_target_proves_itself)
{
    works(with_mutual(RIG(
        CHALLENGED "send LoginResponse text{CHAP_N=disk CHAP_R=chap(MD5,$CHAP_I," TARGET_SECRET ",$CHAP_C)}\n"
                   "login\n")));
}

Test(chap_mutual, s12_1_3_wrong_response)
{
    refused(with_mutual(RIG(CHALLENGED "send LoginResponse text{CHAP_N=disk CHAP_R=0xrepeat(00,16)}\n"
                                       "expect-close\n")),
            LUN_LOGIN, "authentic");
}

Test(chap_mutual, s12_1_3_response_of_another_length)
{
    refused(with_mutual(RIG(CHALLENGED "send LoginResponse text{CHAP_N=disk CHAP_R=0xrepeat(00,20)}\n"
                                       "expect-close\n")),
            LUN_PROTOCOL, "CHAP_R");
}

Test(chap_mutual, s12_1_3_wrong_name)
{
    refused(with_mutual(RIG(CHALLENGED
                            "send LoginResponse text{CHAP_N=other CHAP_R=chap(MD5,$CHAP_I," TARGET_SECRET
                            ",$CHAP_C)}\n"
                            "expect-close\n")),
            LUN_LOGIN, "other");
}

/* 12.1.3: the target must prove itself or refuse. */
Test(chap_mutual, s12_1_3_no_response)
{
    refused(with_mutual(RIG(CHALLENGED "send LoginResponse\n"
                                       "expect-close\n")),
            LUN_LOGIN, "authentic");
}

/* 9.2.1: a response made with our own secret is an authentication failure. */
Test(chap_mutual, s9_2_1_own_secret_refused)
{
    refused(with_mutual(RIG(CHALLENGED "send LoginResponse text{CHAP_N=disk CHAP_R=chap(MD5,$CHAP_I," SECRET
                                       ",$CHAP_C)}\n"
                                       "expect-close\n")),
            LUN_LOGIN, "authentic");
}

/* 9.2.1: one secret for both directions is refused before anything is sent, or at the latest with the
 * response. */
Test(chap_mutual, s9_2_1_equal_secrets_refused)
{
    struct rig *r = with_mutual(RIG(""));
    r->options.auth.mutual_secret = SECRET;
    rig_refused(r, LUN_USAGE, "secret");
    rig_end(r);
}

/* ---- Refusals ---- */

/* A target that skips authentication although we have a secret may be anybody. */
Test(chap_refuses, s6_3_2_none_when_chap_is_configured)
{
    refused(with_user(RIG("expect LoginRequest csg=0\n"
                          "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n"
                          "expect-close\n")),
            LUN_LOGIN, "None");
}

Test(chap_refuses, s6_3_2_method_not_answered)
{
    refused(with_user(RIG("expect LoginRequest csg=0\n"
                          "send LoginResponse text{TargetPortalGroupTag=1}\n"
                          "expect-close\n")),
            LUN_PROTOCOL, "AuthMethod");
}

Test(chap_refuses, s11_13_5_status_0201_after_the_response)
{
    struct rig *r =
        with_user(RIG(OFFERED "expect LoginRequest text{CHAP_A=*}\n"
                              "send LoginResponse T=0 text{CHAP_A=5 CHAP_I=7 CHAP_C=0xrepeat(ab,16)}\n"
                              "expect LoginRequest text{CHAP_R=*}\n"
                              "send LoginResponse T=0 class=2 detail=1\n"
                              "expect-close\n"));
    rig_refused(r, LUN_LOGIN, "authentication");
    rig_assert(r, r->error.code == 0x0201);
    rig_end(r);
}

#define CHALLENGE(keys, layer, words)                                                                        \
    refused(with_user(RIG(OFFERED "expect LoginRequest text{CHAP_A=*}\n"                                     \
                                  "send LoginResponse T=0 text{" keys "}\n"                                  \
                                  "expect-close\n")),                                                        \
            layer, words)

Test(chap_refuses, s12_1_3_algorithm_that_was_not_offered)
{
    CHALLENGE("CHAP_A=9 CHAP_I=7 CHAP_C=0xrepeat(ab,16)", LUN_PROTOCOL, "CHAP_A");
}

Test(chap_refuses, s12_1_3_all_algorithms_rejected)
{
    CHALLENGE("CHAP_A=Reject", LUN_LOGIN, "algorithm");
}

Test(chap_refuses, s12_1_3_identifier_over_255)
{
    CHALLENGE("CHAP_A=5 CHAP_I=256 CHAP_C=0xrepeat(ab,16)", LUN_PROTOCOL, "CHAP_I");
}

Test(chap_refuses, s12_1_3_missing_challenge)
{
    CHALLENGE("CHAP_A=5 CHAP_I=7", LUN_PROTOCOL, "CHAP_C");
}

Test(chap_refuses, s12_1_3_challenge_that_is_no_binary_value)
{
    CHALLENGE("CHAP_A=5 CHAP_I=7 CHAP_C=hello", LUN_PROTOCOL, "CHAP_C");
}

Test(chap_refuses, s6_1_odd_base64)
{
    CHALLENGE("CHAP_A=5 CHAP_I=7 CHAP_C=0bAAE", LUN_PROTOCOL, "CHAP_C");
}

/* 12.1.3: no more than 1024 bytes. */
Test(chap_refuses, s12_1_3_challenge_of_1025_bytes)
{
    CHALLENGE("CHAP_A=5 CHAP_I=7 CHAP_C=0xrepeat(ab,1025)", LUN_PROTOCOL, "CHAP_C");
}

/* 9.2.1: under 96 bits, unless the user says so. */
Test(chap_refuses, s9_2_1_short_secret)
{
    struct rig *r = with_user(RIG(""));
    r->options.auth.secret = "short";
    rig_refused(r, LUN_USAGE, "secret");
    rig_end(r);
}
