/* SPDX-License-Identifier: Apache-2.0 */
/* VPD pages made of designation descriptors: device identification and SCSI ports. Pure, any thread. SPC-4
 * 7.8.6, 7.8.15. */
#include "scsi/designator.h"
#include "scsi/vpd.h"

void vpd_device_identification(struct span s, struct lun_facts *f)
{
    struct span list = span_from(s, VPD_HEADER);
    designator_facts(reader_over(list.data, list.have), "", f);
}

/* One SCSI port designation descriptor; false when the rest is not a whole one. */
static bool vpd_scsi_port(struct reader *r, const char *path, struct lun_facts *f)
{
    reader_take(r, 2);
    uint16_t port = reader_be16(r);
    reader_take(r, 2);
    size_t transport_length = reader_be16(r);
    const uint8_t *transport = reader_take(r, transport_length);
    reader_take(r, 2);
    size_t designators_length = reader_be16(r);
    struct reader designators = reader_sub(r, designators_length);
    if (r->bad)
        return false;
    lun_facts_number(f, path, "relative_port_identifier", port, NULL);
    if (transport_length)
        lun_facts_hex(f, path, "initiator_port_transportid", transport, transport_length);
    designator_facts(designators, path, f);
    return true;
}

void vpd_scsi_ports(struct span s, struct lun_facts *f)
{
    struct span list = span_from(s, VPD_HEADER);
    struct reader r = reader_over(list.data, list.have);
    for (size_t i = 0; r.left; i++) {
        char path[FIELD_PATH];
        field_path(path, "", "scsi_ports", i);
        if (!vpd_scsi_port(&r, path, f)) {
            fields_truncated(f);
            break;
        }
    }
}
