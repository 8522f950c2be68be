/* SPDX-License-Identifier: MIT */
#include "exchange/key_print.h"

#include <nettle/hmac.h>
#include <stdio.h>

#include "redact/credential.h"
#include "redact/key_find.h"

#define ID_BYTES 8
/* Longer ones are told apart by so much. */
#define KEY_MAX (16 << 10)

/* Where keys of APIs come, the likelier first. */
static const char *const fields[] = {
	"authorization",
	"x-api-key",
	"x-goog-api-key",
	"api-key",
	"ocp-apim-subscription-key",
	"x-litellm-api-key",
	"x-portkey-api-key",
};
static const char of_query[] = "key=";

static bool is_masked(struct span key)
{
	for (size_t i = 0; i < key.len; i++)
		if (key.ptr[i] != '*')
			return false;
	return true;
}

/* "AWS4-HMAC-SHA256 Credential=AKIA.../20260101/..., Signature=...": the signature is new each
 * time. */
static struct span without_signature(struct span value)
{
	struct span name = span_behind(value, SPAN_LIT("Credential="));

	return name.ptr && span_starts(value, SPAN_LIT("AWS4-"))
		       ? span_first(name, span_find(name, '/'))
		       : value;
}

static struct span key_of(struct span value)
{
	struct span signer = without_signature(value);

	return signer.ptr != value.ptr ? signer : span_from(value, credential_scheme(value));
}

static void write_id(struct key_print *k, const struct key_secret *s, struct span key)
{
	struct hmac_sha256_ctx hmac;
	uint8_t digest[ID_BYTES];

	hmac_sha256_set_key(&hmac, sizeof(s->bytes), s->bytes);
	hmac_sha256_update(&hmac, key.len, key.ptr);
	hmac_sha256_digest(&hmac, sizeof(digest), digest);
	for (size_t i = 0; i < sizeof(digest); i++)
		snprintf(k->id + 2 * i, 3, "%02x", digest[i]);
}

/* False: there is none, or it was blanked. */
static bool take(struct key_print *k, const struct key_secret *s, struct span value,
		 const char *from)
{
	struct span key = span_first(span_trim(key_of(value)), KEY_MAX);
	const char *prefix = key_prefix(key);

	if (!key.len || is_masked(key))
		return false;
	write_id(k, s, key);
	k->hint = prefix ? prefix : from;
	return true;
}

static bool take_field(struct key_print *k, const struct key_secret *s, const struct http_head *h,
		       const char *name)
{
	for (size_t i = 0; i < h->nfields; i++)
		if (span_caseeq(h->fields[i].name, span_str(name)) &&
		    take(k, s, h->fields[i].value, name))
			return true;
	return false;
}

/* "/v1beta/models/x:generateContent?key=AIza..." */
static void take_query(struct key_print *k, const struct key_secret *s, struct span target)
{
	struct span rest = span_behind(target, SPAN_LIT("?"));

	while (rest.len) {
		size_t len = span_find(rest, '&');
		struct span pair = span_first(rest, len);

		if (span_starts(pair, span_str(of_query)) &&
		    take(k, s, span_from(pair, sizeof(of_query) - 1), of_query))
			return;
		rest = span_from(rest, len + 1);
	}
}

void key_print_take(struct key_print *k, const struct key_secret *s, const struct http_head *h)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (take_field(k, s, h, fields[i]))
			return;
	take_query(k, s, h->target);
}

/* ---- in a recording ---- */

size_t key_print_write(const struct key_print *k, char ret[KEY_PRINT_TEXT])
{
	int n = snprintf(ret, KEY_PRINT_TEXT, "%s %s", k->id, k->hint ? k->hint : "");

	return n < KEY_PRINT_TEXT ? (size_t)n : KEY_PRINT_TEXT - 1;
}

static const char *hint_of(struct span text)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++)
		if (span_eq(text, span_str(fields[i])))
			return fields[i];
	return span_eq(text, span_str(of_query)) ? of_query : key_prefix_named(text);
}

bool key_print_read(struct span text, struct key_print *ret)
{
	struct key_print k = { 0 };

	if (text.len < 2 * ID_BYTES + 1 || text.ptr[2 * ID_BYTES] != ' ')
		return false;
	for (size_t i = 0; i < 2 * ID_BYTES; i++)
		if (!strchr("0123456789abcdef", text.ptr[i]) || !text.ptr[i])
			return false;
	memcpy(k.id, text.ptr, 2 * ID_BYTES);
	k.hint = hint_of(span_from(text, 2 * ID_BYTES + 1));
	*ret = k;
	return true;
}
