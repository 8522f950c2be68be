/* SPDX-License-Identifier: MIT */
#include "proxy/sessions.h"

#include <stdlib.h>
#include <string.h>

#include "base/xalloc.h"

/* Whoever offers longer lists has full handshakes. */
#define KEY_MAX 1024

struct item {
	struct list in;
	struct buf key;
	SSL_SESSION *session;
	int64_t verified_ns;
};

static struct item *item_of(struct list *l)
{
	return container_of(l, struct item, in);
}

void sessions_init(struct sessions *s)
{
	list_init(&s->items);
	s->count = 0;
}

static void drop(struct sessions *s, struct item *i)
{
	list_remove(&i->in);
	s->count--;
	buf_done(&i->key);
	SSL_SESSION_free(i->session);
	free(i);
}

void sessions_done(struct sessions *s)
{
	while (s->count)
		drop(s, item_of(list_last(&s->items)));
}

/* The nth of a key, where 0 is the newest; NULL: there are fewer. */
static struct item *find(const struct sessions *s, struct span key, size_t n)
{
	list_each(l, &s->items)
	{
		if (span_eq(buf_span(&item_of(l)->key), key) && n-- == 0)
			return item_of(l);
	}
	return NULL;
}

/* A clock that was set back makes it too old as well. */
static bool is_fresh(const struct item *i, int64_t now_ns)
{
	int64_t age = now_ns - i->verified_ns;

	return age >= 0 && age < SESSIONS_MAX_SECONDS * INT64_C(1000000000);
}

static void make_key(struct buf *key, const char *host, unsigned port, struct span offered)
{
	buf_init(key, KEY_MAX);
	buf_add(key, span_of(host, strlen(host) + 1));
	buf_addf(key, "%u:", port);
	buf_add(key, offered);
	if (key->full)
		buf_done(key);
}

void sessions_offer(struct sessions *s, SSL *ssl, const char *host, unsigned port,
		    struct span offered, int64_t now_ns, struct session_use *ret_use)
{
	struct item *i;

	*ret_use = (struct session_use){ .begun_ns = now_ns };
	make_key(&ret_use->key, host, port, offered);
	while ((i = find(s, buf_span(&ret_use->key), 0)) && !is_fresh(i, now_ns))
		drop(s, i);
	if (!i)
		return;
	ret_use->verified_ns = i->verified_ns;
	SSL_set_session(ssl, i->session);
	drop(s, i);
}

static bool is_worth(const struct session_use *use, const SSL_SESSION *session)
{
	const unsigned char *ticket;
	size_t len = 0;

	SSL_SESSION_get0_ticket(session, &ticket, &len);
	return use->key.len && len <= SESSIONS_TICKET_MAX && SSL_SESSION_is_resumable(session);
}

void sessions_keep(struct sessions *s, const struct session_use *use, SSL_SESSION *session,
		   bool resumed)
{
	SSL_SESSION *copy = is_worth(use, session) ? SSL_SESSION_dup(session) : NULL;
	struct item *i, *oldest;

	if (!copy)
		return;
	i = xcalloc(1, sizeof(*i));
	i->session = copy;
	i->verified_ns = resumed ? use->verified_ns : use->begun_ns;
	buf_init(&i->key, KEY_MAX);
	buf_add(&i->key, buf_span(&use->key));
	list_add_first(&s->items, &i->in);
	s->count++;
	oldest = find(s, buf_span(&use->key), SESSIONS_OF_ONE_MAX);
	if (!oldest && s->count > SESSIONS_MAX)
		oldest = item_of(list_last(&s->items));
	if (oldest)
		drop(s, oldest);
}

void session_use_done(struct session_use *use)
{
	buf_done(&use->key);
}
