/* SPDX-License-Identifier: MIT */
#include "assemble/body_reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/xalloc.h"
#include "exchange/builder.h"
#include "http/http.h"

/* "Application/JSON; charset=utf-8" -> "application/json" */
static void set_media_type(struct body *b, struct span value)
{
	set_string(&b->media_type, span_trim(span_first(value, span_find(value, ';'))));
	for (char *p = b->media_type; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
}

void body_reader_begin(struct body_reader *i, struct body *b, const struct http_head *h,
		       struct limits *lim, body_reader_fn fn, void *arg)
{
	struct span coding = h ? http_field_find(h, "content-encoding") : span_of(NULL, 0);

	*i = (struct body_reader){ .body = b, .lim = lim, .fn = fn, .arg = arg };
	sha256_init(&i->wire_sha);
	sha256_init(&i->decoded_sha);
	buf_init(&b->text, lim->max[LIMIT_body]);
	b->state = BODY_OPEN;
	if (!h)
		return;
	set_media_type(b, http_field_find(h, "content-type"));
	if (h->has_length)
		b->expected = (int64_t)h->length;
	if (coding.len && !span_caseeq(coding, SPAN_LIT("identity")))
		set_string(&b->coding, coding);
	i->coding = coding_new(coding, lim);
	if (!i->coding)
		b->coding_error = "this content coding is not known or not built in";
}

static void keep(struct body_reader *i, struct span s)
{
	struct buf *text = &i->body->text;
	size_t before = text->len;

	if (i->torn || text->full)
		return;
	if (i->lim->memory + s.len > i->lim->max[LIMIT_memory]) {
		limit_hit(i->lim, LIMIT_memory);
		text->full = true;
		return;
	}
	if (buf_add(text, s) != 0)
		limit_hit(i->lim, LIMIT_body);
	i->lim->memory += text->len - before;
}

static int on_decoded(void *arg, struct span s)
{
	struct body_reader *i = arg;

	i->body->decoded += s.len;
	if (i->body->coding)
		sha256_update(&i->decoded_sha, s.len, s.ptr);
	keep(i, s);
	return i->fn ? i->fn(i->arg, s) : 0;
}

int body_reader_bytes(struct body_reader *i, struct span s)
{
	int err;

	i->body->wire += s.len;
	sha256_update(&i->wire_sha, s.len, s.ptr);
	if (i->body->coding_error)
		return 0;
	if (!i->coding)
		return on_decoded(i, s);
	err = coding_feed(i->coding, s, on_decoded, i);
	if (err == -EPROTO)
		i->body->coding_error = "the coded data is broken";
	else if (err == -ENOBUFS)
		i->body->coding_error = "it grew past a limit when it was decoded";
	return err == -EPROTO || err == -ENOBUFS ? 0 : err;
}

void body_reader_gap(struct body_reader *i, uint64_t nbytes)
{
	struct body *b = i->body;

	if (b->ngaps < GAPS_KEPT)
		b->gaps[b->ngaps] = (struct body_gap){ .off = b->wire + b->missing, .len = nbytes };
	b->ngaps++;
	b->missing += nbytes;
	i->torn = true;
	/* A coding that lost bytes cannot be undone behind them. */
	if (b->coding && !b->coding_error)
		b->coding_error = "bytes are missing in the coded data";
}

void body_reader_end(struct body_reader *i, bool complete, bool suffices)
{
	struct body *b = i->body;

	/* Nothing may follow a body that is as long as was declared (RFC 9113 section 8.1.1):
	 * clients leave then, though HTTP/2 has a mark of its own for the end, which may be under
	 * way still. */
	complete |= b->expected != COUNT_UNKNOWN && b->wire + b->missing == (uint64_t)b->expected;
	suffices &= b->expected == COUNT_UNKNOWN && b->ngaps == 0;
	b->state = complete || suffices ? BODY_COMPLETE : BODY_CUT;
	/* What framing promised and what it turned out to be are one when it ended as it should. */
	if (complete)
		b->expected = (int64_t)(b->wire + b->missing);
	if (complete && !b->coding_error && b->wire && i->coding && !coding_complete(i->coding))
		b->coding_error = "the coded data ends too early";
	digest_hex(&i->wire_sha, b->wire_sha256);
	/* Without a coding both are one, and hashing is what costs most here. */
	if (b->coding)
		digest_hex(&i->decoded_sha, b->sha256);
	else
		memcpy(b->sha256, b->wire_sha256, sizeof(b->sha256));
	coding_free(i->coding);
	i->coding = NULL;
}

void body_reader_done(struct body_reader *i)
{
	coding_free(i->coding);
	i->coding = NULL;
	if (i->body)
		i->lim->memory -= i->body->text.len;
	i->body = NULL;
}
