/* SPDX-License-Identifier: Apache-2.0 */
/* Each file of the bad corpus is refused with one line that names the place. */
#include <criterion/criterion.h>

#include "support.h"

Test(config_bad, algorithm_twice)
{
    support_refused("bad/algorithm_twice.yaml",
                    "bad/algorithm_twice.yaml:4:62: auth.chap.algorithms: 'md5' is given twice");
}

Test(config_bad, algorithm_word)
{
    support_refused("bad/algorithm_word.yaml", "bad/algorithm_word.yaml:4:62: auth.chap.algorithms: 'md4' is "
                                               "not one of: md5, sha1, sha256, sha3-256");
}

Test(config_bad, algorithms_word)
{
    support_refused("bad/algorithms_word.yaml", "bad/algorithms_word.yaml:4:55: auth.chap.algorithms: must "
                                                "be a list of algorithms, not a single value");
}

Test(config_bad, alias)
{
    support_refused("bad/alias.yaml", "bad/alias.yaml:1:8: aliases (*name) are not supported");
}

Test(config_bad, anchor)
{
    support_refused("bad/anchor.yaml", "bad/anchor.yaml:1:8: anchors (&name) are not supported");
}

Test(config_bad, auth_a_word)
{
    support_refused("bad/auth_a_word.yaml",
                    "bad/auth_a_word.yaml:4:11: auth: must be a map of keys, not a single value");
}

Test(config_bad, bad_indent)
{
    support_refused("bad/bad_indent.yaml", "bad/bad_indent.yaml:3:4: not YAML: did not find expected '-' "
                                           "indicator while parsing a block collection");
}

Test(config_bad, block_text)
{
    support_refused("bad/block_text.yaml",
                    "bad/block_text.yaml:1:12: a value must be one line without control characters");
}

Test(config_bad, boolean_number)
{
    support_refused("bad/boolean_number.yaml",
                    "bad/boolean_number.yaml:4:16: read_only: must be true or false, not '1'");
}

Test(config_bad, boolean_quoted)
{
    support_refused("bad/boolean_quoted.yaml",
                    "bad/boolean_quoted.yaml:4:16: read_only: must be true or false, not a quoted string");
}

Test(config_bad, boolean_word)
{
    support_refused("bad/boolean_word.yaml",
                    "bad/boolean_word.yaml:4:16: read_only: must be true or false, not 'maybe'");
}

Test(config_bad, burst_order)
{
    support_refused(
        "bad/burst_order.yaml",
        "bad/burst_order.yaml:2:5: first_burst_length (131072) is larger than max_burst_length (65536)");
}

Test(config_bad, burst_over_default)
{
    support_refused("bad/burst_over_default.yaml", "bad/burst_over_default.yaml:2:5: first_burst_length "
                                                   "(2097152) is larger than max_burst_length (1048576)");
}

Test(config_bad, cache_list)
{
    support_refused("bad/cache_list.yaml",
                    "bad/cache_list.yaml:4:12: cache: must be one word, or a map of LUNs, not a list");
}

Test(config_bad, cache_lun_bad)
{
    support_refused("bad/cache_lun_bad.yaml",
                    "bad/cache_lun_bad.yaml:4:14: cache: must be one word, or a map of LUNs, not 'one'");
}

Test(config_bad, cache_lun_colon)
{
    support_refused("bad/cache_lun_colon.yaml",
                    "bad/cache_lun_colon.yaml:4:12: cache: '1:cached' is not one of: direct, cached");
}

Test(config_bad, cache_lun_twice)
{
    support_refused("bad/cache_lun_twice.yaml",
                    "bad/cache_lun_twice.yaml:4:25: cache: LUN 01 is given twice");
}

Test(config_bad, cache_lun_word)
{
    support_refused("bad/cache_lun_word.yaml",
                    "bad/cache_lun_word.yaml:4:28: cache: 'writeback' is not one of: direct, cached");
}

Test(config_bad, cache_nested)
{
    support_refused("bad/cache_nested.yaml",
                    "bad/cache_nested.yaml:4:17: cache: the mode of a LUN must be one word");
}

