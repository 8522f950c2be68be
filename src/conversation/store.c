/* SPDX-License-Identifier: MIT */
/* A hash table of keys, and a list of conversations by their last use. Keys are digests, so their
 * first bytes serve as hash. */
#include "conversation/store.h"

#include <stdlib.h>

#include "base/xalloc.h"

#define BUCKETS_FIRST 256
/* Keys that ceilings have dropped and that are still known as such, at most. */
#define DROPPED_SLOTS (1u << 16)

struct store {
	struct limits *lim;
	struct entry **buckets;
	size_t nbuckets; /* a power of two */
	size_t entries;
	size_t messages;  /* of these, not names */
	struct list used; /* conversations, the one used last first */
	size_t conversations;
	uint32_t *dropped; /* marks of keys, each in the slot of its hash; NULL: none yet */
	enum limit missed; /* as of store_missed */
};

struct store *store_new(struct limits *lim)
{
	struct store *s = xcalloc(1, sizeof(*s));

	s->lim = lim;
	s->nbuckets = BUCKETS_FIRST;
	s->buckets = xcalloc(s->nbuckets, sizeof(struct entry *));
	s->missed = LIMIT_COUNT;
	list_init(&s->used);
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

static struct entry *find(const struct store *s, struct key key)
{
	struct entry *e = *bucket_of(s, key);

	while (e && !key_eq(e->key, key))
		e = e->next;
	return e;
}

/* ---- what is gone ---- */

static uint32_t *slot_of(const struct store *s, struct key key)
{
	uint32_t hash;

	memcpy(&hash, key.bytes, sizeof(hash));
	return &s->dropped[hash % DROPPED_SLOTS];
}

/* 30 other bits of the key, which ceiling it was, and one so that it is never 0. */
static uint32_t mark_of(struct key key, enum limit which)
{
	uint32_t mark;

	memcpy(&mark, key.bytes + 4, sizeof(mark));
	return (mark & ~3u) | (which == LIMIT_fingerprints ? 2 : 0) | 1;
}

static void note_dropped(struct store *s, struct key key, enum limit which)
{
	if (!s->dropped)
		s->dropped = xcalloc(DROPPED_SLOTS, sizeof(*s->dropped));
	*slot_of(s, key) = mark_of(key, which);
}

static void note_missed(struct store *s, struct key key)
{
	uint32_t mark = s->dropped ? *slot_of(s, key) : 0;

	if (mark == mark_of(key, LIMIT_conversations))
		s->missed = LIMIT_conversations;
	else if (mark == mark_of(key, LIMIT_fingerprints))
		s->missed = LIMIT_fingerprints;
}

enum limit store_missed(struct store *s)
{
	enum limit missed = s->missed;

	s->missed = LIMIT_COUNT;
	return missed;
}

struct entry *store_find(struct store *s, struct key key)
{
	struct entry *e = find(s, key);

	if (!e)
		note_missed(s, key);
	return e;
}

/* ---- entries ---- */

static struct entries *list_of(struct turn_chain *t, bool is_name)
{
	return is_name ? &t->names : &t->messages;
}

static void unlist(struct entry *e)
{
	list_remove(&e->in);
	list_of(e->of, e->is_name)->count--;
}

static void enlist(struct entry *e, struct turn_chain *t)
{
	struct entries *l = list_of(t, e->is_name);

	e->of = t;
	list_add_first(&l->list, &e->in);
	l->count++;
}

static struct entry *oldest_of(const struct entries *l)
{
	return l->count ? container_of(list_last(&l->list), struct entry, in) : NULL;
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

static struct turn_chain *longest_idle(const struct store *s)
{
	return container_of(list_last(&s->used), struct turn_chain, used);
}

/* `why`: the ceiling that it is dropped for, or LIMIT_COUNT. */
static void drop_all(struct store *s, const struct entries *l, enum limit why)
{
	for (struct entry *e; (e = oldest_of(l));) {
		if (why != LIMIT_COUNT)
			note_dropped(s, e->key, why);
		store_drop(s, e);
	}
}

static void drop_conversation(struct store *s, struct turn_chain *t, enum limit why)
{
	drop_all(s, &t->messages, why);
	drop_all(s, &t->names, why);
	list_remove(&t->used);
	s->conversations--;
	free(t->title);
	free(t);
}

void store_free(struct store *s)
{
	if (!s)
		return;
	while (!list_is_empty(&s->used))
		drop_conversation(s, longest_idle(s), LIMIT_COUNT);
	free(s->dropped);
	free(s->buckets);
	free(s);
}

struct turn_chain *store_add(struct store *s)
{
	struct turn_chain *t = xcalloc(1, sizeof(*t));

	if (s->conversations >= s->lim->max[LIMIT_conversations])
		drop_conversation(s, longest_idle(s), LIMIT_conversations);
	list_init(&t->messages.list);
	list_init(&t->names.list);
	list_add_first(&s->used, &t->used);
	s->conversations++;
	return t;
}

void store_used(struct store *s, struct turn_chain *t)
{
	list_remove(&t->used);
	list_add_first(&s->used, &t->used);
}

/* ---- what they are found by ---- */

/* Makes room to remember one more message of t. */
static void make_room(struct store *s, struct turn_chain *t)
{
	if (t->messages.count >= s->lim->max[LIMIT_messages]) {
		limit_hit(s->lim, LIMIT_messages);
		store_drop(s, oldest_of(&t->messages));
	}
	while (s->messages >= s->lim->max[LIMIT_fingerprints]) {
		if (longest_idle(s) != t) {
			drop_conversation(s, longest_idle(s), LIMIT_fingerprints);
			continue;
		}
		note_dropped(s, oldest_of(&t->messages)->key, LIMIT_fingerprints);
		store_drop(s, oldest_of(&t->messages));
	}
}

void store_put(struct store *s, struct turn_chain *t, struct key key, size_t count, unsigned turn)
{
	struct entry *e = find(s, key);

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
	struct entry *e = find(s, key);

	if (e && e->of == t)
		return;
	if (e)
		store_drop(s, e);
	entry_add(s, t, key, true);
}

void store_drop_past(struct store *s, struct turn_chain *t, size_t count)
{
	struct list *l = &t->messages.list;

	for (struct list *at = l->next, *next; at != l; at = next) {
		struct entry *e = container_of(at, struct entry, in);

		next = at->next;
		if (e->count > count)
			store_drop(s, e);
	}
}
