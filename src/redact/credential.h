/* SPDX-License-Identifier: MIT */
/* What is a secret, in one place. Values are masked before anything is shown or stored. */
#ifndef SPY_REDACT_CREDENTIAL_H
#define SPY_REDACT_CREDENTIAL_H

#include "base/buf.h"
#include "base/span.h"

/* Header fields whose value is a credential (any case): authorization, proxy-authorization,
 * x-api-key, api-key, x-goog-api-key, cookie, set-cookie ... also any name that ends in
 * "api-key", "apikey", "-token" or "-secret". */
bool credential_header(struct span name);

/* Members of JSON and variables whose value is a credential, in any style of writing: api_key,
 * clientSecret, AWS_SECRET_ACCESS_KEY ..., and header fields. */
bool credential_member(struct span name);
/* Whether the name of some member or header field ends in these two characters. */
bool credential_may_end(uint8_t before, uint8_t last);
/* "token" and the like: a credential if the value looks like one. */
bool credential_vague_member(struct span name);
/* Parameters of a URL; any name that is percent-encoded. */
bool credential_query(struct span name);
/* Length of "Bearer " and the like at the value's beginning; 0 when nothing follows or precedes. */
#define CREDENTIAL_SCHEME_MAX 17
size_t credential_scheme(struct span value);

/* The value as it may be shown: the scheme is kept ("Bearer ***"), cookies keep their names. */
void credential_mask_value(struct span name, struct span value, struct buf *out);

/* A request target with the values of key, api_key, token, access_token, sig ... replaced. */
void credential_mask_target(struct span target, struct buf *out);

/* One argument of a command line, appended with credentials replaced: header fields (curl -H),
 * values of options and variables named like one, query values, words of the form sk-... `before`
 * is the argument before it, which may name it. */
void credential_mask_argument(struct span before, struct span arg, struct buf *out);

/* For recordings: blanks secrets with '*' in a stream of HTTP/1.x bytes that arrives in pieces,
 * keeping every length, so that offsets stay true. One per connection and direction; zeroed to
 * begin. Covers values of secret header fields but for their scheme, wherever a line begins with
 * such a field, and query values in request lines. */
struct credential_scan {
	unsigned state;
	size_t len;    /* of word */
	char word[32]; /* tail of the name that is being read, lower case */
};
void credential_scrub(struct credential_scan *s, uint8_t *bytes, size_t len);
/* A request target by itself, byte by byte: whether the byte after `c` belongs to a credential, if
 * it is no '&'. One struct per target; zeroed to begin. */
bool credential_target_next(struct credential_scan *s, uint8_t c);
/* Bytes were lost: what follows may start inside a secret, so it is blanked to the line's end. */
void credential_gap(struct credential_scan *s);

#endif