Test(config_bad, cache_word)
{
    support_refused("bad/cache_word.yaml",
                    "bad/cache_word.yaml:4:12: cache: 'writeback' is not one of: direct, cached");
}

Test(config_bad, chap_null)
{
    support_refused("bad/chap_null.yaml",
                    "bad/chap_null.yaml:5:12: auth.chap: must be a map of keys, not a single value");
}

Test(config_bad, control_character)
{
    support_refused("bad/control_character.yaml",
                    "bad/control_character.yaml:2:11: not YAML: control characters are not allowed");
}

Test(config_bad, deep_nesting)
{
    support_refused("bad/deep_nesting.yaml", "bad/deep_nesting.yaml:1:17: nested more than 8 deep");
}

Test(config_bad, defaults_a_list)
{
    support_refused("bad/defaults_a_list.yaml",
                    "bad/defaults_a_list.yaml:1:11: defaults: must be a map of keys, not a list");
}

Test(config_bad, digest_word)
{
    support_refused("bad/digest_word.yaml", "bad/digest_word.yaml:4:20: header_digest: 'crc32' is not one "
                                            "of: none, crc32c, prefer_crc32c, prefer_none");
}

Test(config_bad, discover_portal_bad)
{
    support_refused(
        "bad/discover_portal_bad.yaml",
        "bad/discover_portal_bad.yaml:2:13: portal: portal host:port: \":port\" is no port (1 to 65535)");
}

Test(config_bad, discover_portal_missing)
{
    support_refused("bad/discover_portal_missing.yaml",
                    "bad/discover_portal_missing.yaml:2:5: portal is missing");
}

Test(config_bad, duplicate_key)
{
    support_refused("bad/duplicate_key.yaml",
                    "bad/duplicate_key.yaml:3:1: key 'loops' is given twice, first on line 1");
}

Test(config_bad, duplicate_key_in_target)
{
    support_refused("bad/duplicate_key_in_target.yaml",
                    "bad/duplicate_key_in_target.yaml:4:5: key 'iqn' is given twice, first on line 2");
}

Test(config_bad, duplicate_name)
{
    support_refused("bad/duplicate_name.yaml",
                    "bad/duplicate_name.yaml:5:5: directory 'disk' is taken by the target on line 2");
}

Test(config_bad, duplicate_target)
{
    support_refused("bad/duplicate_target.yaml",
                    "bad/duplicate_target.yaml:4:10: target IQN.2026-01.com.example:Disk is given twice, "
                    "first on line 2");
}

Test(config_bad, empty)
{
    support_refused("bad/empty.yaml", "bad/empty.yaml:1:1: the file is empty");
}

Test(config_bad, empty_targets)
{
    support_refused("bad/empty_targets.yaml",
                    "bad/empty_targets.yaml:1:1: neither targets nor discover: nothing to mount");
}

Test(config_bad, escaped_control)
{
    support_refused("bad/escaped_control.yaml",
                    "bad/escaped_control.yaml:2:10: a value must be one line without control characters");
}

Test(config_bad, huge_nesting)
{
    support_refused("bad/huge_nesting.yaml", "bad/huge_nesting.yaml:1:17: nested more than 8 deep");
}

Test(config_bad, initiator_bad)
{
    support_refused("bad/initiator_bad.yaml", "bad/initiator_bad.yaml:1:12: initiator: iSCSI name begins "
                                              "with none of \"iqn.\", \"eui.\", \"naa.\": host7");
}

Test(config_bad, iqn_bad)
{
    support_refused(
        "bad/iqn_bad.yaml",
        "bad/iqn_bad.yaml:2:10: iqn: iSCSI name begins with none of \"iqn.\", \"eui.\", \"naa.\": disk");
}

Test(config_bad, iqn_empty)
{
    support_refused("bad/iqn_empty.yaml", "bad/iqn_empty.yaml:2:10: iqn: has no value");
}

Test(config_bad, iqn_missing)
{
    support_refused("bad/iqn_missing.yaml", "bad/iqn_missing.yaml:2:5: iqn is missing");
}

