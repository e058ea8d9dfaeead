/* SPDX-License-Identifier: Apache-2.0 */
/* What a Login Response with a status other than success means (RFC 7143 11.13.5). Pure; any thread. */
#ifndef LUN_LOGIN_STATUS_H
#define LUN_LOGIN_STATUS_H

#include "lun.h"

#define STATUS_ADDRESS 256

/* Fills e for this status (class not 0) and returns false. For a redirection ret_address gets the first
 * TargetAddress of the text, else it is left alone. */
bool status_error(uint8_t class, uint8_t detail, const uint8_t *text, uint32_t length,
                  char ret_address[static STATUS_ADDRESS], struct lun_error *e);

#endif
