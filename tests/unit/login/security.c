/* SPDX-License-Identifier: Apache-2.0 */
/* AuthMethod and the CHAP exchange (RFC 7143 12.1, 12.1.3, 9.2.1). Responses are those of the openssl
 * command: printf '\xIDSECRET' | cat - CHALLENGE | openssl dgst -md5|-sha1|-sha256|-sha3-256  */
#include "peer.h"

#include <stdio.h>
#include <stdlib.h>

#define CHALLENGE "CHAP_I=42\nCHAP_C=0x00112233445566778899aabbccddeeff\n"
#define MD5_RESPONSE "CHAP_N=alice\nCHAP_R=0x4cc7884682eb210438bb87241f769a5c\n"
#define A16 "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5"

/* Up to the point where the target has sent its challenge. */
static struct login *challenged(const struct login_options *o, const char *algorithm, const char *challenge)
{
    char text[8192];
    struct login *l = peer_login(o);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "AuthMethod=CHAP\nTargetPortalGroupTag=1\n");
    peer_skip(l);
    snprintf(text, sizeof text, "CHAP_A=%s\n%s", algorithm, challenge);
    peer_answer(l, SECURITY, STAY, text);
    return l;
}

/* To the target's own response in mutual CHAP with MD5; "random" bytes are a5. */
static struct login *mutual_until_response(void)
{
    struct login_options o = peer_chap(true);
    struct login *l = challenged(&o, "5", CHALLENGE);
    peer_skip(l);
    return l;
}

static void one_way(uint8_t algorithm, const char *name, const char *response)
{
    char text[256];
    struct login_options o = peer_chap(false);
    struct login *l = challenged(&o, name, CHALLENGE);
    snprintf(text, sizeof text, "CHAP_N=alice\nCHAP_R=%s\n", response);
    peer_expect(l, SECURITY, OPERATIONAL, text);
    peer_answer(l, SECURITY, OPERATIONAL, "");
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    peer_answer(l, OPERATIONAL, FULL, ANSWERS);
    cr_assert_eq(login_result(l)->chap_algorithm, algorithm);
    peer_done(l);
}

Test(security, chap_is_the_only_method_offered_with_a_name)
{
    struct login_options o = peer_chap(false);
    struct login *l = peer_login(&o);
    peer_expect(l, SECURITY, STAY,
                "InitiatorName=" INITIATOR "\nTargetName=" TARGET "\nSessionType=Normal\nAuthMethod=CHAP\n");
    peer_answer(l, SECURITY, STAY, "AuthMethod=CHAP\n");
    peer_expect(l, SECURITY, STAY, "CHAP_A=5,8,7,6\n");
    login_free(l);
}

Test(security, chap_with_md5)
{
    one_way(5, "5", "0x4cc7884682eb210438bb87241f769a5c");
}

Test(security, chap_with_sha1)
{
    one_way(6, "6", "0x052000bd0f3fd5cd2908019220c02329e4f7114b");
}

Test(security, chap_with_sha256)
{
    one_way(7, "7", "0x07a93043e37100070670f3f62a9c59a2d30922ac2cac3acb0abb184c7fa13b40");
}

Test(security, chap_with_sha3_256)
{
    one_way(8, "8", "0x7528013b4c1468c0c29cb793532d49561fde13ccedaee3530eefeea3ff29f9cf");
}

Test(security, challenge_in_base64)
{
    struct login_options o = peer_chap(false);
    struct login *l = challenged(&o, "5", "CHAP_I=0x2A\nCHAP_C=0bABEiM0RVZneImaq7zN3u/w==\n");
    /* MD5_RESPONSE through base64(1): the answer is written as the question. */
    peer_expect(l, SECURITY, OPERATIONAL, "CHAP_N=alice\nCHAP_R=0bTMeIRoLrIQQ4u4ckH3aaXA==\n");
    login_free(l);
}

/* printf '\x05secret-of-alice' | cat - 1024-times-Z | openssl dgst -md5 */
Test(security, challenge_of_1024_bytes)
{
    char text[4096];
    struct login_options o = peer_chap(false);
    int n = snprintf(text, sizeof text, "CHAP_I=5\nCHAP_C=0x");
    for (int i = 0; i < 1024; i++)
        n += snprintf(text + n, sizeof text - (size_t)n, "5A");
    strcpy(text + n, "\n");
    struct login *l = challenged(&o, "5", text);
    peer_expect(l, SECURITY, OPERATIONAL, "CHAP_N=alice\nCHAP_R=0xb2475bf488dc0f0cce39418d7b88c673\n");
    login_free(l);
}

