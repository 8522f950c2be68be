/* SPDX-License-Identifier: MIT */
/* The conversations that are remembered, found by keys: of prefixes of their messages, which are
 * many and have ceilings, and of their names, which are few and stay as long as they do. A key
 * leads to the conversation that it was given to last. Past the ceiling of conversations or of all
 * messages, the conversation that was idle longest is dropped; past that of one conversation's
 * messages, its oldest. Most of what is dropped is never asked for again: so a hit of the first two
 * ceilings is not counted here, but by who misses something. */
#ifndef SPY_CONVERSATION_STORE_H
#define SPY_CONVERSATION_STORE_H

#include "base/limits.h"
#include "base/list.h"
#include "conversation/fingerprint.h"

struct entry {
	struct key key;
	struct turn_chain *of;
	size_t count;  /* messages of the prefix; 0: a name */
	unsigned turn; /* whose request ended there; 0: none */
	bool is_name;
	struct entry *next; /* of the same bucket */
	struct list in;	    /* one of its conversation's lists */
};

struct entries {
	struct list list; /* of struct entry.in, the newest first */
	size_t count;
};

/* A conversation: the chain of turns that its latest request has. */
struct turn_chain {
	char id[17], parent[17];
	char *title; /* the first sentence of the user; NULL: none was seen */
	unsigned turn, parent_turn;
	unsigned before; /* turns that were not seen, at least */
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
	struct list used; /* the store's, by their last use */
};

struct store;
struct store *store_new(struct limits *lim);
void store_free(struct store *s); /* accepts NULL */

/* Makes a new conversation. This and store_put may free any other conversation. */
struct turn_chain *store_add(struct store *s);
void store_used(struct store *s, struct turn_chain *t); /* marks it as used */

/* Valid until the next change; NULL: none. */
struct entry *store_find(struct store *s, struct key key);
/* Whether store_find was asked for a key, since the last call of this, that a ceiling has dropped:
 * that ceiling, else LIMIT_COUNT. Of what was dropped long ago nothing is known. */
enum limit store_missed(struct store *s);
/* Leads `key` to t, which was used last; turn 0 leaves the turn of an entry of t's as it is. */
void store_put(struct store *s, struct turn_chain *t, struct key key, size_t count, unsigned turn);
void store_name(struct store *s, struct turn_chain *t, struct key key);
void store_drop(struct store *s, struct entry *e);
void store_drop_past(struct store *s, struct turn_chain *t,
		     size_t count); /* longer prefixes of t */

#endif
