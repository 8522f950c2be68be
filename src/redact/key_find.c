/* SPDX-License-Identifier: MIT */
#include "redact/key_find.h"

#include <nettle/base64.h>
#include <zlib.h>

#include "redact/redact_int.h"

enum check {
	CHECK_MIX,    /* digits and letters */
	CHECK_HEX,    /* lower case */
	CHECK_BASE32, /* and no example of a manual */
	CHECK_CRC62,  /* the last six are the CRC-32 of the others, in base 62 */
	CHECK_PAT,    /* 22, "_", 59 */
	CHECK_SENDGRID,
	CHECK_OPENAI,
	CHECK_JWT,
};

static const char *const kind_names[] = {
#define KIND(id, name, whose, checked) name,
#define KEY(id, prefix, set, min, max, check)
#include "redact/keys.def"
#undef KIND
#undef KEY
};

static const struct key {
	enum key_kind kind;
	const char *prefix;
	size_t len;
	unsigned set;
	size_t min, max;
	enum check check;
} keys[] = {
#define KIND(id, name, whose, checked)
#define KEY(id, prefix, set, min, max, check)                                                      \
	{ KEY_##id, prefix, sizeof(prefix) - 1, set, min, max, check },
#include "redact/keys.def"
#undef KIND
#undef KEY
};
#define KEYS (sizeof(keys) / sizeof(*keys))

const char *key_kind_name(enum key_kind k)
{
	return kind_names[k];
}

enum key_kind key_kind_of(struct span name)
{
	enum key_kind k = 0;

	while (k < KEY_KINDS && !span_eq(name, span_str(kind_names[k])))
		k++;
	return k;
}

/* ---- checks ---- */

static bool all_in(struct span s, const char *characters)
{
	for (size_t i = 0; i < s.len; i++)
		if (!s.ptr[i] || !strchr(characters, s.ptr[i]))
			return false;
	return true;
}

static bool is_mix(struct span s)
{
	size_t same = 1, most = 1;

	/* "xxxxxxxx1" and the like stand for a key. */
	for (size_t i = 1; i < s.len; i++) {
		same = s.ptr[i] == s.ptr[i - 1] ? same + 1 : 1;
		most = same > most ? same : most;
	}
	return has(s, SET_DIGIT) && has(s, SET_LETTER) && most < 6;
}

static bool is_hex(struct span s)
{
	return all_in(s, "0123456789abcdef") && is_mix(s);
}

/* AWS marks those of its manuals so. */
static bool is_aws(struct span s)
{
	return all_in(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") && !span_ends(s, SPAN_LIT("EXAMPLE"));
}

/* Source: github.blog, 2021-04-05, "Behind GitHub's new authentication token formats". */
static bool has_crc62(struct span s)
{
	static const char digits[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t len = s.len - 6;
	uint32_t crc = (uint32_t)crc32(0, s.ptr, (uInt)len);

	for (size_t i = s.len; i > len; i--, crc /= 62)
		if (s.ptr[i - 1] != (uint8_t)digits[crc % 62])
			return false;
	return true;
}

/* Of the three parts of a token the first is read. */
static bool is_jwt(struct span s)
{
	uint8_t head[BASE64_DECODE_LENGTH(512)];
	struct base64_decode_ctx ctx;
	size_t dot = span_find(s, '.'), len = sizeof(head);
	struct span rest = span_from(s, dot + 1);
	size_t second = span_find(rest, '.');

	if (dot > 512 || second < 8 || second == rest.len)
		return false;
	base64url_decode_init(&ctx);
	return base64_decode_update(&ctx, &len, head, dot, (const char *)s.ptr) &&
	       memmem(head, len, "\"alg\"", 5);
}

static bool checks(const struct key *k, struct span whole, struct span rest)
{
	switch (k->check) {
	case CHECK_MIX:
		return is_mix(rest);
	case CHECK_HEX:
		return is_hex(rest);
	case CHECK_BASE32:
		return is_aws(rest);
	case CHECK_CRC62:
		return has_crc62(rest);
	case CHECK_PAT:
		return rest.ptr[22] == '_' && is_mix(rest);
	case CHECK_SENDGRID:
		return rest.ptr[22] == '.' && is_mix(rest);
	case CHECK_OPENAI:
		return memmem(rest.ptr, rest.len, "T3BlbkFJ", 8) != NULL;
	case CHECK_JWT:
		return is_jwt(whole);
	}
	return false;
}

/* ---- finding ---- */

static size_t stars(struct span s)
{
	size_t n = 0;

	while (n < s.len && s.ptr[n] == '*')
		n++;
	return n;
}

static bool fits(const struct key *k, struct span s, bool blanked)
{
	struct span rest = span_from(s, k->len);
	size_t len = run_of(rest, 0, k->set), hidden = blanked && !len ? stars(rest) : 0;

	if (hidden)
		return hidden >= k->min && hidden <= k->max;
	return len >= k->min && len <= k->max &&
	       checks(k, span_first(s, k->len + len), span_first(rest, len));
}

static bool begins(const struct key *k, struct span s)
{
	return s.len > k->len && memcmp(s.ptr, k->prefix, k->len) == 0;
}

/* In JSON that is quoted, "\n" may stand before it. */
static bool begins_word(struct span text, size_t at)
{
	if (!at || !in_set(text.ptr[at - 1], SET_WORD))
		return true;
	return at > 1 && text.ptr[at - 2] == '\\' && strchr("nrtbf", text.ptr[at - 1]);
}

static key_set find_at(struct span s, key_set wanted, bool blanked)
{
	for (size_t i = 0; i < KEYS; i++)
		if (begins(&keys[i], s) && fits(&keys[i], s, blanked))
			return wanted & 1u << keys[i].kind;
	return 0;
}

/* How many of these, in lines that may be written with "\n". */
static bool is_body(struct span s, bool blanked)
{
	size_t run = 0;

	for (size_t i = 0; i < s.len && i < 400; i++) {
		bool of_it = in_set(s.ptr[i], SET_BASE64) || (blanked && s.ptr[i] == '*');

		run = of_it ? run + 1 : 0;
		if (run >= 40)
			return true;
	}
	return false;
}

static bool has_private(struct span s, bool blanked)
{
	static const struct span begin = SPAN_LIT("-----BEGIN "), key = SPAN_LIT("PRIVATE KEY"),
				 dashes = SPAN_LIT("-----");

	while (s.len) {
		size_t len = 0;

		s = span_behind(s, begin);
		while (len < s.len && len < 60 &&
		       (in_set(s.ptr[len], SET_UPPER) || s.ptr[len] == ' '))
			len++;
		if (len && memmem(s.ptr, len, key.ptr, key.len) &&
		    span_starts(span_from(s, len), dashes) &&
		    is_body(span_from(s, len + dashes.len), blanked))
			return true;
	}
	return false;
}

/* Of each first byte of a key, which the second may be, by its lowest five bits. */
static void note_beginnings(uint32_t seconds[256])
{
	memset(seconds, 0, 256 * sizeof(*seconds));
	for (size_t i = 0; i < KEYS; i++)
		seconds[(uint8_t)keys[i].prefix[0]] |= 1u << (keys[i].prefix[1] & 31);
}

key_set key_find(struct span text, key_set wanted, bool blanked)
{
	key_set found = 0;
	uint32_t seconds[256];

	note_beginnings(seconds);
	for (size_t i = 0; i + 1 < text.len && found != wanted; i++)
		if (seconds[text.ptr[i]] >> (text.ptr[i + 1] & 31) & 1 && begins_word(text, i))
			found |= find_at(span_from(text, i), wanted & ~found, blanked);
	if (wanted & 1u << KEY_PRIVATE && has_private(text, blanked))
		found |= 1u << KEY_PRIVATE;
	return found;
}

const char *key_prefix(struct span key)
{
	const struct key *best = NULL;

	for (size_t i = 0; i < KEYS; i++)
		if (begins(&keys[i], key) && (!best || keys[i].len > best->len))
			best = &keys[i];
	return best ? best->prefix : NULL;
}

const char *key_prefix_named(struct span text)
{
	for (size_t i = 0; i < KEYS; i++)
		if (span_eq(text, span_str(keys[i].prefix)))
			return keys[i].prefix;
	return NULL;
}