Test(config_bad, iqn_space)
{
    support_refused("bad/iqn_space.yaml",
                    "bad/iqn_space.yaml:2:10: iqn: iSCSI name may not hold ' ': iqn.2026-01.com.example:a b");
}

Test(config_bad, line_separator)
{
    support_refused("bad/line_separator.yaml",
                    "bad/line_separator.yaml:1:12: a value must be one line without control characters");
}

Test(config_bad, list_document)
{
    support_refused("bad/list_document.yaml", "bad/list_document.yaml:1:1: must be a map of keys");
}

Test(config_bad, login_timeout_too_short)
{
    support_refused(
        "bad/login_timeout_too_short.yaml",
        "bad/login_timeout_too_short.yaml:1:28: login_timeout: 99ms is out of range (100ms to 24h)");
}

Test(config_bad, loops_a_word)
{
    support_refused("bad/loops_a_word.yaml",
                    "bad/loops_a_word.yaml:1:8: loops: must be a number or auto, not 'two'");
}

Test(config_bad, loops_fraction)
{
    support_refused("bad/loops_fraction.yaml",
                    "bad/loops_fraction.yaml:1:8: loops: must be a number or auto, not '1.5'");
}

Test(config_bad, loops_hexadecimal)
{
    support_refused("bad/loops_hexadecimal.yaml",
                    "bad/loops_hexadecimal.yaml:1:8: loops: must be a number or auto, not '0x2'");
}

Test(config_bad, loops_list)
{
    support_refused("bad/loops_list.yaml", "bad/loops_list.yaml:1:8: loops: must be a number, not a list");
}

Test(config_bad, loops_map)
{
    support_refused("bad/loops_map.yaml", "bad/loops_map.yaml:1:8: loops: must be a number, not a map");
}

Test(config_bad, loops_negative)
{
    support_refused("bad/loops_negative.yaml",
                    "bad/loops_negative.yaml:1:8: loops: must be a number or auto, not '-1'");
}

Test(config_bad, loops_null)
{
    support_refused("bad/loops_null.yaml", "bad/loops_null.yaml:1:7: loops: has no value");
}

Test(config_bad, loops_overflow)
{
    support_refused("bad/loops_overflow.yaml",
                    "bad/loops_overflow.yaml:1:8: loops: 99999999999999999999999 is out of range (1 to 64)");
}

Test(config_bad, loops_quoted)
{
    support_refused("bad/loops_quoted.yaml",
                    "bad/loops_quoted.yaml:1:8: loops: must be a number or auto, not a quoted string");
}

Test(config_bad, loops_tilde)
{
    support_refused("bad/loops_tilde.yaml", "bad/loops_tilde.yaml:1:8: loops: has no value");
}

Test(config_bad, loops_too_many)
{
    support_refused("bad/loops_too_many.yaml",
                    "bad/loops_too_many.yaml:1:8: loops: 65 is out of range (1 to 64)");
}

Test(config_bad, poll_too_long)
{
    support_refused("bad/poll_too_long.yaml",
                    "bad/poll_too_long.yaml:1:7: poll: 2ms is out of range (1us to 1ms)");
}

Test(config_bad, poll_no_unit)
{
    support_refused(
        "bad/poll_no_unit.yaml",
        "bad/poll_no_unit.yaml:1:7: poll: must be a time with its unit, like 100us or 1ms, not '100'");
}

Test(config_bad, loops_zero)
{
    support_refused("bad/loops_zero.yaml", "bad/loops_zero.yaml:1:8: loops: 0 is out of range (1 to 64)");
}

Test(config_bad, luns_empty)
{
    support_refused("bad/luns_empty.yaml", "bad/luns_empty.yaml:4:11: luns: must not be empty");
}

Test(config_bad, luns_number)
{
    support_refused("bad/luns_number.yaml",
                    "bad/luns_number.yaml:4:11: luns: must be a list of numbers, not a single value");
}

Test(config_bad, luns_twice)
{
    support_refused("bad/luns_twice.yaml", "bad/luns_twice.yaml:4:19: luns: 0 is given twice");
}

Test(config_bad, luns_word)
{
    support_refused("bad/luns_word.yaml",
                    "bad/luns_word.yaml:4:16: luns: must be a list of numbers, not 'one'");
}

