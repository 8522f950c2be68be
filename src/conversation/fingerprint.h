/* SPDX-License-Identifier: MIT */
/* The fingerprint of a request: digests of its messages, and the keys for looking it up. */
#ifndef SPY_CONVERSATION_FINGERPRINT_H
#define SPY_CONVERSATION_FINGERPRINT_H

#include "exchange/exchange.h"

/* 128 bits of SHA-256, so collisions cannot be constructed. All zero: none. */
struct key {
	uint8_t bytes[16];
};

static inline bool key_eq(struct key a, struct key b)
{
	return memcmp(a.bytes, b.bytes, sizeof(a.bytes)) == 0;
}

static inline bool key_any(struct key k)
{
	return !key_eq(k, (struct key){ { 0 } });
}

/* The same key in another scope. */
static inline struct key key_in(struct key k, struct key scope)
{
	for (size_t i = 0; i < sizeof(k.bytes); i++)
		k.bytes[i] ^= scope.bytes[i];
	return k;
}

/* How a request names what it continues instead of repeating it. */
enum join {
	JOIN_NONE,
	JOIN_RESPONSE,	   /* an earlier answer's id */
	JOIN_CONVERSATION, /* kept by the provider */
};

/* System messages at the front (the lead) count as part of the system prompt, whether or not the
 * API has that apart: it may change during a conversation. */
struct fingerprint {
	size_t lead;
	size_t count;	   /* messages past the lead; without the last one if it may be cut */
	struct key *chain; /* count + 1: [n] covers the first n messages */
	struct key *own;   /* count: each message by itself */
	size_t user;	   /* number of messages up to the first one of a user; 0: there is none */
	bool partial;	   /* more may have followed, also in tools and system prompt */
	struct key system, tools;
	struct key rest; /* target, model and params */
	uint32_t tgid;
	/* Scopes of prefixes, the narrowest first: this process, system prompt, tools and session;
	 * this process; this user and host. Sessions may say the same, each for itself. */
	struct key strict, process, user_wide;
	unsigned answers; /* of earlier calls, that the request carries; 0: not known */
	enum join join;
	struct key joins;   /* the key that it continues */
	struct key session; /* and agent in it; none: not stated */
	struct key cache_key;
	bool retry; /* the request marks itself as a retry */
};

void fingerprint_init(struct fingerprint *a, const struct exchange *x);
void fingerprint_done(struct fingerprint *a);

/* Keys under which an answer of this exchange's user and host, or a conversation by its own id, is
 * found later. */
struct key key_of_response(const struct exchange *x, struct span id);
struct key key_of_conversation(const char *id);
/* The client's session, of this user and host; none: it states none. */
struct key key_of_session(const struct exchange *x);
/* An agent in it, by its own id; NULL: the first one. */
struct key key_of_agent(const struct exchange *x, const char *session, const char *id);
struct key key_of_text(struct span text);
/* A new conversation's id, 16 hex digits: the same for each replay of the same events. */
void conversation_make_id(const struct exchange *x, char ret[17]);

#endif
