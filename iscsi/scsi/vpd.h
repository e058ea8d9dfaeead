/* SPDX-License-Identifier: Apache-2.0 */
/* How the decoders of single VPD pages are called. Pure; any thread. */
#ifndef LUN_SCSI_VPD_H
#define LUN_SCSI_VPD_H

#include "scsi/fields.h"

#define VPD_HEADER 4

/* Adds the facts of one page; s is the whole page, header and all, so offsets are the standard's. */
typedef void vpd_decoder(struct span s, struct lun_facts *f);

/* vpd_identification.c */
vpd_decoder vpd_device_identification, vpd_scsi_ports;
/* vpd_device.c */
vpd_decoder vpd_management_addresses, vpd_extended_inquiry, vpd_mode_page_policy, vpd_third_party_copy;
/* vpd_block.c */
vpd_decoder vpd_block_limits, vpd_block_characteristics, vpd_provisioning, vpd_referrals,
    vpd_block_limits_extension;

#endif
