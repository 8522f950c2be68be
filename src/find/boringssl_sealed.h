/* SPDX-License-Identifier: MIT */
/* A second way out of BoringSSL: some forks, for Rust's asynchronous input and output, encrypt into
 * the caller's memory, and the program sends the records by itself:
 *
 *   int seal(SSL *, uint8_t *out, size_t max, size_t *out_len, const struct { p, len } *in, size_t
 * n, | size_t in_len, size_t *done)          0: all went well
 *
 * What stands behind the | is on the stack. An exported function clears the errors and jumps to
 * it. Pure. Only x86-64. Measured on wreq 0.13.0 (the crate btls). */
#ifndef SPY_FIND_BORINGSSL_SEALED_H
#define SPY_FIND_BORINGSSL_SEALED_H

#include "find/finder.h"

/* Adds it to what was found of BoringSSL, if it is there. */
void boringssl_sealed_add(const struct image *im, struct finding *ret);

#endif