Test(config_bad, map_as_key)
{
    support_refused("bad/map_as_key.yaml", "bad/map_as_key.yaml:1:1: a key must be a plain word");
}

Test(config_bad, memory_limit_overflow)
{
    support_refused("bad/memory_limit_overflow.yaml",
                    "bad/memory_limit_overflow.yaml:1:15: memory_limit: 18446744073709551615KiB is out of "
                    "range (8MiB to 1TiB)");
}

Test(config_bad, memory_limit_small)
{
    support_refused("bad/memory_limit_small.yaml",
                    "bad/memory_limit_small.yaml:1:15: memory_limit: 1MiB is out of range (8MiB to 1TiB)");
}

Test(config_bad, memory_limit_unit)
{
    support_refused("bad/memory_limit_unit.yaml", "bad/memory_limit_unit.yaml:1:15: memory_limit: must be a "
                                                  "size like 65536, 256KiB or 64MiB, not '64MB'");
}

Test(config_bad, merge_alias)
{
    support_refused("bad/merge_alias.yaml", "bad/merge_alias.yaml:1:11: anchors (&name) are not supported");
}

Test(config_bad, mode_digits)
{
    support_refused("bad/mode_digits.yaml",
                    "bad/mode_digits.yaml:4:11: mode: '0680' is not an octal mode like \"0640\"");
}

Test(config_bad, mode_setuid)
{
    support_refused("bad/mode_setuid.yaml",
                    "bad/mode_setuid.yaml:4:11: mode: 4755 is out of range (0 to 0777)");
}

Test(config_bad, mode_symbolic)
{
    support_refused("bad/mode_symbolic.yaml",
                    "bad/mode_symbolic.yaml:4:11: mode: 'rw-------' is not an octal mode like \"0640\"");
}

Test(config_bad, mutual_password)
{
    support_refused("bad/mutual_password.yaml", "bad/mutual_password.yaml:4:23: unknown key 'password'");
}

Test(config_bad, mutual_without_chap)
{
    support_refused("bad/mutual_without_chap.yaml",
                    "bad/mutual_without_chap.yaml:2:5: auth.chap.user is missing");
}

Test(config_bad, mutual_without_file)
{
    support_refused("bad/mutual_without_file.yaml",
                    "bad/mutual_without_file.yaml:2:5: auth.mutual needs both user and password_file");
}

Test(config_bad, name_by_id)
{
    support_refused("bad/name_by_id.yaml", "bad/name_by_id.yaml:4:11: name: 'by-id' is taken");
}

Test(config_bad, name_dots)
{
    support_refused("bad/name_dots.yaml", "bad/name_dots.yaml:4:11: name: '..' is taken");
}

Test(config_bad, name_is_other_iqn)
{
    support_refused("bad/name_is_other_iqn.yaml",
                    "bad/name_is_other_iqn.yaml:4:5: directory 'iqn.2026-01.com.example:disk' is taken by "
                    "the target on line 2");
}

Test(config_bad, name_long)
{
    support_refused(
        "bad/name_long.yaml",
        "bad/name_long.yaml:4:11: name: 'nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn' "
        "cannot be the name of a directory");
}

Test(config_bad, name_slash)
{
    support_refused("bad/name_slash.yaml",
                    "bad/name_slash.yaml:4:11: name: 'a/b' cannot be the name of a directory");
}

Test(config_bad, no_colon_value)
{
    support_refused("bad/no_colon_value.yaml",
                    "bad/no_colon_value.yaml:2:8: not YAML: mapping values are not allowed in this context");
}

Test(config_bad, not_utf8)
{
    support_refused("bad/not_utf8.yaml", "bad/not_utf8.yaml:2:15: not YAML: invalid leading UTF-8 octet");
}

Test(config_bad, not_utf8_after_wide)
{
    support_refused("bad/not_utf8_after_wide.yaml",
                    "bad/not_utf8_after_wide.yaml:2:9: not YAML: invalid trailing UTF-8 octet");
}

Test(config_bad, nothing_to_mount)
{
    support_refused("bad/nothing_to_mount.yaml",
                    "bad/nothing_to_mount.yaml:1:1: neither targets nor discover: nothing to mount");
}

