/* SPDX-License-Identifier: Apache-2.0 */
/* Names for codes: SCSI status (SAM-5 5.3.1), sense keys (SPC-4 4.5.6), peripheral device types (SPC-4
 * 6.6.2), VPD pages (SPC-4 7.8.1, SBC-3 6.6.1). Pure, any thread. */
#include "scsi/decode.h"

const char *scsi_status_name(uint8_t status)
{
    switch (status) {
    case SCSI_GOOD:
        return "GOOD";
    case SCSI_CHECK_CONDITION:
        return "CHECK CONDITION";
    case SCSI_CONDITION_MET:
        return "CONDITION MET";
    case SCSI_BUSY:
        return "BUSY";
    case SCSI_RESERVATION_CONFLICT:
        return "RESERVATION CONFLICT";
    case SCSI_TASK_SET_FULL:
        return "TASK SET FULL";
    case SCSI_ACA_ACTIVE:
        return "ACA ACTIVE";
    case SCSI_TASK_ABORTED:
        return "TASK ABORTED";
    default:
        return "unknown status";
    }
}

const char *lun_sense_key_name(uint8_t key)
{
    static const char *const names[16] = {
        "no sense",       "recovered error", "not ready",      "medium error",
        "hardware error", "illegal request", "unit attention", "data protect",
        "blank check",    "vendor specific", "copy aborted",   "aborted command",
        "reserved",       "volume overflow", "miscompare",     "completed",
    };
    return key < 16 ? names[key] : "reserved";
}

const char *lun_device_type_name(uint8_t type)
{
    static const char *const names[32] = {
        [0x00] = "disk",
        [0x01] = "tape",
        [0x02] = "printer",
        [0x03] = "processor",
        [0x04] = "write-once",
        [0x05] = "cd-dvd",
        [0x06] = "scanner",
        [0x07] = "optical-memory",
        [0x08] = "media-changer",
        [0x09] = "communications",
        [0x0c] = "storage-array-controller",
        [0x0d] = "enclosure",
        [0x0e] = "simplified-disk",
        [0x0f] = "optical-card",
        [0x10] = "bridge-controller",
        [0x11] = "object-storage",
        [0x12] = "automation-drive",
        [0x13] = "security-manager",
        [0x14] = "zoned-disk",
        [0x1e] = "well-known",
        [0x1f] = "none",
    };
    return type < 32 && names[type] ? names[type] : "reserved";
}

const char *lun_vpd_name(uint8_t page)
{
    static const char *const names[256] = {
        [0x00] = "supported-vpd-pages",
        [0x80] = "unit-serial-number",
        [0x83] = "device-identification",
        [0x84] = "software-interface-identification",
        [0x85] = "management-network-addresses",
        [0x86] = "extended-inquiry-data",
        [0x87] = "mode-page-policy",
        [0x88] = "scsi-ports",
        [0x89] = "ata-information",
        [0x8a] = "power-condition",
        [0x8b] = "device-constituents",
        [0x8c] = "cfa-profile-information",
        [0x8d] = "power-consumption",
        [0x8f] = "third-party-copy",
        [0x90] = "protocol-specific-logical-unit-information",
        [0x91] = "protocol-specific-port-information",
        [0x92] = "scsi-feature-sets",
        [0xb0] = "block-limits",
        [0xb1] = "block-device-characteristics",
        [0xb2] = "logical-block-provisioning",
        [0xb3] = "referrals",
        [0xb4] = "supported-block-lengths-and-protection-types",
        [0xb5] = "block-device-characteristics-extension",
        [0xb6] = "zoned-block-device-characteristics",
        [0xb7] = "block-limits-extension",
    };
    return names[page];
}
