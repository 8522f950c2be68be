/* SPDX-License-Identifier: MIT */
/* Cuts a streamed body into its elements: events, lines. Chosen by the response's media type.
 * Incremental: bytes may be cut anywhere. A framing is a row of framings.def. */
#ifndef SPY_HTTP_FRAMING_H
#define SPY_HTTP_FRAMING_H

#include "base/limits.h"
#include "base/span.h"

/* Borrowed: valid until the call returns. name: of the event, empty when it has none; one that
 * reports a failure of the stream itself begins with "!" (event stream: ":message-type" exception
 * gives "!" and its ":exception-type", error gives "!" and its ":error-code"). cut: a limit or a
 * gap took part of it, or a checksum is wrong, or its borders are a guess. */
typedef void (*framing_fn)(void *arg, struct span name, struct span data, bool cut);

struct framing_ops {
	const char *name;
	size_t size; /* of its own state, which begins with struct framing */
	void (*init)(void *state);
	void (*feed)(void *state, struct span s);
	/* Bytes are missing here: the element under way is emitted as cut, and what follows is not
	 * trusted before the next border. */
	void (*gap)(void *state);
	/* End of the stream: an element without its closing mark is emitted too. */
	void (*finish)(void *state);
	void (*done)(void *state);
};

/* The common beginning of every framing's state. */
struct framing {
	const struct framing_ops *ops;
	struct limits *lim;
	framing_fn fn;
	void *arg;
	uint64_t unread; /* bytes passed over, see framing_unread_bytes */
};

/* The elements of one JSON array, e.g. Gemini's stream without alt=sse. It has no row because its
 * media type is application/json, whose bodies mostly are no arrays: the caller chooses it. It
 * emits nothing of a body that is no array. */
extern const struct framing_ops framing_json_array;

/* The messages of gRPC. It has no row because those of few services are understood: the caller
 * chooses it. */
extern const struct framing_ops framing_grpc;

/* Whether the bytes are the beginning of an AWS event stream; they show it from 12 bytes on. */
bool eventstream_begins(struct span s);

/* NULL when bodies of that media type (lower case, no parameters) are not streamed. */
const struct framing_ops *framing_find(struct span media_type);

struct framing *framing_new(const struct framing_ops *ops, struct limits *lim, framing_fn fn,
			    void *arg);
void framing_free(struct framing *f); /* accepts NULL */
void framing_feed(struct framing *f, struct span s);
void framing_gap(struct framing *f);
void framing_finish(struct framing *f);
/* Bytes that became part of no element because sync was lost: behind a gap or a wrong checksum, or
 * because the body is not what its framing expects. */
uint64_t framing_unread_bytes(const struct framing *f);

#endif