Test(security, configured_algorithms_are_the_list)
{
    struct login_options o = peer_chap(false);
    memcpy(o.auth.algorithms, (uint8_t[]){7, 5, 0, 0}, 4);
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "AuthMethod=CHAP\n");
    peer_expect(l, SECURITY, STAY, "CHAP_A=7,5\n");
    login_free(l);
}

/* 6.3.3: some targets close the stage only on a request of its own. */
Test(security, target_that_stays_after_one_way_chap)
{
    struct login_options o = peer_chap(false);
    struct login *l = challenged(&o, "5", CHALLENGE);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "");
    peer_expect(l, SECURITY, OPERATIONAL, "");
    peer_answer(l, SECURITY, OPERATIONAL, "");
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    login_free(l);
}

static void mutual(uint8_t algorithm, const char *name, const char *ours, const char *challenge,
                   const char *theirs)
{
    char text[512];
    struct login_options o = peer_chap(true);
    struct login *l = challenged(&o, name, CHALLENGE);
    snprintf(text, sizeof text, "CHAP_N=alice\nCHAP_R=%s\nCHAP_I=165\nCHAP_C=%s\n", ours, challenge);
    peer_expect(l, SECURITY, OPERATIONAL, text);
    snprintf(text, sizeof text, "CHAP_N=disk\nCHAP_R=%s\n", theirs);
    peer_answer(l, SECURITY, OPERATIONAL, text);
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    peer_answer(l, OPERATIONAL, FULL, ANSWERS);
    cr_assert_eq(login_result(l)->chap_algorithm, algorithm);
    peer_done(l);
}

Test(security, mutual_chap_with_md5)
{
    mutual(5, "5", "0x4cc7884682eb210438bb87241f769a5c", "0x" A16, "0x4972c16dc13eb1c26b8ef79755a7e011");
}

Test(security, mutual_chap_with_sha1)
{
    mutual(6, "6", "0x052000bd0f3fd5cd2908019220c02329e4f7114b", "0x" A16 "a5a5a5a5",
           "0x17334232428ea9509f199fc171f21011fe78a5e2");
}

Test(security, mutual_chap_with_sha256)
{
    mutual(7, "7", "0x07a93043e37100070670f3f62a9c59a2d30922ac2cac3acb0abb184c7fa13b40", "0x" A16 A16,
           "0x266673a869a1f2239c98b0aa3d57ea36abb9f8b1f31f64271de352a4de03865e");
}

Test(security, mutual_chap_with_sha3_256)
{
    mutual(8, "8", "0x7528013b4c1468c0c29cb793532d49561fde13ccedaee3530eefeea3ff29f9cf", "0x" A16 A16,
           "0x84fcd479da0d2cb7689e7042f5fe3647f61eca7f73710e17583f972d7ce3cd87");
}

static void recorded_random(void *bytes, size_t n)
{
    static const uint8_t challenge[16] = {0xdf, 0xb9, 0x89, 0x25, 0xf4, 0xdb, 0xe1, 0x41,
                                          0xa5, 0x72, 0xa2, 0x13, 0x85, 0x79, 0x72, 0x7d};
    if (n == 1)
        *(uint8_t *)bytes = 176;
    else
        memcpy(bytes, challenge, n);
}

/* An exchange with tgt 1.0.85, both responses as they went over the wire. */
Test(security, mutual_chap_recorded_from_tgt)
{
    struct login_options o = peer_chap(true);
    o.random = recorded_random;
    struct login *l =
        challenged(&o, "5",
                   "CHAP_I=2\nCHAP_C=0x3b0a1da19e8544a132137a62805e584bb063ff8d78cdc77fa267ac7a3712"
                   "a98d07dcbf6bf54421ef16ae47de4b5a4159a706\n");
    peer_expect(l, SECURITY, OPERATIONAL,
                "CHAP_N=alice\nCHAP_R=0xba90503ce2918df21502f6e0b9e4e71a\nCHAP_I=176\n"
                "CHAP_C=0xdfb98925f4dbe141a572a2138579727d\n");
    peer_answer(l, SECURITY, OPERATIONAL, "CHAP_N=disk\nCHAP_R=0xe8407bbb7b9a75e6ff44be9ecd70f82a\n");
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    login_free(l);
}

static void lio_random(void *bytes, size_t n)
{
    static const uint8_t challenge[32] = {0xca, 0xa2, 0xca, 0x48, 0x6f, 0x71, 0x52, 0x80, 0xe0, 0x1a, 0x1a,
                                          0x74, 0xfa, 0xd7, 0x93, 0xcc, 0x7a, 0x0e, 0x80, 0xe9, 0x3c, 0x3e,
                                          0x83, 0x48, 0xc7, 0x1a, 0x0c, 0x9c, 0x90, 0x4a, 0xe2, 0x9d};
    if (n == 1)
        *(uint8_t *)bytes = 62;
    else
        memcpy(bytes, challenge, n);
}

