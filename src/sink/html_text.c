/* SPDX-License-Identifier: MIT */
#include "sink/html_text.h"

#include <nettle/base64.h>
#include <nettle/sha2.h>
#include <string.h>

#include "base/utf8.h"
#include "sink/plain.h"

static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void add_char(struct buf *out, const struct safe_char *c)
{
	const char *entity = c->len == 1 ? entity_of(c->text[0]) : NULL;

	if (entity)
		buf_adds(out, entity);
	else
		buf_add(out, span_of(c->text, c->len));
}

void html_text(struct buf *out, struct span text)
{
	struct safe_char c = { .code = 0 };

	for (; text.len; text = span_from(text, c.taken)) {
		plain_next(text, c.code, &c);
		add_char(out, &c);
	}
}

void html_inline(struct buf *out, struct span text, unsigned max)
{
	struct buf s;

	/* Some characters have no width. */
	buf_init(&s, ((size_t)max + 4) * SAFE_TEXT_ESCAPE);
	safe_text_add(&s, text, true, max);
	s.len = utf8_whole(buf_span(&s));
	html_text(out, buf_span(&s));
	buf_done(&s);
}

void html_style_digest(char ret[HTML_STYLE_DIGEST])
{
	uint8_t digest[SHA256_DIGEST_SIZE];
	struct sha256_ctx sha;

	sha256_init(&sha);
	sha256_update(&sha, strlen(html_style), (const uint8_t *)html_style);
	sha256_digest(&sha, sizeof(digest), digest);
	base64_encode_raw(ret, sizeof(digest), digest);
	ret[BASE64_ENCODE_RAW_LENGTH(sizeof(digest))] = '\0';
}
