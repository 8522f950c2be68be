/* SPDX-License-Identifier: MIT */
#include "assemble/body_reader.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/xalloc.h"
#include "exchange/arrival.h"
#include "exchange/builder.h"
#include "http/message.h"

/* Length of the beginning that shows a stream of events whose media type does not: of text, and of
 * AWS, whose messages are shorter than 16 MiB. */
#define SNIFF	  6
#define SNIFF_AWS 12

/* "Application/JSON; charset=utf-8" -> "application/json" */
static void set_media_type(struct body *b, struct span value)
{
	set_string(&b->media_type, span_trim(span_first(value, span_find(value, ';'))));
	for (char *p = b->media_type; p && *p; p++)
		*p = (char)tolower((unsigned char)*p);
}

void body_reader_frame(struct body_reader *r, const struct framing_ops *ops)
{
	if (ops && r->element && !r->framing)
		r->framing = framing_new(ops, r->lim, r->element, r->arg);
}

void body_reader_begin(struct body_reader *r, struct body *b, const struct http_head *h,
		       struct limits *lim, framing_fn element, void *arg)
{
	struct span coding = h ? http_field_find(h, "content-encoding") : span_of(NULL, 0);

	*r = (struct body_reader){ .body = b, .lim = lim, .element = element, .arg = arg };
	sha256_init(&r->wire_sha);
	sha256_init(&r->decoded_sha);
	buf_init(&b->text, lim->max[LIMIT_body]);
	buf_init(&r->first, 1 << 20); /* a piece of a decoder, at most, and a few bytes */
	b->state = BODY_OPEN;
	b->kept = 0;
	if (!h)
		return;
	set_media_type(b, http_field_find(h, "content-type"));
	body_reader_frame(r, framing_find(span_str(b->media_type)));
	if (h->has_length)
		b->expected = (int64_t)h->length;
	if (coding.len && !span_caseeq(coding, SPAN_LIT("identity")))
		set_string(&b->coding, coding);
	r->coding = coding_new(coding, lim);
	if (!r->coding)
		b->coding_error = "unknown or unsupported content coding";
}

static void keep(struct body_reader *r, struct span s)
{
	struct buf *text = &r->body->text;
	size_t before = text->len;

	if (r->torn || text->full)
		return;
	if (limits_memory(r->lim) + s.len > r->lim->max[LIMIT_memory]) {
		limit_hit(r->lim, LIMIT_memory);
		text->full = true;
		return;
	}
	if (buf_add(text, s) != 0)
		limit_hit(r->lim, LIMIT_body);
	r->body->kept += (int64_t)(text->len - before);
	arrival_add(&r->body->arrival, r->ts_ns, span_first(s, text->len - before));
	limits_memory_add(r->lim, text->len - before);
}

static bool may_be_aws(struct span first)
{
	return first.len && !first.ptr[0];
}

/* Some servers label a stream of events as plain text or JSON, or not at all, and some send an
 * array in pieces. Returns what is to be framed. */
static struct span sniff(struct body_reader *r, struct span s)
{
	static const struct span starts[] = { SPAN_LIT("data:"), SPAN_LIT("event:"),
					      SPAN_LIT("id:"), SPAN_LIT("retry:"), SPAN_LIT(":") };
	static const struct span mark = SPAN_LIT("\xef\xbb\xbf"); /* of byte order */
	struct span first, begin;

	buf_add(&r->first, s);
	first = buf_span(&r->first);
	if (first.len < (may_be_aws(first) ? SNIFF_AWS : SNIFF))
		return span_of(NULL, 0);
	r->sniffed = true;
	if (first.ptr[0] == '[' && r->array_streams)
		body_reader_frame(r, &framing_json_array);
	if (may_be_aws(first) && eventstream_begins(first))
		body_reader_frame(r, framing_find(SPAN_LIT("application/vnd.amazon.eventstream")));
	begin = span_from(first, span_starts(first, mark) ? mark.len : 0);
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++)
		if (span_starts(begin, starts[i]))
			body_reader_frame(r, framing_find(SPAN_LIT("text/event-stream")));
	return first;
}

static void cut_elements(struct body_reader *r, struct span s)
{
	bool sniffed = r->sniffed;

	if (!r->framing && !sniffed)
		s = sniff(r, s);
	if (r->framing)
		framing_feed(r->framing, s);
	if (r->sniffed && !sniffed)
		buf_done(&r->first);
}

static void on_decoded(void *arg, struct span s)
{
	struct body_reader *r = arg;

	r->body->decoded += s.len;
	if (r->body->coding)
		sha256_update(&r->decoded_sha, s.len, s.ptr);
	keep(r, s);
	if (r->element)
		cut_elements(r, s);
}

void body_reader_bytes(struct body_reader *r, uint64_t ts_ns, struct span s)
{
	int err;

	r->ts_ns = ts_ns;
	r->body->wire += s.len;
	sha256_update(&r->wire_sha, s.len, s.ptr);
	if (r->body->coding_error)
		return;
	if (!r->coding) {
		on_decoded(r, s);
		return;
	}
	err = coding_feed(r->coding, s, on_decoded, r);
	if (err == -EPROTO)
		r->body->coding_error = "the coded data is corrupt";
	else if (err == -ENOBUFS)
		r->body->coding_error = "it exceeded a limit when decoded";
}

void body_reader_gap(struct body_reader *r, uint64_t nbytes)
{
	struct body *b = r->body;

	if (b->ngaps < GAPS_KEPT)
		b->gaps[b->ngaps] = (struct body_gap){ .off = b->wire + b->missing, .len = nbytes };
	b->ngaps++;
	b->missing += nbytes;
	r->torn = true;
	/* Behind missing bytes a coding cannot be undone. */
	if (b->coding && !b->coding_error)
		b->coding_error = "bytes are missing in the coded data";
	if (r->framing)
		framing_gap(r->framing);
}

uint64_t body_reader_end_elements(struct body_reader *r)
{
	if (!r->framing)
		return 0;
	framing_finish(r->framing);
	return framing_unread_bytes(r->framing);
}

void body_reader_end(struct body_reader *r, bool complete, bool suffices)
{
	struct body *b = r->body;

	/* Nothing may follow a body that is as long as declared (RFC 9113 section 8.1.1): clients
	 * leave then, even over HTTP/2, whose own mark of the end may still be under way. */
	complete |= b->expected != COUNT_UNKNOWN && b->wire + b->missing == (uint64_t)b->expected;
	suffices &= b->expected == COUNT_UNKNOWN && b->ngaps == 0;
	b->state = complete || suffices ? BODY_COMPLETE : BODY_CUT;
	/* A complete body has exactly the length that was measured. */
	if (complete)
		b->expected = (int64_t)(b->wire + b->missing);
	if (complete && !b->coding_error && b->wire && r->coding && !coding_complete(r->coding))
		b->coding_error = "the coded data ends too early";
	digest_hex(&r->wire_sha, b->wire_sha256);
	/* Without a coding both digests are equal, and hashing costs the most here. */
	if (b->coding)
		digest_hex(&r->decoded_sha, b->sha256);
	else
		memcpy(b->sha256, b->wire_sha256, sizeof(b->sha256));
	coding_free(r->coding);
	r->coding = NULL;
}

void body_reader_done(struct body_reader *r)
{
	coding_free(r->coding);
	r->coding = NULL;
	framing_free(r->framing);
	r->framing = NULL;
	buf_done(&r->first);
	r->body = NULL;
}
