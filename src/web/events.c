/* SPDX-License-Identifier: MIT */
#include "web/events.h"

#ifdef HAVE_MICROHTTPD

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/list.h"
#include "base/xalloc.h"
#include "json/write.h"
#include "select/amount.h"
#include "web/call_json.h"
#include "web/flight.h"
#include "web/totals.h"

#define LISTENERS_MAX 32
/* Of what one listener is told at once. */
#define EVENT_BYTES_MAX ((size_t)1 << 20)
#define PIECE		4096
/* Whoever went away without a word is noticed by these. */
#define ALIVE_NS  15000000000ull
#define TOTALS_NS 1000000000ull
#define FLIGHT_NS 500000000ull

struct listeners {
	struct list list; /* of struct listener */
	atomic_size_t count;
	char run[9]; /* names this run of the server in ids of events */
	uint64_t totals_ns, totals_came;
	char *totals;	 /* the last ones, as JSON */
	uint64_t number; /* of these, from 1 */
	uint64_t flight_ns, flight_changes;
	char *flight;	  /* what is under way, as JSON; NULL: no live run */
	uint64_t flights; /* number of these, from 1 */
	bool over;
};

struct listener {
	struct list in_list;
	struct web *web;
	struct MHD_Connection *connection;
	bool waits;		  /* suspended */
	uint64_t came;		  /* so far it was told */
	uint64_t totals, flights; /* numbers of those that it has */
	uint64_t told_ns;	  /* when it was told something */
	struct buf text;	  /* to be sent */
	size_t sent;		  /* of that */
};

struct listeners *listeners_new(void)
{
	struct listeners *l = xcalloc(1, sizeof(*l));
	uint32_t run = 0;

	list_init(&l->list);
	if (getrandom(&run, sizeof(run), 0) != sizeof(run))
		run = (uint32_t)now_ns();
	snprintf(l->run, sizeof(l->run), "%08x", run);
	return l;
}

void listeners_free(struct listeners *l)
{
	if (l) {
		free(l->totals);
		free(l->flight);
	}
	free(l);
}

/* ---- what is told ---- */

/* An event: JSON has no line ends. */
static void tell(struct listener *at, const char *name, const char *json)
{
	buf_addf(&at->text, "event: %s\nid: %s-%llu\ndata: ", name, at->web->listeners->run,
		 (unsigned long long)at->came);
	buf_adds(&at->text, json);
	buf_adds(&at->text, "\n\n");
}

static void tell_call(struct listener *at, uint64_t id)
{
	struct book_entry e;
	AUTO_FREE char *text = NULL;
	json_t *call;
	size_t place;

	if (!book_find(at->web->book, id, &place))
		return;
	book_get(at->web->book, place, &e);
	if (e.x.twin_of)
		return;
	call = web_call(&e.x);
	text = json_write_text(call);
	json_decref(call);
	tell(at, "ended", text);
}

/* Everything that came since, or that it is too much to tell. */
static void tell_calls(struct listener *at)
{
	const struct book *b = at->web->book;
	uint64_t last = book_came(b);

	if (at->came < last && !book_came_as(b, at->came + 1)) {
		at->came = last;
		tell(at, "reset", "{}");
	}
	while (at->came < last && at->text.len < PIECE) {
		at->came++;
		tell_call(at, book_came_as(b, at->came));
	}
}

static void tell_totals(struct listener *at)
{
	const struct listeners *l = at->web->listeners;

	if (at->totals == l->number || !l->totals || at->came < book_came(at->web->book))
		return;
	at->totals = l->number;
	tell(at, "totals", l->totals);
}

static void tell_flight(struct listener *at)
{
	const struct listeners *l = at->web->listeners;

	if (at->flights == l->flights)
		return;
	at->flights = l->flights;
	tell(at, "flight", l->flight);
}

static bool has_news(const struct listener *at, uint64_t now)
{
	return at->came < book_came(at->web->book) || at->totals != at->web->listeners->number ||
	       at->flights != at->web->listeners->flights || now - at->told_ns >= ALIVE_NS;
}

static void fill(struct listener *at)
{
	struct web *w = at->web;
	uint64_t now = now_ns();

	buf_reset(&at->text);
	at->sent = 0;
	pthread_mutex_lock(&w->lock);
	tell_calls(at);
	tell_totals(at);
	tell_flight(at);
	pthread_mutex_unlock(&w->lock);
	if (!at->text.len && now - at->told_ns >= ALIVE_NS)
		buf_adds(&at->text, ":\n\n");
	if (at->text.len)
		at->told_ns = now;
}

/* ---- sending ---- */

