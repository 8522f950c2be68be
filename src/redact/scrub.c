/* SPDX-License-Identifier: MIT */
#include "redact/scrub.h"

#include "http/h1.h"
#include "http/ws.h"

enum proto {
	P_UNKNOWN,
	P_OTHER, /* HTTP/1.x, WebSocket, or what is no HTTP at all */
	P_H2,
};

void blank_init(struct blank *b, bool from_start)
{
	*b = (struct blank){ 0 };
	for (int d = 0; d < 2 && !from_start; d++) {
		secret_gap(&b->scan[d]);
		h2blank_lose(&b->h2[d]);
	}
}

static struct h2blank_part as_other(struct blank *b, enum dir d, uint8_t *bytes, size_t len)
{
	secret_blank(&b->scan[d], bytes, len);
	return (struct h2blank_part){ .len = len };
}

/* A direction whose first bytes are there, maybe not enough to tell. */
static struct h2blank_part feed_start(struct blank *b, enum dir d, uint8_t *bytes, size_t len)
{
	struct h2blank_part part = h2blank_feed(&b->h2[d], bytes, len);
	enum h2blank_is is = h2blank_is(&b->h2[d]);

	if (is == H2BLANK_IS_H2 || is == H2BLANK_IS_LOST) {
		b->proto = P_H2;
		return part;
	}
	if (is == H2BLANK_IS_OTHER && b->proto == P_UNKNOWN)
		b->proto = P_OTHER;
	return as_other(b, d, bytes, len);
}

/* Whether this span tells that lines, or no credentials, follow. */
static bool begins_other(struct blank *b, enum dir d, struct span s)
{
	enum h1_start start = h1_start(s);
	struct ws_setup setup;

	if (start == H1_START_REQUEST || start == H1_START_RESPONSE)
		return true;
	if (d != DIR_WRITE || !ws_is_joined(s, &setup))
		return false;
	/* The server's direction has no lines either. */
	b->scan[DIR_READ] = (struct secret_scan){ 0 };
	return true;
}

/* A direction whose beginning was not seen, while the connection is not known to be HTTP/2. Where a
 * body passes by in pieces, one may look like HTTP/1.x; lines never look like frames. */
static struct h2blank_part feed_joined(struct blank *b, enum dir d, uint8_t *bytes, size_t len)
{
	struct span s = span_of(bytes, len);
	struct h2blank_part part;

	if (h2blank_look(s) == H2BLANK_LOOK_YES) {
		b->proto = P_H2;
	} else if (!b->begun[d] && begins_other(b, d, s)) {
		b->proto = P_OTHER;
		b->begun[d] = true;
		b->scan[d] = (struct secret_scan){ 0 };
	}
	if (b->proto == P_OTHER)
		return as_other(b, d, bytes, len);
	part = h2blank_feed(&b->h2[d], bytes, len);
	if (part.len)
		b->proto = P_H2;
	return part;
}

struct h2blank_part blank_feed(struct blank *b, enum dir d, uint64_t off, uint8_t *bytes,
			       size_t len)
{
	enum h2blank_is is = h2blank_is(&b->h2[d]);
	bool lines = is == H2BLANK_IS_OTHER || (is == H2BLANK_IS_LOST && b->proto == P_OTHER);

	/* It comes late: what has been read since does not tell what it is. */
	if (off < b->next[d] && !lines)
		return (struct h2blank_part){ 0 };
	if (off != b->next[d]) {
		secret_gap(&b->scan[d]);
		h2blank_gap(&b->h2[d], off - b->next[d]);
	}
	b->next[d] = off + len;
	is = h2blank_is(&b->h2[d]);
	if (is == H2BLANK_IS_OPEN)
		return feed_start(b, d, bytes, len);
	if (is == H2BLANK_IS_OTHER)
		return as_other(b, d, bytes, len);
	return b->proto == P_H2 ? h2blank_feed(&b->h2[d], bytes, len)
				: feed_joined(b, d, bytes, len);
}
