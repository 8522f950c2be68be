/* SPDX-License-Identifier: MIT */
/* A dialect is one wire format of model calls (docs of the vendor named in its file). It reads
 * parsed JSON into the exchange and sees no socket, clock or buffer. Rows in dialects.def. */
#ifndef SPY_LLM_DIALECT_H
#define SPY_LLM_DIALECT_H

#include "exchange/builder.h"

/* What a message on a WebSocket is to the calls on it. */
enum turn_step {
	TURN_SKIP,   /* belongs to no call: pings, notices */
	TURN_STATE,  /* holds for all calls that follow; replaces the one before of its type */
	TURN_INPUT,  /* part of the next request */
	TURN_ASK,    /* the last part of a request: the call begins */
	TURN_ANSWER, /* part of an answer; begins the call where nothing else did */
	TURN_END,    /* the last part of an answer */
	TURN_PAUSE,  /* the answer is over; how, and at which cost, may still be told */
	TURN_NOTE,   /* about the answer under way, but no output: of a paused one, until another
		      * has begun to be answered */
	TURN_REMARK, /* such a note, but of no call where none is under way */
	TURN_CLOSE,  /* such a note, and the end */
	TURN_OVER,   /* the last part of the answer under way, if there is one, else of no call */
	TURN_MORE, /* from the client, for the call under way: its event() reads it. Begins the call
		    * where nothing else did */
	TURN_FAIL, /* an error: the end of a call that is not answered yet, else about none */
};

struct dialect {
	const char *name;	 /* "openai.chat" */
	enum exchange_kind kind; /* EXCHANGE_LLM unless said otherwise */
	/* Size of what event() needs to remember between events; zeroed at start, freed with
	 * free() after state_done (may be NULL) was called. */
	size_t state_size;
	void (*state_done)(void *state);
	/* Shape tests, each may be NULL. proves_request: proof, whatever the path.
	 * plausible_request: enough where paths.def suggests the dialect. proves_response: proof,
	 * of an answer or an element of a stream. */
	bool (*proves_request)(const json_t *body);
	bool (*plausible_request)(const json_t *body);
	bool (*proves_response)(const json_t *body);
	/* The bodies are those of other dialects, so that an answer in their form proves nothing.
	 */
	bool shares_bodies;
	/* Bodies may be sound or pictures as they are, which nobody has to read. */
	bool media;
	/* Answers may be a JSON array that comes in pieces: each element is an event. */
	bool array_stream;
	/* Over WebSocket: its paths are rows of sockets.def; is_first: proof, of any message, where
	 * the path says nothing. request() then gets an array of messages. Both NULL for others. */
	enum turn_step (*turn)(bool from_client, const json_t *v);
	/* Where several calls may be under way at once: which of them a message belongs to; empty:
	 * it does not say. NULL: there is one at a time. */
	struct span (*turn_key)(const json_t *v);
	/* Another name, which a call has once it is answered; may be NULL. */
	struct span (*turn_alias)(const json_t *v);
	/* The dialect of a session that shows by this message what it is for; NULL: as before. */
	const struct dialect *(*becomes)(const json_t *v);
	bool (*is_first)(const json_t *v);
	/* Messages that are no JSON are its too, as {"binary": base64}. */
	bool binary;
	/* Each takes any JSON value: wrong types are skipped, never fatal. A body may be the
	 * repaired beginning of one that was cut (x->request_partial, x->response_partial). */
	void (*request)(struct exchange *x, const json_t *body);
	void (*response)(struct exchange *x, const json_t *body);
	/* Whether it is an answer, and no element of a stream; NULL: elements may look so. */
	bool (*is_whole)(const json_t *body);
	/* One element of a stream; `name` is the SSE event's name or empty. */
	void (*event)(struct exchange *x, void *state, struct span name, const json_t *data);
	/* Elements of that name are pieces of one text, and not JSON each. Both NULL for others. */
	const char *bytes_of;
	void (*bytes)(struct exchange *x, void *state, struct span name, struct span data);
	/* No element follows, for whatever reason: tells of what was missing in the stream. NULL:
	 * nothing shows that. */
	void (*ended)(struct exchange *x, void *state);
	/* Whether a stream has nothing behind this element; NULL: not known, or "[DONE]" says it.
	 */
	bool (*is_last)(const json_t *data);
	/* A stream ends with that, or with "[DONE]"; or each choice says how it ended, or there is
	 * an error. Where it does not, something is missing. */
	bool tells_end;
};

#define DIALECT(symbol) extern const struct dialect symbol;
#include "llm/dialects.def"
#undef DIALECT

extern const struct dialect *const dialects[]; /* all, NULL-terminated, in order of testing */

/* Which dialect a WebSocket at that path speaks, or NULL. */
const struct dialect *dialect_of_socket(struct span target);

struct provider {
	const char *id, *label;
};

/* Who answers at that host (no port); NULL when unknown. */
const struct provider *provider_of_host(struct span host);
/* The provider of that name; NULL: there is none. */
const struct provider *provider_named(const char *id);
/* Tries the names of all. */
struct nearest;
void providers_try(struct nearest *n);
/* Who answers at that path, whatever the host; NULL when it does not tell. */
const struct provider *provider_of_path(struct span target);

/* Which dialect a request's path speaks, by its end ("/chat/completions"); query and prefix are
 * ignored. `path_is_proof`: the path alone is proof enough; otherwise the body must agree. NULL
 * when the path says nothing. */
const struct dialect *dialect_of_path(struct span target, bool *ret_certain);

/* The model, deployment or inference profile that a request's path names (/model/ID/converse,
 * /models/ID:generateContent, /openai/deployments/ID/...), percent-encoding undone. Appends to
 * `out`, which is empty. False, with nothing added, when it names none or not in clean text. */
bool model_of_path(struct span target, struct buf *out);

#endif