static ssize_t read_events(void *arg, uint64_t pos, char *out, size_t max)
{
	struct listener *at = arg;
	size_t left;

	if (at->sent == at->text.len)
		fill(at);
	if (at->web->listeners->over)
		return MHD_CONTENT_READER_END_OF_STREAM;
	left = at->text.len - at->sent;
	if (!left) {
		at->waits = true;
		http_api.suspend_connection(at->connection);
		return 0;
	}
	max = max < left ? max : left;
	memcpy(out, at->text.ptr + at->sent, max);
	at->sent += max;
	return (ssize_t)max;
}

static void leave(void *arg)
{
	struct listener *at = arg;

	list_remove(&at->in_list);
	at->web->listeners->count--;
	buf_done(&at->text);
	free(at);
}

/* Where it was, if it comes back to the same run. */
static void go_on(struct listener *at, struct span last)
{
	struct span run = span_str(at->web->listeners->run);
	uint64_t came = 0;
	char number[24];

	at->came = book_came(at->web->book);
	if (!last.len)
		return;
	snprintf(number, sizeof(number), "%.*s", (int)(last.len < 23 ? last.len : 23),
		 (const char *)last.ptr);
	if (span_starts(last, run) && last.len > run.len && number[run.len] == '-' &&
	    amount_number(number + run.len + 1, at->came, &came) == 0)
		at->came = came;
	else
		tell(at, "reset", "{}");
}

struct MHD_Response *listeners_add(struct web *w, struct MHD_Connection *c)
{
	struct listeners *l = w->listeners;
	struct MHD_Response *r;
	struct listener *at;

	if (l->count == LISTENERS_MAX)
		return NULL;
	at = xcalloc(1, sizeof(*at));
	*at = (struct listener){ .web = w, .connection = c, .told_ns = now_ns() };
	buf_init(&at->text, EVENT_BYTES_MAX);
	buf_adds(&at->text, "retry: 2000\n\n");
	pthread_mutex_lock(&w->lock);
	go_on(at, http_field(c, "Last-Event-ID"));
	pthread_mutex_unlock(&w->lock);
	list_add_first(&l->list, &at->in_list);
	l->count++;
	r = http_api.create_response_from_callback(MHD_SIZE_UNKNOWN, PIECE, read_events, at, leave);
	http_api.add_response_header(r, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
	return r;
}

/* ---- waking ---- */

static void renew_totals(struct web *w, uint64_t now)
{
	struct listeners *l = w->listeners;
	json_t *totals;

	if (now - l->totals_ns < TOTALS_NS || (l->totals && l->totals_came == book_came(w->book)))
		return;
	l->totals_ns = now;
	l->totals_came = book_came(w->book);
	totals = web_totals(w, &(struct book_query){ 0 });
	free(l->totals);
	l->totals = json_write_text(totals);
	json_decref(totals);
	l->number++;
}

static void renew_flight(struct web *w, uint64_t now)
{
	struct listeners *l = w->listeners;
	uint64_t changes = w->config.live ? live_store_changes(w->config.live) : 0;
	json_t *o;
	size_t n;

	if (!w->config.live || now - l->flight_ns < FLIGHT_NS)
		return;
	/* What has just ended goes when the archive has it. */
	changes += book_came(w->book);
	if (l->flight && l->flight_changes == changes)
		return;
	l->flight_ns = now;
	l->flight_changes = changes;
	o = json_object();
	json_object_set_new(o, "rows", flight_rows(w, &(struct book_query){ 0 }, &n));
	json_object_set_new(o, "in_flight", json_integer((json_int_t)n));
	free(l->flight);
	l->flight = json_write_text(o);
	json_decref(o);
	l->flights++;
}

size_t listeners_count(const struct listeners *l)
{
	return l->count;
}

void listeners_wake(struct web *w, uint64_t *ret_ms)
{
	struct listeners *l = w->listeners;
	uint64_t now = now_ns();

	if (!l->count)
		return;
	*ret_ms = *ret_ms < FLIGHT_NS / 1000000 ? *ret_ms : FLIGHT_NS / 1000000;
	pthread_mutex_lock(&w->lock);
	renew_totals(w, now);
	renew_flight(w, now);
	for (struct list *i = l->list.next; i != &l->list; i = i->next) {
		struct listener *at = container_of(i, struct listener, in_list);

		if (!at->waits || !(has_news(at, now) || l->over))
			continue;
		at->waits = false;
		http_api.resume_connection(at->connection);
	}
	pthread_mutex_unlock(&w->lock);
}

void listeners_end(struct web *w)
{
	uint64_t ms = 0;

	w->listeners->over = true;
	listeners_wake(w, &ms);
}

#endif
