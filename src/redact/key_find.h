/* SPDX-License-Identifier: MIT */
/* Which kinds of credentials a text holds: redact/keys.def. Stricter than what is masked, since who
 * is warned too often stops to look: lengths and checksums have to fit. It answers with names and
 * nothing of the text. Pure. */
#ifndef SPY_REDACT_KEY_FIND_H
#define SPY_REDACT_KEY_FIND_H

#include "base/span.h"

enum key_kind {
#define KIND(id, name, whose, checked) KEY_##id,
#define KEY(id, prefix, set, min, max, check)
#include "redact/keys.def"
#undef KIND
#undef KEY
	KEY_KINDS,
};

/* Bit N: enum key_kind N. */
typedef uint32_t key_set;
_Static_assert(KEY_KINDS <= 32, "a kind has no bit");

const char *key_kind_name(enum key_kind k);
/* KEY_KINDS: there is none. */
enum key_kind key_kind_of(struct span name);

/* Those of `wanted` that are in the text. blanked: it comes from a recording, where a key's rest is
 * a run of "*" of the same length, whose checksum cannot be told any more. */
key_set key_find(struct span text, key_set wanted, bool blanked);

/* The beginning of a key that is known by its shape, whether its checksum fits or not: static text;
 * NULL: it is not known. */
const char *key_prefix(struct span key);
/* The same text, where it is one. */
const char *key_prefix_named(struct span text);

#endif
