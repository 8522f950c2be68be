/* SPDX-License-Identifier: MIT */
/* The remembered conversations, found by two kinds of keys: prefixes of their messages, which are
 * many and limited, and names, which are few and stay as long as the conversation. A key leads to
 * the conversation that used it last. At the limit of conversations or of all messages, the longest
 * idle conversation is dropped; at the limit of one conversation's messages, its oldest message. */
#ifndef SPY_CONVERSATION_STORE_H
#define SPY_CONVERSATION_STORE_H

#include "base/limits.h"
#include "conversation/fingerprint.h"

struct entry {
	struct key key;
	struct turn_chain *of;
	size_t count;  /* messages of the prefix; 0: a name */
	unsigned turn; /* whose request ended there; 0: none */
	bool is_name;
	struct entry *next;	     /* in the same bucket */
	struct entry *newer, *older; /* in the same list of its chain */
};

struct entries {
	struct entry *newest, *oldest;
	size_t count;
};

/* A conversation: the chain of turns that its latest request has. */
struct turn_chain {
	char id[17], parent[17];
	unsigned turn, parent_turn;
	uint32_t tgid;
	size_t count;	   /* messages past the lead */
	struct key end;	   /* of all of them */
	struct key last;   /* of the last message alone; none: there is none */
	struct key strict; /* scope of its prefixes */
	struct key system, tools, rest, session, cache_key;
	bool joined; /* its requests do not repeat earlier messages */
	bool failed; /* that request got no usable answer */
	/* Tokens that a request might read from cache after this turn; COUNT_UNKNOWN. */
	int64_t cacheable;
	unsigned cacheable_turn;
	struct entries messages, names;
	struct turn_chain *newer, *older; /* by last use */
};

struct store;
struct store *store_new(struct limits *lim);
void store_free(struct store *s); /* accepts NULL */

/* Makes a new conversation. This and store_put may free any other conversation. */
struct turn_chain *store_add(struct store *s);
void store_used(struct store *s, struct turn_chain *t); /* marks it as used */

/* Valid until the next change; NULL: none. */
struct entry *store_find(const struct store *s, struct key key);
/* Makes `key` lead to t, which becomes the last used; turn 0 keeps the turn of an existing entry of
 * t. */
void store_put(struct store *s, struct turn_chain *t, struct key key, size_t count, unsigned turn);
void store_name(struct store *s, struct turn_chain *t, struct key key);
void store_drop(struct store *s, struct entry *e);
void store_drop_past(struct store *s, struct turn_chain *t,
		     size_t count); /* longer prefixes of t */

#endif