/* An exchange with LIO (Linux 6.1), SHA3-256 in both directions. */
Test(security, mutual_chap_recorded_from_lio)
{
    struct login_options o = peer_chap(true);
    o.auth.secret = "secretsecret12";
    o.auth.mutual_user = "target";
    o.auth.mutual_secret = "mutualsecret34";
    o.random = lio_random;
    struct login *l = challenged(
        &o, "8", "CHAP_I=4\nCHAP_C=0x39ed4e24bc0d47d7ebd4616fa4ae2404d3486ea9ecb36cea48a24781a9f7b3bc\n");
    peer_expect(l, SECURITY, OPERATIONAL,
                "CHAP_N=alice\nCHAP_R=0x6818dbbefdf404cac508e23cd55fc0cb55efe6134330e344967237d93c31b4d7\n"
                "CHAP_I=62\nCHAP_C=0xcaa2ca486f715280e01a1a74fad793cc7a0e80e93c3e8348c71a0c9c904ae29d\n");
    peer_answer(l, SECURITY, OPERATIONAL,
                "CHAP_N=target\nCHAP_R=0x6e150e1233a34a743c3fe8c7c02e165360a567cea4a0595348a7a723fe583893\n");
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    login_free(l);
}

Test(security, mutual_response_before_the_stage_ends)
{
    struct login *l = mutual_until_response();
    peer_answer(l, SECURITY, STAY, "CHAP_N=disk\nCHAP_R=0x4972c16dc13eb1c26b8ef79755a7e011\n");
    peer_expect(l, SECURITY, OPERATIONAL, "");
    peer_answer(l, SECURITY, OPERATIONAL, "");
    peer_expect(l, OPERATIONAL, FULL, OFFERS);
    login_free(l);
}

Test(security, wrong_response_of_the_target_refused)
{
    struct login *l = mutual_until_response();
    peer_answer(l, SECURITY, OPERATIONAL, "CHAP_N=disk\nCHAP_R=0x" A16 "\n");
    cr_assert_eq(login_error(l)->code, 0x0201);
    cr_assert_not(login_error(l)->retry);
    peer_failed(l, LUN_LOGIN, "target's CHAP response is wrong");
}

/* 9.2.1: what our own secret would make is refused whatever the configured secret is. */
Test(security, response_made_with_our_secret_refused)
{
    struct login *l = mutual_until_response();
    peer_answer(l, SECURITY, OPERATIONAL, "CHAP_N=disk\nCHAP_R=0xb6eada2b280542f9059e68df7bbf3f69\n");
    peer_failed(l, LUN_LOGIN, "our own secret");
}

/* 9.2.1: a challenge may not be used in both directions. */
Test(security, challenge_equal_to_ours_refused)
{
    struct login_options o = peer_chap(true);
    struct login *l = challenged(&o, "5", "CHAP_I=1\nCHAP_C=0x" A16 "\n");
    peer_failed(l, LUN_LOGIN, "challenge is the one we were about to send");
}

Test(security, target_that_does_not_authenticate_itself_refused)
{
    struct login *l = mutual_until_response();
    peer_answer(l, SECURITY, OPERATIONAL, "");
    peer_failed(l, LUN_LOGIN, "does not authenticate itself");
}

Test(security, target_that_leaves_out_its_name_refused)
{
    struct login *l = mutual_until_response();
    peer_answer(l, SECURITY, OPERATIONAL, "CHAP_R=0x4972c16dc13eb1c26b8ef79755a7e011\n");
    peer_failed(l, LUN_LOGIN, "does not authenticate itself");
}

Test(security, target_of_another_name_refused)
{
    struct login *l = mutual_until_response();
    peer_answer(l, SECURITY, OPERATIONAL, "CHAP_N=disc\nCHAP_R=0x4972c16dc13eb1c26b8ef79755a7e011\n");
    peer_failed(l, LUN_LOGIN, "calls itself disc, not disk");
}

Test(security, response_of_another_length_refused)
{
    struct login *l = mutual_until_response();
    peer_answer(l, SECURITY, OPERATIONAL, "CHAP_N=disk\nCHAP_R=0x" A16 "a5\n");
    peer_failed(l, LUN_PROTOCOL, "CHAP_R is not a MD5 value");
}

Test(security, response_nobody_asked_for_refused)
{
    struct login_options o = peer_chap(false);
    struct login *l = challenged(&o, "5", CHALLENGE);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL, "CHAP_N=disk\nCHAP_R=0x" A16 "\n");
    peer_failed(l, LUN_PROTOCOL, "CHAP_N where none is due");
}

Test(security, target_that_would_not_authenticate_refused)
{
    struct login_options o = peer_chap(false);
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "AuthMethod=None\n");
    peer_failed(l, LUN_LOGIN, "it would not authenticate us");
}