Test(config_bad, nul_in_value)
{
    support_refused("bad/nul_in_value.yaml",
                    "bad/nul_in_value.yaml:1:12: a value must be one line without control characters");
}

Test(config_bad, null_document)
{
    support_refused("bad/null_document.yaml", "bad/null_document.yaml:2:1: the file is empty");
}

Test(config_bad, offer_word)
{
    support_refused("bad/offer_word.yaml",
                    "bad/offer_word.yaml:4:18: initial_r2t: must be true or false or auto, not '2'");
}

Test(config_bad, on_outage)
{
    support_refused("bad/on_outage.yaml",
                    "bad/on_outage.yaml:4:16: on_outage: 'retry' is not one of: wait, fail");
}

Test(config_bad, only_comments)
{
    support_refused("bad/only_comments.yaml", "bad/only_comments.yaml:3:1: the file is empty");
}

Test(config_bad, password_and_file)
{
    support_refused("bad/password_and_file.yaml", "bad/password_and_file.yaml:4:77: auth.chap.password_file: "
                                                  "password and password_file exclude each other");
}

Test(config_bad, password_file_absent)
{
    support_refused("bad/password_file_absent.yaml",
                    "bad/password_file_absent.yaml:4:49: no-such.secret: No such file or directory");
}

Test(config_bad, password_file_directory)
{
    support_refused("bad/password_file_directory.yaml",
                    "bad/password_file_directory.yaml:4:49: ../bad: not a regular file");
}

Test(config_bad, password_list)
{
    support_refused("bad/password_list.yaml",
                    "bad/password_list.yaml:4:44: auth.chap.password: must be a text, not a list");
}

Test(config_bad, password_missing)
{
    support_refused("bad/password_missing.yaml",
                    "bad/password_missing.yaml:2:5: no password for CHAP: give a password_file, or "
                    "LUNFS_CHAP_PASSWORD in the environment");
}

Test(config_bad, password_null)
{
    support_refused("bad/password_null.yaml",
                    "bad/password_null.yaml:4:44: auth.chap.password: has no value");
}

Test(config_bad, portal_in_target)
{
    support_refused("bad/portal_in_target.yaml", "bad/portal_in_target.yaml:4:5: key 'portal' is not allowed "
                                                 "in an entry of targets, only in an entry of discover");
}

Test(config_bad, portal_ipv6)
{
    support_refused("bad/portal_ipv6.yaml",
                    "bad/portal_ipv6.yaml:3:16: portals: portal [fd00::5:3260: no ']' after the address");
}

Test(config_bad, portal_port)
{
    support_refused(
        "bad/portal_port.yaml",
        "bad/portal_port.yaml:3:28: portals: portal 192.0.2.11:99999: \":99999\" is no port (1 to 65535)");
}

Test(config_bad, portals_a_word)
{
    support_refused("bad/portals_a_word.yaml",
                    "bad/portals_a_word.yaml:3:14: portals: must be a list of portals, not a single value");
}

Test(config_bad, portals_empty)
{
    support_refused("bad/portals_empty.yaml", "bad/portals_empty.yaml:3:14: portals: must not be empty");
}

Test(config_bad, portals_in_discover)
{
    support_refused("bad/portals_in_discover.yaml",
                    "bad/portals_in_discover.yaml:2:5: key 'portals' is not allowed in an entry of discover, "
                    "only in an entry of targets");
}

Test(config_bad, portals_missing)
{
    support_refused("bad/portals_missing.yaml", "bad/portals_missing.yaml:2:5: portals is missing");
}

Test(config_bad, portals_nested)
{
    support_refused("bad/portals_nested.yaml",
                    "bad/portals_nested.yaml:3:16: portals: each item must be a single value");
}

Test(config_bad, queue_depth_range)
{
    support_refused("bad/queue_depth_range.yaml",
                    "bad/queue_depth_range.yaml:4:18: queue_depth: 1025 is out of range (1 to 1024)");
}

Test(config_bad, queue_depth_zero)
{
    support_refused("bad/queue_depth_zero.yaml",
                    "bad/queue_depth_zero.yaml:4:18: queue_depth: 0 is out of range (1 to 1024)");
}

