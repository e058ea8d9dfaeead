#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks rules of docs/rfc7143.md in the code, one at a time, and wants the tests its row names to fail.

    tests/mutants/mutants.py [SECTION...]

Works in a git worktree of HEAD under build-mutants/, so it sees what is committed. Each mutant replaces one text
that occurs once, builds what its tests need and runs them; prints a table, and ends with 1 where a mutant lived.
Not part of tools/test: it takes minutes.
"""
import os
import subprocess
import sys
import tempfile

# section, words of its row, file, old text, new text, [(program, test)...]
MUTANTS = [
    ("4.2.2.1", "Compare ExpCmdSN and MaxCmdSN", "iscsi/session/window.h",
     "serial_less_equal(w->cmdsn, w->maxcmdsn)", "w->cmdsn <= w->maxcmdsn", [("wire", "wrap/s4_2_2_1_window")]),
    ("4.2.2.1", "Compare ExpCmdSN and MaxCmdSN", "iscsi/session/window.h",
     "serial_less(w->maxcmdsn, maxcmdsn)", "w->maxcmdsn < maxcmdsn", [("wire", "wrap/s4_2_2_1_window")]),
    ("6.2", "Use None, Reject, Irrelevant", "iscsi/login/keys.c",
     '"Reject,Irrelevant,NotUnderstood"', '"Reject,NotUnderstood"',
     [("unit-login", "keys/reserved_words"), ("wire", "negotiate/s13_14_irrelevant_first_burst")]),
    ("6.2", "Negotiate atomically", "iscsi/login/login.c",
     "if (!negotiate_take(&l->negotiation, id, got->of[id], &l->text, &l->error))\n            return false;",
     "negotiate_take(&l->negotiation, id, got->of[id], &l->text, &l->error);",
     [("wire", "negotiate_refuses/s13_13_burst_larger_than_offered")]),
    ("7.12", "Failed negotiation at login", "iscsi/login/negotiate.c",
     "if (!check_answered(n, id, e))\n            return false;", "check_answered(n, id, e);",
     [("wire", "negotiate_refuses/s6_2_missing_answer")]),
    ("7.12", "Failed negotiation at login", "iscsi/login/collect.c",
     "if (ret->of[id] && !(keys_get(id)->flags & KEY_REPEATS))", "if (false)",
     [("wire", "login_refuses/s6_3_duplicate_key")]),
    ("7.15", "Employ session reinstatement", "iscsi/pool/target.c",
     "pool_isid(t->pool, (uint16_t)index, c.login.isid);",
     "pool_isid(t->pool, (uint16_t)(index + 64 * t->sessions[index].link.logins), c.login.isid);",
     [("wire", "recovery/s6_3_5_same_isid_and_tsih_0")]),
    ("7.15", "Employ session reinstatement", "iscsi/pool/target.c",
     ".portal_group = t->group >= 0 ? t->group : t->groups[t->address],", ".portal_group = t->groups[t->address],",
     [("wire", "recovery/s6_3_5_only_to_the_same_portal_group")]),
    ("11.2.1.5", "Set TotalAHSLength 0", "iscsi/conn/send.c",
     "pdu_set_lengths(slot->head, 0, pdu->data_length);", "pdu_set_lengths(slot->head, 4, pdu->data_length);",
     [("wire", "nop/s11_18_unsolicited_nop_in_is_answered")]),
    ("11.2.1.8", "Give a task a tag that is unique", "iscsi/session/session.c",
     "t->itt = s->fresh++;", "t->itt = s->fresh++ / 2;",
     [("wire", "task/s11_2_1_8_tag_is_not_reused_during_the_abort")]),
    ("11.3.1", "Set at least one of W and F", "iscsi/session/session.c",
     ".final = t->unsolicited == immediate,", ".final = t->write && t->unsolicited == immediate,",
     [("wire", "read/s11_7_status_in_the_data")]),
    ("11.3.4", "Beyond FirstBurstLength", "iscsi/session/session.c",
     "t->unsolicited = s->n.initial_r2t ? immediate : first;",
     "t->unsolicited = s->n.initial_r2t || first == immediate ? immediate : first - 512;",
     [("wire", "write/s11_3_4_immediate_unsolicited_solicited")]),
    ("11.3.4", "Beyond FirstBurstLength", "iscsi/session/session.c",
     "t->unsolicited = s->n.initial_r2t ? immediate : first;", "t->unsolicited = first;",
     [("wire", "write/s13_11_immediate_then_solicited")]),
    ("11.7.2", "Ignore A at ErrorRecoveryLevel 0", "iscsi/session/data.c",
     "    t->datasn++;\n",
     "    if (p.acknowledge)\n        return error_set(e, LUN_PROTOCOL, 0, true, \"A\");\n    t->datasn++;\n",
     [("wire", "rules/s11_7_2_a_bit_is_ignored")]),
    ("11.7.7", "Receive segments of no bytes", "iscsi/session/data.c",
     "else if (order_check(s, t, ret, e))", "else if (ret->data_length && order_check(s, t, ret, e))",
     [("wire", "rules/s11_7_7_data_in_of_no_bytes"), ("wire", "read/s11_7_7_status_in_an_empty_last_pdu")]),
    ("11.8", "Several Data-Outs for an R2T", "iscsi/session/data.c",
     ".final = length == left,", ".final = true,",
     [("wire", "write/s13_11_solicited_only"), ("wire", "negotiate/s13_12_declared_segment_length_limits_us")]),
    ("11.8.4", "Refuse an R2T of no bytes", "iscsi/session/data.c",
     "if (r->length == 0 || r->length > s->n.max_burst)", "if (r->length > s->n.max_burst)",
     [("wire", "write_r2t_refuses/s11_8_4_zero_length")]),
    ("11.8.4", "Refuse an R2T of no bytes", "iscsi/session/data.c",
     "if (r->length == 0 || r->length > s->n.max_burst)", "if (r->length == 0)",
     [("wire", "write_r2t_refuses/s11_8_4_longer_than_a_burst")]),
    ("11.8.5", "Refuse an R2T with Target Transfer Tag ffffffff", "iscsi/wire/pdu.c",
     "if (!is_kind(bhs, PDU_R2T, FLAG_FINAL) || ttt == PDU_TAG_NONE)", "if (!is_kind(bhs, PDU_R2T, FLAG_FINAL))",
     [("wire", "write_r2t_refuses/s11_8_5_reserved_ttt")]),
    ("11.10.4", "Ignore the Target Transfer Tag", "iscsi/session/discovery.c",
     "if (!last && p.ttt == PDU_TAG_NONE)", "if (last != (p.ttt == PDU_TAG_NONE))",
     [("wire", "rules_login/s11_10_4_tag_of_a_final_response_is_ignored")]),
    ("11.12.5", "Let a default ISID be configured", "iscsi/pool/pool.c",
     "hash(o->instance)", "hash(\"\")", [("unit-pool", "options/isids_differ_between_instances")]),
    ("11.12.8", "The same CmdSN in all requests of a login", "iscsi/login/login.c",
     ".cmdsn = l->options.cmdsn,\n        .exp", ".cmdsn = l->options.cmdsn + l->requests,\n        .exp",
     [("wire", "login/s11_12_6_second_request_keeps_the_tags")]),
    ("13.11", "Say so in order to have no immediate data", "iscsi/login/negotiate.c",
     "{KEY_IMMEDIATE_DATA, o->immediate_data},", "{KEY_IMMEDIATE_DATA, true},",
     [("wire", "negotiate/s13_offers_as_configured")]),
    ("13.11", "ImmediateData=No, InitialR2T=No", "iscsi/session/session.c",
     "if (s->n.immediate_data)", "if (true)", [("wire", "write/s13_11_unsolicited_then_solicited")]),
    ("13.12", "Send no solicited sequence beyond MaxBurstLength", "iscsi/session/session.c",
     "t->edtl < s->n.first_burst ? t->edtl : s->n.first_burst", "t->edtl",
     [("wire", "write/s11_3_4_immediate_unsolicited_solicited")]),
    ("13.12", "Send no solicited sequence beyond MaxBurstLength", "iscsi/session/data.c",
     "if (r->length == 0 || r->length > s->n.max_burst)", "if (r->length == 0)",
     [("wire", "write_r2t_refuses/s11_8_4_longer_than_a_burst")]),
    ("13.19", "DataSequenceInOrder=Yes", "iscsi/session/order.c",
     "return p->offset == t->received ||", "return p->offset <= t->received ||",
     [("wire", "read_refuses/s13_18_offset_that_goes_back")]),
    # drawn later, with seed 7144
    ("4.2.4", "End the connection when anything but a Login Response", "iscsi/login/login.c",
     "if (pdu_opcode(bhs) != PDU_LOGIN_RESPONSE)",
     "if (pdu_opcode(bhs) != PDU_LOGIN_RESPONSE)\n        return;\n    else if (false)",
     [("wire", "login_refuses/s6_3_other_pdu"), ("wire", "login_refuses/s6_3_reject_pdu")]),
    ("4.2.5.2", "Make non-immediate unsolicited data", "iscsi/session/session.c",
     "t->unsolicited = s->n.initial_r2t ? immediate : first;",
     "t->unsolicited = s->n.initial_r2t || first == immediate ? immediate : first - 512;",
     [("wire", "write/s13_11_unsolicited_then_solicited"), ("wire", "write/s4_2_5_2_all_unsolicited")]),
    ("4.2.7.1", "Receive names of up to 223 bytes", "iscsi/login/login.c",
     "if (!n || n > NAME_MAX_LENGTH)", "if (!n || n >= NAME_MAX_LENGTH)",
     [("wire", "rules_login/s4_2_7_1_target_name_of_223_bytes")]),
    ("6.1", "Take at least 8192 bytes of text", "iscsi/login/login.c",
     "if (length > sizeof l->in - l->in_length)", "if (length >= 8192 - l->in_length)",
     [("wire", "rules_login/s6_1_text_of_8192_bytes_is_taken")]),
    ("6.2", "Base the outcome on values exchanged", "iscsi/login/keys.h",
     "512, 0xffffff, 8192, NULL, /* 13.12 */", "512, 0xffffff, 16384, NULL, /* 13.12 */",
     [("wire", "negotiate/s13_12_default_segment_length_is_8192"),
      ("unit-login", "keys/defaults_are_those_of_chapter_13")]),
    ("6.2", "Answer a key that is not understood", "iscsi/login/collect.c",
     'text_put(w, key, "NotUnderstood");', 'text_put(w, key, "Reject");',
     [("wire", "negotiate/s6_2_unknown_key_is_answered_not_understood")]),
    ("6.2.1", "Answer a list with its first value", "iscsi/login/negotiate.c",
     'keys_list_has(value, word) ? word : "Reject"', '"Reject"',
     [("wire", "rules_login/s6_2_1_first_supported_value_of_a_list")]),
    ("6.2.2", "Answer a simple value under the same key", "iscsi/login/negotiate.c",
     "if (!keys_determined(k, theirs) || k->type == KEY_MINIMUM || k->type == KEY_MAXIMUM)", "if (false)",
     [("unit-login", "operational/protocol_level_is_one")]),
    ("6.3.5", "Session reinstatement: the same ISID", "iscsi/pool/target.c",
     "pool_isid(t->pool, (uint16_t)index, c.login.isid);",
     "pool_isid(t->pool, (uint16_t)index, c.login.isid);\n"
     "    c.login.tsih = t->sessions[index].link.negotiated.tsih;",
     [("wire", "recovery/s6_3_5_same_isid_and_tsih_0"),
      ("wire", "rules/s6_3_5_reinstatement_has_the_same_isid_and_tsih_0")]),
    ("7.14", "Give precedence to session recovery", "iscsi/session/control.c",
     "    case 2:\n    case 3:\n", "    case 2:\n",
     [("wire", "recovery/s11_9_1_announced_loss"), ("wire", "async/s11_9_1_session_drop_announced")]),
    ("9.2", "End the connection when keys or values", "iscsi/login/keys.h",
     '"CHAP_I", NUMBER, 0, 255,', '"CHAP_I", NUMBER, 0, 65535,',
     [("wire", "chap_refuses/s12_1_3_identifier_over_255")]),
    ("9.2", "End the connection when keys or values", "iscsi/login/security.c",
     "if (!keys_list_has(list, value))", "if (false)",
     [("wire", "chap_refuses/s12_1_3_algorithm_that_was_not_offered")]),
    ("11.5.2", "Task management: no AHS, no data", "iscsi/session/control.c",
     "    t->abort_sent = true;\n", "    t->abort_sent = true;\n    ret->data = t->cdb;\n    ret->data_length = 4;\n",
     [("wire", "task/s11_5_1_cancel_sends_abort_task")]),
    ("11.7.4", "Data-Out answering an R2T", "iscsi/session/data.c",
     ".ttt = ttt,\n", ".ttt = ttt == PDU_TAG_NONE ? ttt : 1,\n", [("wire", "write_r2t/s13_17_several_outstanding")]),
    ("11.7.4", "Data-Out answering an R2T", "iscsi/session/data.c",
     ".lun = t->lun,\n", ".lun = 0,\n", [("wire", "write_r2t/s11_7_4_lun_is_the_commands")]),
    ("11.8.3", "Take StatSN of an R2T as the next one", "iscsi/session/data.c",
     "control_numbers(s, r.statsn, r.expcmdsn, r.maxcmdsn, false, e)",
     "control_numbers(s, r.statsn, r.expcmdsn, r.maxcmdsn, true, e)",
     [("wire", "write_r2t/s11_8_3_does_not_advance_expstatsn")]),
    ("11.13.5", "Close the connection when the Status-Class", "iscsi/login/login.c",
     "    if (r->status_class)\n        return status_error(", "    if (false)\n        return status_error(",
     [("wire", "login_status/s11_13_5_authentication_failure"), ("wire", "login_status/s11_13_5_out_of_resources")]),
    ("11.15", "Close the connection, or all, after logout", "iscsi/pool/link.c",
     "    link_break(k, &left);\n", "",
     [("unit-pool", "link/logs_out"), ("wire", "async/s11_9_1_logout_request_is_followed")]),
    ("12.1.3", "CHAP: go on with CHAP_N and CHAP_R", "iscsi/login/security.c",
     'text_put(w, "CHAP_N", s->auth->user);', "", [("wire", "chap/s12_1_3_md5_vector")]),
    ("12.1.3", "CHAP: go on with CHAP_N and CHAP_R", "iscsi/login/security.c",
     'put_binary(s, w, "CHAP_C", s->challenge, n);', "", [("wire", "chap_mutual/s12_1_3_target_proves_itself")]),
    ("13.1", "Use a digest agreed on in every PDU", "iscsi/conn/send.c",
     "if (s->header_digest) {", "if (s->header_digest && pdu->data_length) {", [("wire", "digest/s13_1_both")]),
    ("13.1", "Use a digest agreed on in every PDU", "iscsi/conn/send.c",
     "if (s->data_digest && pdu->data_length) {", "if (s->data_digest) {",
     [("wire", "digest/s11_2_3_none_without_data")]),
    ("13.1", "Compute the CRC as said", "iscsi/base/crc32c.h",
     "#define CRC32C_SEED 0xffffffffu", "#define CRC32C_SEED 0u",
     [("unit-conn", "frames/s11_1_out"), ("unit-conn", "frames/s11_1_in"), ("unit-wire", "digest/ones"),
      ("unit-wire", "digest/read_command_header")]),
]


def run(*command, **options):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **options)


def must(*command, **options):
    done = run(*command, **options)
    if done.returncode:
        sys.exit("%s:\n%s" % (" ".join(command), done.stdout))


def worktree(top):
    tree = os.path.join(top, "build-mutants")
    if not os.path.isdir(tree):
        must("git", "worktree", "add", "--force", "--detach", tree, "HEAD", cwd=top)
    must("git", "checkout", "--quiet", "--force", "--detach", run("git", "rev-parse", "HEAD", cwd=top).stdout.strip(),
         cwd=tree)
    if not os.path.isdir(os.path.join(tree, "build")):
        must("meson", "setup", "build", "--buildtype=release", "-Dwerror=false", cwd=tree)
    return tree


def check_rows(tree):
    """Each mutant is of a row that names its tests."""
    with open(os.path.join(tree, "docs/rfc7143.md"), encoding="utf-8") as f:
        rows = [line for line in f if line.startswith("| ")]
    for section, words, _, _, _, tests in MUTANTS:
        if not any(row.startswith("| %s | %s" % (section, words)) and all("`%s`" % t in row for _, t in tests)
                   for row in rows):
            sys.exit("docs/rfc7143.md has no row %s, \"%s\", with %s" % (section, words, tests))


def fails(tree, program, test):
    """Builds the program, and runs the one test; a mutant that does not build proves nothing."""
    where = next(os.path.join(folder, program) for folder, _, files in os.walk(os.path.join(tree, "build", "tests"))
                 if program in files)
    must("ninja", "-C", "build", os.path.relpath(where, os.path.join(tree, "build")), cwd=tree)
    with tempfile.TemporaryDirectory() as empty:
        done = run("timeout", "60", where, "--filter", test, cwd=empty)
    if done.returncode == 124:  # waits for a target that will not come: in the suite its deadline ends it
        return True
    if "Tested: 1 " not in done.stdout:
        sys.exit("%s runs no single test %s:\n%s" % (program, test, done.stdout))
    return done.returncode != 0


def main():
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    tree = worktree(top)
    check_rows(tree)
    must("ninja", "-C", "build", cwd=tree)
    lived = 0
    print("| Row | Broken in | Test | |\n|---|---|---|---|")
    for section, words, path, old, new, tests in MUTANTS:
        if sys.argv[1:] and section not in sys.argv[1:]:
            continue
        file = os.path.join(tree, path)
        with open(file, encoding="utf-8") as f:
            text = f.read()
        if text.count(old) != 1:
            sys.exit("%s: %d times: %s" % (path, text.count(old), old))
        with open(file, "w", encoding="utf-8") as f:
            f.write(text.replace(old, new))
        try:
            for program, test in tests:
                failed = fails(tree, program, test)
                lived += not failed
                print("| %s %s | %s | `%s` | %s |" % (section, words, path, test, "fails" if failed else "LIVES"),
                      flush=True)
        finally:
            with open(file, "w", encoding="utf-8") as f:
                f.write(text)
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main())
