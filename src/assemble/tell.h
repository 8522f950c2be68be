/* SPDX-License-Identifier: MIT */
/* Calls of observers. What they see is masked before (exchange/redact.h). Masking the bodies again,
 * whose contents are in the record already, would cost the most by far; so where no output shows
 * them, their text is out of the record while observers see it, and gone when it is read no more.
 * Sizes and digests stay. */
#ifndef SPY_ASSEMBLE_TELL_H
#define SPY_ASSEMBLE_TELL_H

#include "assemble/assembly.h"

void tell_opened(struct assembly *k);
void tell_request(struct assembly *k);
void tell_response(struct assembly *k);
void tell_delta(struct assembly *k, const struct exchange_delta *d);
/* It ended, or it is superseded if it is hidden; its record is frozen from here on. */
void tell_ended(struct assembly *k);

#endif
