/* SPDX-License-Identifier: Apache-2.0 */
/* Discovery: SendTargets in a discovery session. RFC 7143 4.3, appendix C. */
#include <criterion/criterion.h>
#include <string.h>

#include "rig.h"

#define ASKED                                                                                                \
    "login\n"                                                                                                \
    "expect TextRequest as=t ttt=0xffffffff F=1 C=0 text!{SendTargets=All}\n"

static struct lun_found *find(struct rig *r)
{
    struct lun_found *found = NULL;
    if (!lun_discover(r->pool, r->portal, NULL, 20000, &found, &r->error))
        rig_complain(r, "discovery: %s: %s", lun_layer_name(r->error.layer), r->error.text);
    return found;
}

static void fails(struct rig *r, enum lun_layer layer, const char *words)
{
    struct lun_found *found = NULL;
    rig_assert(r, !lun_discover(r->pool, r->portal, NULL, 20000, &found, &r->error));
    if (r->error.layer != layer || !strstr(r->error.text, words))
        rig_complain(r, "got %s: %s", lun_layer_name(r->error.layer), r->error.text);
    rig_end(r);
}

static bool has(const struct lun_found *f, size_t target, size_t portal, const char *address, int group)
{
    const struct lun_found_portal *p = &f->targets[target].portals[portal];
    return portal < f->targets[target].portal_count && !strcmp(p->address, address) &&
           p->portal_group == group;
}

/* 6.3: SessionType=Discovery and no TargetName. */
Test(discovery, s6_3_login_names_no_target)
{
    struct rig *r = RIG(
        "expect LoginRequest csg=0 text{SessionType=Discovery InitiatorName=" RIG_INITIATOR " TargetName=-}\n"
        "send LoginResponse text{AuthMethod=None TargetPortalGroupTag=1}\n" ASKED
        "send TextResponse text{TargetName=iqn.2026-01.com.example:a TargetAddress=192.0.2.1:3260,1}\n"
        "expect LogoutRequest\n"
        "send LogoutResponse\n"
        "expect-close\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1 && !strcmp(f->targets[0].iqn, "iqn.2026-01.com.example:a"));
    rig_assert(r, has(f, 0, 0, "192.0.2.1:3260", 1));
    lun_found_free(f);
    rig_end(r);
}

Test(discovery, s13_3_several_targets_and_portals)
{
    struct rig *r = RIG(ASKED "send TextResponse "
                              "text{TargetName=iqn.2026-01.com.example:a TargetAddress=192.0.2.1:3260,1 "
                              "TargetAddress=[2001:db8::1]:3261,2 TargetName=eui.02004567a425678d "
                              "TargetAddress=san.example.com:3260,3 TargetName=naa.52004567ba64678d "
                              "TargetAddress=[127.0.0.1]:3260,65535}\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 3 && f->targets[0].portal_count == 2 && f->targets[1].portal_count == 1);
    rig_assert(r, has(f, 0, 0, "192.0.2.1:3260", 1) && has(f, 0, 1, "[2001:db8::1]:3261", 2));
    rig_assert(r, has(f, 1, 0, "san.example.com:3260", 3) && f->targets[2].portals[0].portal_group == 65535);
    lun_found_free(f);
    rig_end(r);
}

/* Appendix C: no TargetAddress means the portal that was asked. */
Test(discovery, s13_3_target_without_address)
{
    struct rig *r = RIG(ASKED "send TextResponse text{TargetName=iqn.2026-01.com.example:a}\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1 && f->targets[0].portal_count == 1);
    rig_assert(r, !strcmp(f->targets[0].portals[0].address, r->portal));
    lun_found_free(f);
    rig_end(r);
}

Test(discovery, s13_3_no_targets)
{
    struct rig *r = RIG(ASKED "send TextResponse\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 0);
    lun_found_free(f);
    rig_end(r);
}

/* 11.10.4, 11.11: C=1 and a TTT: asked on with that TTT and the same ITT, and joined inside a name. */
Test(discovery, s11_11_4_continued_answer)
{
    struct rig *r =
        RIG(ASKED "send TextResponse F=0 C=1 ttt=0x77 data=text(TargetName=iqn.2026-01.com.exam)\n"
                  "expect TextRequest itt=@t ttt=0x77 F=1 C=0 data=zeros(0)\n"
                  "send TextResponse F=0 C=1 ttt=0x78 data=text(ple:a)+zeros(1)+text(TargetAddr)\n"
                  "expect TextRequest itt=@t ttt=0x78 F=1 C=0 data=zeros(0)\n"
                  "send TextResponse data=text(ess=192.0.2.1:3260,1)+zeros(1)\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1 && has(f, 0, 0, "192.0.2.1:3260", 1));
    rig_assert(r, !strcmp(f->targets[0].iqn, "iqn.2026-01.com.example:a"));
    lun_found_free(f);
    rig_end(r);
}

/* 11.19: the target asks whether we are there; it must be answered in a discovery session too. */
Test(discovery, s11_19_ping_is_answered)
{
    struct rig *r = RIG(ASKED "ping\n"
                              "send TextResponse to=t text{TargetName=iqn.2026-01.com.example:a}\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1);
    lun_found_free(f);
    rig_end(r);
}

Test(discovery, final_without_logout)
{
    struct rig *r = RIG(ASKED "send TextResponse text{TargetName=iqn.2026-01.com.example:a}\n"
                              "expect LogoutRequest\n"
                              "close\n");
    struct lun_found *f = find(r);
    rig_assert(r, f->count == 1);
    lun_found_free(f);
    rig_end(r);
}

/* ---- What is refused ---- */

Test(discovery_refuses, s13_3_address_before_name)
{
    fails(RIG(ASKED "send TextResponse text{TargetAddress=192.0.2.1:3260,1}\n"), LUN_PROTOCOL,
          "TargetAddress");
}

Test(discovery_refuses, s4_2_7_bad_name)
{
    fails(RIG(ASKED "send TextResponse text{TargetName=../../etc/passwd}\n"), LUN_PROTOCOL, "");
}

Test(discovery_refuses, s13_8_bad_port)
{
    fails(
        RIG(ASKED
            "send TextResponse text{TargetName=iqn.2026-01.com.example:a TargetAddress=192.0.2.1:99999,1}\n"),
        LUN_PROTOCOL, "");
}

Test(discovery_refuses, s6_1_text_without_final_nul)
{
    fails(RIG(ASKED "send TextResponse data=text(TargetName=iqn.2026-01.com.example:a)\n"), LUN_PROTOCOL, "");
}

Test(discovery_refuses, s11_11_3_answer_to_another_task)
{
    fails(RIG(ASKED "send TextResponse itt=+1 text{TargetName=iqn.2026-01.com.example:a}\nexpect-close\n"),
          LUN_PROTOCOL, "");
}

/* Memory and patience are bounded. */
Test(discovery_refuses, endless_answer)
{
    fails(RIG(ASKED "send TextResponse F=0 C=1 ttt=5 data=fill(0x61,8192)\n"
                    "expect TextRequest itt=@t ttt=5\n"
                    "repeat 2\n"),
          LUN_PROTOCOL, "");
}

Test(discovery_refuses, s7_14_target_closes)
{
    fails(RIG(ASKED "close\n"), LUN_CONNECT, "");
}

Test(discovery_refuses, target_hangs)
{
    struct rig *r = RIG(ASKED "expect-close\n");
    struct lun_found *found = NULL;
    rig_assert(r, !lun_discover(r->pool, r->portal, NULL, 1500, &found, &r->error));
    rig_assert(r, r->error.layer == LUN_TIMEOUT);
    rig_end(r);
}