Test(config_bad, queue_depth_word)
{
    support_refused("bad/queue_depth_word.yaml",
                    "bad/queue_depth_word.yaml:4:18: queue_depth: must be a number or auto, not 'automatic'");
}

Test(config_bad, max_transfer_too_short)
{
    support_refused(
        "bad/max_transfer_too_short.yaml",
        "bad/max_transfer_too_short.yaml:4:19: max_transfer: 2KiB is out of range (4KiB to 1MiB)");
}

Test(config_bad, max_transfer_too_long)
{
    support_refused("bad/max_transfer_too_long.yaml",
                    "bad/max_transfer_too_long.yaml:4:19: max_transfer: 2MiB is out of range (4KiB to 1MiB)");
}

Test(config_bad, max_transfer_word)
{
    support_refused(
        "bad/max_transfer_word.yaml",
        "bad/max_transfer_word.yaml:4:19: max_transfer: must be a size like 65536, 256KiB or 64MiB "
        "or auto, not 'most'");
}

/* Where nothing chooses, "auto" is no value. */
Test(config_bad, auto_timeout)
{
    support_refused("bad/auto_timeout.yaml",
                    "bad/auto_timeout.yaml:4:17: io_timeout: must be a time with its "
                    "unit, like 500ms, 15s or 2m, not 'auto'");
}

Test(config_bad, r2t_range)
{
    support_refused("bad/r2t_range.yaml",
                    "bad/r2t_range.yaml:4:26: max_outstanding_r2t: 65536 is out of range (1 to 65535)");
}

Test(config_bad, replacement_timeout)
{
    support_refused(
        "bad/replacement_timeout.yaml",
        "bad/replacement_timeout.yaml:1:34: replacement_timeout: 25h is out of range (100ms to 24h)");
}

Test(config_bad, require_word)
{
    support_refused("bad/require_word.yaml",
                    "bad/require_word.yaml:1:10: require: 'some' is not one of: any, all, none");
}

Test(config_bad, scalar_document)
{
    support_refused("bad/scalar_document.yaml", "bad/scalar_document.yaml:1:1: must be a map of keys");
}

Test(config_bad, segment_large)
{
    support_refused(
        "bad/segment_large.yaml",
        "bad/segment_large.yaml:4:35: max_recv_data_segment_length: 16MiB is out of range (512 to 16777215)");
}

Test(config_bad, segment_small)
{
    support_refused(
        "bad/segment_small.yaml",
        "bad/segment_small.yaml:4:35: max_recv_data_segment_length: 511 is out of range (512 to 16777215)");
}

Test(config_bad, sessions_range)
{
    support_refused("bad/sessions_range.yaml",
                    "bad/sessions_range.yaml:4:15: sessions: 65 is out of range (1 to 64)");
}

Test(config_bad, tab_indent)
{
    support_refused("bad/tab_indent.yaml", "bad/tab_indent.yaml:2:1: not YAML: found character that cannot "
                                           "start any token while scanning for the next token");
}

Test(config_bad, tag)
{
    support_refused("bad/tag.yaml", "bad/tag.yaml:1:8: tags (!name) are not supported");
}

Test(config_bad, tag_on_map)
{
    support_refused("bad/tag_on_map.yaml", "bad/tag_on_map.yaml:1:11: tags (!name) are not supported");
}

Test(config_bad, target_a_word)
{
    support_refused("bad/target_a_word.yaml", "bad/target_a_word.yaml:2:5: each entry must be a map of keys");
}

Test(config_bad, target_key_at_top)
{
    support_refused("bad/target_key_at_top.yaml",
                    "bad/target_key_at_top.yaml:1:1: key 'sessions' is not allowed at the top of the file, "
                    "only in defaults, targets and discover");
}

Test(config_bad, target_key_in_defaults)
{
    support_refused("bad/target_key_in_defaults.yaml",
                    "bad/target_key_in_defaults.yaml:1:13: key 'iqn' is not allowed in defaults, only in an "
                    "entry of targets");
}