/* istgt 0.4 answers so when it wants CHAP and gets None. */
Test(security, target_that_wants_authentication)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "TargetPortalGroupTag=1\nAuthMethod=Reject\n");
    cr_assert_eq(login_error(l)->code, 0x0201);
    peer_failed(l, LUN_LOGIN, "wants a name and secret");
}

Test(security, method_that_was_not_offered_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "AuthMethod=CHAP\n");
    peer_failed(l, LUN_PROTOCOL, "AuthMethod=CHAP to an offer of None");
}

Test(security, missing_answer_to_chap_refused)
{
    struct login_options o = peer_chap(false);
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "TargetPortalGroupTag=1\n");
    peer_failed(l, LUN_PROTOCOL, "did not answer our offer of AuthMethod=CHAP");
}

Test(security, algorithm_that_was_not_offered_refused)
{
    struct login_options o = peer_chap(false);
    o.auth.algorithms[0] = 5;
    struct login *l = challenged(&o, "7", CHALLENGE);
    peer_failed(l, LUN_PROTOCOL, "CHAP_A=7 to an offer of 5");
}

Test(security, algorithms_rejected)
{
    struct login_options o = peer_chap(false);
    struct login *l = challenged(&o, "Reject", "");
    peer_failed(l, LUN_LOGIN, "rejects our CHAP algorithms 5,8,7,6");
}

Test(security, list_of_algorithms_as_answer_refused)
{
    struct login_options o = peer_chap(false);
    struct login *l = challenged(&o, "5,7", CHALLENGE);
    peer_failed(l, LUN_PROTOCOL, "CHAP_A=5,7");
}

Test(security, challenge_without_identifier_refused)
{
    struct login_options o = peer_chap(false);
    struct login *l = challenged(&o, "5", "CHAP_C=0x0011\n");
    peer_failed(l, LUN_PROTOCOL, "no CHAP_I");
}

Test(security, identifier_of_more_than_a_byte_refused)
{
    struct login_options o = peer_chap(false);
    struct login *l = challenged(&o, "5", "CHAP_I=256\nCHAP_C=0x0011\n");
    peer_failed(l, LUN_PROTOCOL, "CHAP_I=256");
}

Test(security, missing_challenge_refused)
{
    struct login_options o = peer_chap(false);
    struct login *l = challenged(&o, "5", "CHAP_I=1\n");
    peer_failed(l, LUN_PROTOCOL, "no CHAP_C");
}

Test(security, challenge_of_no_bytes_refused)
{
    struct login_options o = peer_chap(false);
    struct login *l = challenged(&o, "5", "CHAP_I=1\nCHAP_C=0x\n");
    peer_failed(l, LUN_PROTOCOL, "CHAP_C=0x");
}

Test(security, challenge_before_its_time_refused)
{
    struct login_options o = peer_chap(false);
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, STAY, "AuthMethod=CHAP\nCHAP_A=5\n" CHALLENGE);
    peer_failed(l, LUN_PROTOCOL, "CHAP_A where none is due");
}

Test(security, chap_keys_without_authentication_refused)
{
    struct login_options o = peer_options();
    struct login *l = peer_login(&o);
    peer_skip(l);
    peer_answer(l, SECURITY, OPERATIONAL, "AuthMethod=None\nCHAP_I=1\n");
    peer_failed(l, LUN_PROTOCOL, "CHAP_I where none is due");
}

Test(security, no_secret_in_any_error)
{
    struct login *l = mutual_until_response();
    peer_answer(l, SECURITY, OPERATIONAL, "CHAP_N=disk\nCHAP_R=0x" A16 "\n");
    cr_assert_null(strstr(login_error(l)->text, OUR_SECRET));
    cr_assert_null(strstr(login_error(l)->text, THEIR_SECRET));
    login_free(l);
}

Test(security, unusable_settings_refused_before_anything_is_sent)
{
    struct login_options o = peer_chap(true);
    o.auth.mutual_secret = OUR_SECRET;
    peer_unusable(&o, "same secret");
    o = peer_chap(false);
    o.auth.secret = "short";
    peer_unusable(&o, "fewer than 96");
}

Test(security, challenges_of_openssl_differ)
{
    struct login_options o = peer_chap(true);
    char first[256] = "";
    o.random = NULL;
    for (int i = 0; i < 2; i++) {
        struct login *l = challenged(&o, "5", CHALLENGE);
        uint8_t bhs[PDU_BHS];
        const uint8_t *data;
        uint32_t length;
        cr_assert(login_next(l, bhs, &data, &length));
        cr_assert_lt(length, sizeof first);
        if (i)
            cr_assert_arr_neq(first, data, length);
        memcpy(first, data, length);
        login_free(l);
    }
}
