/* SPDX-License-Identifier: MIT */
#include "redact/scrub.h"

#include "http/h1_head.h"
#include "http/ws_frame.h"

enum proto {
	P_UNKNOWN,
	P_OTHER, /* HTTP/1.x, WebSocket, or what is no HTTP at all */
	P_H2,
};

void scrub_init(struct scrub *b, bool from_start)
{
	*b = (struct scrub){ 0 };
	for (int d = 0; d < 2; d++)
		redact_stream_init(&b->text[d], REDACT_TEXT);
	for (int d = 0; d < 2 && !from_start; d++) {
		credential_gap(&b->scan[d]);
		scrub_h2_desync(&b->h2[d]);
	}
}

static struct scrub_h2_part as_other(struct scrub *b, enum dir d, uint8_t *bytes, size_t len)
{
	credential_scrub(&b->scan[d], bytes, len);
	redact_stream_blank(&b->text[d], bytes, len);
	return (struct scrub_h2_part){ .len = len };
}

/* A direction whose first bytes are there, maybe not enough to tell. */
static struct scrub_h2_part feed_start(struct scrub *b, enum dir d, uint8_t *bytes, size_t len)
{
	struct scrub_h2_part part = scrub_h2_feed(&b->h2[d], bytes, len);
	enum scrub_h2_is is = scrub_h2_is(&b->h2[d]);

	if (is == H2BLANK_IS_H2 || is == H2BLANK_IS_LOST) {
		b->proto = P_H2;
		return part;
	}
	if (is == H2BLANK_IS_OTHER && b->proto == P_UNKNOWN)
		b->proto = P_OTHER;
	return as_other(b, d, bytes, len);
}

/* Whether this span tells that lines, or no credentials, follow. */
static bool begins_other(struct scrub *b, enum dir d, struct span s)
{
	enum h1_start start = h1_start(s);
	struct ws_setup setup;

	if (start == H1_START_REQUEST || start == H1_START_RESPONSE)
		return true;
	if (d != DIR_WRITE || !ws_is_joined(s, &setup))
		return false;
	/* The server's direction has no lines either. */
	b->scan[DIR_READ] = (struct credential_scan){ 0 };
	return true;
}

/* A direction whose beginning was not seen, while the connection is not known to be HTTP/2. Where a
 * body passes by in pieces, one may look like HTTP/1.x; lines never look like frames. */
static struct scrub_h2_part feed_joined(struct scrub *b, enum dir d, uint8_t *bytes, size_t len)
{
	struct span s = span_of(bytes, len);
	struct scrub_h2_part part;

	if (scrub_h2_align(s) == H2BLANK_LOOK_YES) {
		b->proto = P_H2;
	} else if (!b->begun[d] && begins_other(b, d, s)) {
		b->proto = P_OTHER;
		b->begun[d] = true;
		b->scan[d] = (struct credential_scan){ 0 };
	}
	if (b->proto == P_OTHER)
		return as_other(b, d, bytes, len);
	part = scrub_h2_feed(&b->h2[d], bytes, len);
	if (part.len)
		b->proto = P_H2;
	return part;
}

struct scrub_h2_part scrub_feed(struct scrub *b, enum dir d, uint64_t off, uint8_t *bytes,
				size_t len)
{
	enum scrub_h2_is is = scrub_h2_is(&b->h2[d]);
	bool lines = is == H2BLANK_IS_OTHER || (is == H2BLANK_IS_LOST && b->proto == P_OTHER);

	/* It comes late: what has been read since does not tell what it is. */
	if (off < b->next[d] && !lines)
		return (struct scrub_h2_part){ 0 };
	if (off != b->next[d]) {
		redact_stream_init(&b->text[d], REDACT_TEXT);
		credential_gap(&b->scan[d]);
		scrub_h2_gap(&b->h2[d], off - b->next[d]);
	}
	b->next[d] = off + len;
	is = scrub_h2_is(&b->h2[d]);
	if (is == H2BLANK_IS_OPEN)
		return feed_start(b, d, bytes, len);
	if (is == H2BLANK_IS_OTHER)
		return as_other(b, d, bytes, len);
	return b->proto == P_H2 ? scrub_h2_feed(&b->h2[d], bytes, len)
				: feed_joined(b, d, bytes, len);
}
