/* SPDX-License-Identifier: MIT */
/* Messages behind header fields with their length, as language servers frame JSON-RPC
 * (microsoft.github.io/language-server-protocol, base protocol; read November 2026):
 * "Content-Length: 52\r\n\r\n" and 52 bytes. */
#ifndef SPY_HTTP_LENGTH_FIELDS_H
#define SPY_HTTP_LENGTH_FIELDS_H

#include "base/span.h"

extern const struct framing_ops framing_length_fields;

/* Without the carriage return of its line end, and blanks. */
struct span length_field_line(struct span s);
/* Reads a line of such fields, without its line end. True: it says a length. What precedes the
 * name is passed over, so that the end of a message whose beginning is missing does no harm. */
bool length_field_read(struct span line, uint64_t *ret);

#endif
