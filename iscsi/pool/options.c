/* SPDX-License-Identifier: Apache-2.0 */
/* Checking, copying and completing the options of a target. Caller's thread. RFC 7143 chapter 13 (ranges). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "login/chap.h"
#include "pool/target.h"
#include "wire/lun_field.h"

#define DEFAULT(field, value) ((field) = (field) ? (field) : (value))

static bool in_range(const char *key, uint64_t v, uint64_t low, uint64_t high, struct lun_error *e)
{
    if (v >= low && v <= high)
        return true;
    return error_set(e, LUN_USAGE, 0, false, "%s: %llu is not in %llu-%llu", key, (unsigned long long)v,
                     (unsigned long long)low, (unsigned long long)high);
}

static void complete(struct lun_target_options *o)
{
    DEFAULT(o->sessions, TARGET_SESSIONS_AUTO);
    DEFAULT(o->login_timeout_ms, 15000);
    DEFAULT(o->io_timeout_ms, 30000);
    DEFAULT(o->nop_interval_ms, 5000);
    DEFAULT(o->nop_timeout_ms, 5000);
    DEFAULT(o->replacement_timeout_ms, 120000);
    DEFAULT(o->max_recv_data_segment_length, 262144);
    DEFAULT(o->first_burst_length, 262144);
    DEFAULT(o->max_burst_length, 1048576);
    DEFAULT(o->max_outstanding_r2t, 8);
    DEFAULT(o->initial_r2t, 1);
    DEFAULT(o->data_pdu_in_order, 2);
    DEFAULT(o->data_sequence_in_order, 2);
    DEFAULT(o->immediate_data, 2);
    if (o->first_burst_length > o->max_burst_length)
        o->first_burst_length = o->max_burst_length;
}

static bool check_numbers(const struct lun_target_options *o, struct lun_error *e)
{
    for (size_t i = 0; i < o->lun_count; i++) {
        uint64_t field;
        if (!lun_field_from_number(o->luns[i], &field))
            return error_set(e, LUN_USAGE, 0, false, "LUN %llu cannot be addressed",
                             (unsigned long long)o->luns[i]);
    }
    return in_range("sessions", o->sessions, 1, 64, e) &&
           (!o->queue_depth || in_range("queue_depth", o->queue_depth, 1, 1024, e)) &&
           (!o->max_transfer || in_range("max_transfer", o->max_transfer, 4096, 1048576, e)) &&
           in_range("max_recv_data_segment_length", o->max_recv_data_segment_length, 512, 16777215, e) &&
           in_range("first_burst_length", o->first_burst_length, 512, 16777215, e) &&
           in_range("max_burst_length", o->max_burst_length, 512, 16777215, e) &&
           in_range("max_outstanding_r2t", o->max_outstanding_r2t, 1, TASK_R2T_MAX, e);
}

static bool check_auth(const struct lun_auth *a, struct lun_error *e)
{
    if (!a->user != !a->secret)
        return error_set(e, LUN_USAGE, 0, false, "CHAP needs both a user and a secret");
    if (!a->mutual_user != !a->mutual_secret)
        return error_set(e, LUN_USAGE, 0, false, "mutual CHAP needs both a user and a secret");
    if (a->mutual_user && !a->user)
        return error_set(e, LUN_USAGE, 0, false, "mutual CHAP needs one-way CHAP too");
    return !a->user || chap_check(a, e);
}

static bool check_options(const struct lun_target_options *o, struct lun_error *e)
{
    if (!o->iqn)
        return error_set(e, LUN_USAGE, 0, false, "a target needs a name");
    if (!lun_name_check(o->iqn, e)) {
        error_prefix(e, "target %s", o->iqn);
        return false;
    }
    if (o->portal_count == 0)
        return error_set(e, LUN_USAGE, 0, false, "target %s: no portal", o->iqn);
    if (o->login_stages == LUN_STAGES_OPERATIONAL && o->auth.user)
        return error_set(e, LUN_USAGE, 0, false,
                         "target %s: a login without the security stage cannot authenticate", o->iqn);
    if (!check_auth(&o->auth, e) || !check_numbers(o, e)) {
        error_prefix(e, "target %s", o->iqn);
        return false;
    }
    return true;
}

static void copy_text(const char **field)
{
    if (*field)
        *field = strdup(*field);
}

static void drop_secret(const char *secret)
{
    if (secret)
        explicit_bzero((char *)(uintptr_t)secret, strlen(secret));
    free((char *)(uintptr_t)secret);
}

/* Every pointer is replaced by a copy, so that target_options_free is right whatever failed. */
static bool copy_all(struct lun_target_options *to)
{
    const struct lun_target_options from = *to;
    to->portals = calloc(from.portal_count + 1, sizeof *to->portals);
    to->portal_groups = from.portal_groups ? malloc((from.portal_count + 1) * sizeof(int)) : NULL;
    to->luns = from.lun_count ? malloc(from.lun_count * sizeof *to->luns) : NULL;
    const char **texts[] = {&to->iqn, &to->auth.user, &to->auth.secret, &to->auth.mutual_user,
                            &to->auth.mutual_secret};
    bool ok = to->portals && (to->portal_groups || !from.portal_groups) && (to->luns || !from.lun_count);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        bool wanted = *texts[i] != NULL;
        copy_text(texts[i]);
        ok = ok && (!wanted || *texts[i]);
    }
    if (to->portal_groups)
        memcpy((int *)(uintptr_t)to->portal_groups, from.portal_groups, from.portal_count * sizeof(int));
    if (to->luns)
        memcpy((uint64_t *)(uintptr_t)to->luns, from.luns, from.lun_count * sizeof *to->luns);
    for (size_t i = 0; to->portals && i < from.portal_count; i++) {
        const char *copy = strdup(from.portals[i]);
        ((const char **)(uintptr_t)to->portals)[i] = copy;
        ok = ok && copy;
    }
    return ok;
}

bool target_options_copy(const struct lun_target_options *o, struct lun_target_options *ret,
                         struct lun_error *e)
{
    struct lun_target_options copy = *o;
    complete(&copy);
    if (!check_options(&copy, e))
        return false;
    if (!copy_all(&copy)) {
        target_options_free(&copy);
        return error_set(e, LUN_SYSTEM, ENOMEM, true, "no memory for a target");
    }
    *ret = copy;
    return true;
}

void target_options_free(struct lun_target_options *o)
{
    for (size_t i = 0; o->portals && i < o->portal_count; i++)
        free((char *)(uintptr_t)o->portals[i]);
    free((void *)(uintptr_t)o->portals);
    free((void *)(uintptr_t)o->portal_groups);
    free((void *)(uintptr_t)o->luns);
    free((char *)(uintptr_t)o->iqn);
    free((char *)(uintptr_t)o->auth.user);
    free((char *)(uintptr_t)o->auth.mutual_user);
    drop_secret(o->auth.secret);
    drop_secret(o->auth.mutual_secret);
    *o = (struct lun_target_options){0};
}
