/* SPDX-License-Identifier: MIT */
/* A hash table of keys, and a list of conversations by their last use. Keys are digests, so their
 * first bytes serve as hash. */
#include "conversation/store.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define BUCKETS_FIRST 256

struct store {
	struct limits *lim;
	struct entry **buckets;
	size_t nbuckets; /* a power of two */
	size_t entries;
	size_t messages; /* prefixes only, not names */
	struct turn_chain *newest, *oldest;
	size_t threads;
};

struct store *store_new(struct limits *lim)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->lim = lim;
	s->nbuckets = BUCKETS_FIRST;
	s->buckets = xcalloc(s->nbuckets, sizeof(struct entry *));
	return s;
}

/* ---- the table ---- */

static struct entry **bucket_of(const struct store *s, struct key key)
{
	uint64_t hash;

	memcpy(&hash, key.bytes, sizeof(hash));
	return &s->buckets[hash & (s->nbuckets - 1)];
}

static void grow(struct store *s)
{
	struct entry **old = s->buckets;
	size_t nold = s->nbuckets;

	s->nbuckets *= 2;
	s->buckets = xcalloc(s->nbuckets, sizeof(struct entry *));
	for (size_t i = 0; i < nold; i++)
		for (struct entry *e = old[i], *next; e; e = next) {
			struct entry **at = bucket_of(s, e->key);

			next = e->next;
			e->next = *at;
			*at = e;
		}
	free(old);
}

struct entry *store_find(const struct store *s, struct key key)
{
	struct entry *e = *bucket_of(s, key);

	while (e && !key_eq(e->key, key))
		e = e->next;
	return e;
}

static struct entries *list_of(struct turn_chain *t, bool is_name)
{
	return is_name ? &t->names : &t->messages;
}

static void unlist(struct entry *e)
{
	struct entries *l = list_of(e->of, e->is_name);

	*(e->newer ? &e->newer->older : &l->newest) = e->older;
	*(e->older ? &e->older->newer : &l->oldest) = e->newer;
	l->count--;
}

static void enlist(struct entry *e, struct turn_chain *t)
{
	struct entries *l = list_of(t, e->is_name);

	e->of = t;
	e->newer = NULL;
	e->older = l->newest;
	*(l->newest ? &l->newest->newer : &l->oldest) = e;
	l->newest = e;
	l->count++;
}

void store_drop(struct store *s, struct entry *e)
{
	struct entry **at = bucket_of(s, e->key);

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	unlist(e);
	s->entries--;
	s->messages -= !e->is_name;
	free(e);
}

static struct entry *entry_add(struct store *s, struct turn_chain *t, struct key key, bool is_name)
{
	struct entry *e = xcalloc(1, sizeof(*e));
	struct entry **at;

	if (s->entries >= s->nbuckets)
		grow(s);
	at = bucket_of(s, key);
	e->key = key;
	e->is_name = is_name;
	e->next = *at;
	*at = e;
	enlist(e, t);
	s->entries++;
	s->messages += !is_name;
	return e;
}

/* ---- conversations ---- */

static void unlink_thread(struct store *s, struct turn_chain *t)
{
	*(t->newer ? &t->newer->older : &s->newest) = t->older;
	*(t->older ? &t->older->newer : &s->oldest) = t->newer;
}

static void link_newest(struct store *s, struct turn_chain *t)
{
	t->newer = NULL;
	t->older = s->newest;
	*(s->newest ? &s->newest->newer : &s->oldest) = t;
	s->newest = t;
}

static void drop_thread(struct store *s, struct turn_chain *t)
{
	while (t->messages.oldest)
		store_drop(s, t->messages.oldest);
	while (t->names.oldest)
		store_drop(s, t->names.oldest);
	unlink_thread(s, t);
	s->threads--;
	free(t);
}

void store_free(struct store *s)
{
	if (!s)
		return;
	while (s->oldest)
		drop_thread(s, s->oldest);
	free(s->buckets);
	free(s);
}

struct turn_chain *store_add(struct store *s)
{
	struct turn_chain *t = xcalloc(1, sizeof(*t));

	if (s->threads >= s->lim->max[LIMIT_conversations]) {
		limit_hit(s->lim, LIMIT_conversations);
		drop_thread(s, s->oldest);
	}
	link_newest(s, t);
	s->threads++;
	return t;
}

void store_used(struct store *s, struct turn_chain *t)
{
	unlink_thread(s, t);
	link_newest(s, t);
}

/* ---- what they are found by ---- */

/* Makes room to remember one more message of t. */
static void make_room(struct store *s, struct turn_chain *t)
{
	if (t->messages.count >= s->lim->max[LIMIT_messages]) {
		limit_hit(s->lim, LIMIT_messages);
		store_drop(s, t->messages.oldest);
	}
	while (s->messages >= s->lim->max[LIMIT_fingerprints]) {
		limit_hit(s->lim, LIMIT_fingerprints);
		if (s->oldest != t)
			drop_thread(s, s->oldest);
		else
			store_drop(s, t->messages.oldest);
	}
}

void store_put(struct store *s, struct turn_chain *t, struct key key, size_t count, unsigned turn)
{
	struct entry *e = store_find(s, key);

	if (e && e->of == t) {
		e->turn = turn ? turn : e->turn;
		return;
	}
	if (e)
		store_drop(s, e);
	make_room(s, t);
	e = entry_add(s, t, key, false);
	e->count = count;
	e->turn = turn;
}

void store_name(struct store *s, struct turn_chain *t, struct key key)
{
	struct entry *e = store_find(s, key);

	if (e && e->of == t)
		return;
	if (e)
		store_drop(s, e);
	entry_add(s, t, key, true);
}

void store_drop_past(struct store *s, struct turn_chain *t, size_t count)
{
	for (struct entry *e = t->messages.newest, *older; e; e = older) {
		older = e->older;
		if (e->count > count)
			store_drop(s, e);
	}
}
