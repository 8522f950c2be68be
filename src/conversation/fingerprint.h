/* SPDX-License-Identifier: MIT */
/* What identifies a request: digests of its messages and what they are looked up by. */
#ifndef SPY_CONVERSATION_FINGERPRINT_H
#define SPY_CONVERSATION_FINGERPRINT_H

#include "exchange/exchange.h"

/* 128 bits of SHA-256: nobody makes two texts of one key. All zero: none. */
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

/* How a request says what it goes on from, instead of repeating it. */
enum join {
	JOIN_NONE,
	JOIN_RESPONSE,	   /* an earlier answer's id */
	JOIN_CONVERSATION, /* kept by the provider */
};

/* Messages of role system at the front (the lead) count as part of the system prompt, whether the
 * api keeps it apart or not: it may change while the conversation goes on. */
struct fingerprint {
	size_t lead;
	size_t count;	   /* messages past the lead; a last one that may be cut is left out */
	struct key *chain; /* count + 1: [n] is of the first n messages */
	struct key *own;   /* count: of each message alone */
	size_t user;	   /* so many messages hold the first of a user; 0: there is none */
	bool partial;	   /* more may have followed, also of tools and system prompt */
	struct key system, tools;
	struct key rest; /* target, model and params */
	uint32_t tgid;
	/* Scopes of prefixes, the narrowest first: in this process, with this system prompt and
	 * these tools; in this process; of this user at this host. */
	struct key strict, process, user_wide;
	enum join join;
	struct key joins;   /* the name that it joins by */
	struct key session; /* none: not told */
	struct key cache_key;
	bool retry; /* says so itself */
};

void fingerprint_init(struct fingerprint *a, const struct exchange *x);
void fingerprint_done(struct fingerprint *a);

/* Names under which an answer of this exchange's user and host is found later, and a conversation
 * by its own id. */
struct key key_of_response(const struct exchange *x, struct span id);
struct key key_of_conversation(const char *id);
/* A new conversation's id, 16 hex digits: the same whenever the same events are replayed. */
void conversation_make_id(const struct exchange *x, char ret[17]);

/* What the client calls its session; empty when it does not say. Borrowed from x. */
struct span session_of(const struct exchange *x);

#endif
