/* SPDX-License-Identifier: Apache-2.0 */
/* The eight-byte LUN field (SAM-5 4.7) and the decimal LUN users see. Pure; any thread. */
#ifndef LUN_WIRE_LUN_FIELD_H
#define LUN_WIRE_LUN_FIELD_H

#include <stdbool.h>
#include <stdint.h>

/* Decimal LUN to field: peripheral device addressing below 256, flat space below 16384, else the extended
 * flat form the number was made from. False when no single-level address carries it. */
bool lun_field_from_number(uint64_t number, uint64_t *ret_field);
/* Field (big-endian number) to decimal LUN: peripheral with bus 0 and flat space give the plain number;
 * anything else gives a number that lun_field_from_number turns back into the same field, or false. */
bool lun_field_to_number(uint64_t field, uint64_t *ret_number);

#endif