Test(config_bad, targets_a_map)
{
    support_refused("bad/targets_a_map.yaml",
                    "bad/targets_a_map.yaml:1:10: targets: must be a list of maps, not a map");
}

Test(config_bad, targets_null)
{
    support_refused("bad/targets_null.yaml",
                    "bad/targets_null.yaml:1:9: targets: must be a list of maps, not a single value");
}

Test(config_bad, timeout_too_long)
{
    support_refused("bad/timeout_too_long.yaml",
                    "bad/timeout_too_long.yaml:1:19: shutdown_timeout: 25h is out of range (0ms to 24h)");
}

Test(config_bad, timeout_unit)
{
    support_refused("bad/timeout_unit.yaml", "bad/timeout_unit.yaml:1:19: shutdown_timeout: must be a time "
                                             "with its unit, like 500ms, 15s or 2m, not '15 s'");
}

Test(config_bad, timeout_without_unit)
{
    support_refused("bad/timeout_without_unit.yaml",
                    "bad/timeout_without_unit.yaml:1:19: shutdown_timeout: must be a time with its unit, "
                    "like 500ms, 15s or 2m, not '15'");
}

Test(config_bad, top_key_in_target)
{
    support_refused("bad/top_key_in_target.yaml",
                    "bad/top_key_in_target.yaml:4:5: key 'loops' is not allowed in an entry of targets, only "
                    "at the top of the file");
}

Test(config_bad, two_documents)
{
    support_refused("bad/two_documents.yaml",
                    "bad/two_documents.yaml:5:1: only one document in a file is supported");
}

Test(config_bad, uid_name)
{
    support_refused("bad/uid_name.yaml", "bad/uid_name.yaml:4:10: uid: must be a number, not 'root'");
}

Test(config_bad, uid_too_large)
{
    support_refused("bad/uid_too_large.yaml",
                    "bad/uid_too_large.yaml:4:10: uid: 4294967295 is out of range (0 to 4294967294)");
}

Test(config_bad, unclosed_bracket)
{
    support_refused("bad/unclosed_bracket.yaml", "bad/unclosed_bracket.yaml:2:6: not YAML: did not find "
                                                 "expected ',' or ']' while parsing a flow sequence");
}

Test(config_bad, unclosed_quote)
{
    support_refused("bad/unclosed_quote.yaml", "bad/unclosed_quote.yaml:3:1: not YAML: found unexpected end "
                                               "of stream while scanning a quoted scalar");
}

Test(config_bad, unknown_key)
{
    support_refused("bad/unknown_key.yaml", "bad/unknown_key.yaml:1:1: unknown key 'colour'");
}

Test(config_bad, unknown_key_close)
{
    support_refused("bad/unknown_key_close.yaml",
                    "bad/unknown_key_close.yaml:1:1: unknown key 'initator' (did you mean 'initiator'?)");
}

Test(config_bad, unknown_key_in_auth)
{
    support_refused("bad/unknown_key_in_auth.yaml",
                    "bad/unknown_key_in_auth.yaml:4:13: unknown key 'kerberos'");
}

Test(config_bad, unknown_key_in_chap)
{
    support_refused("bad/unknown_key_in_chap.yaml",
                    "bad/unknown_key_in_chap.yaml:4:21: unknown key 'usr' (did you mean 'user'?)");
}

Test(config_bad, unknown_key_in_defaults)
{
    support_refused(
        "bad/unknown_key_in_defaults.yaml",
        "bad/unknown_key_in_defaults.yaml:2:3: unknown key 'data_digests' (did you mean 'data_digest'?)");
}

Test(config_bad, unknown_key_in_target)
{
    support_refused(
        "bad/unknown_key_in_target.yaml",
        "bad/unknown_key_in_target.yaml:4:5: unknown key 'read_onli' (did you mean 'read_only'?)");
}

Test(config_bad, user_missing)
{
    support_refused("bad/user_missing.yaml", "bad/user_missing.yaml:2:5: auth.chap.user is missing");
}

Test(config_bad, utf16)
{
    support_refused("bad/utf16.yaml", "bad/utf16.yaml:1:1: not YAML: invalid leading UTF-8 octet");
}
