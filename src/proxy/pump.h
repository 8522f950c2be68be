/* SPDX-License-Identifier: MIT */
/* Two ends, and what each says passed on to the other as soon as it comes, unchanged. One piece is
 * held in each direction: while it cannot be written nothing more is read, so that the slower end
 * holds back the faster one. An end that stops sending may still receive. */
#ifndef SPY_PROXY_PUMP_H
#define SPY_PROXY_PUMP_H

#include <event2/event.h>
#include <openssl/ssl.h>
#include <stdbool.h>

#include "base/span.h"

struct side {
	evutil_socket_t fd; /* -1: none */
	SSL *ssl;	    /* NULL: no TLS */
	struct event *readable, *writable;
	bool reads, writes; /* the events that are waited for */
	bool drained;	    /* nothing can be read before its next event */
	bool over;	    /* of TLS: nothing more can be read, as `last` says */
	ssize_t last;
	bool eof, cut;	       /* it sends no more; without TLS' own end, so it may be cut */
	bool shut;	       /* it was told that nothing more comes */
	bool read_needs_write; /* what TLS waits for to read on, and to write on */
	bool write_needs_read;
};

struct flow {
	uint8_t *piece;	 /* NULL: nothing is held */
	size_t off, len; /* `off` of its `len` bytes are passed on */
	size_t told;
};

/* What an end said, once it was passed on as far as the other end takes it at once. */
typedef void (*pumped_fn)(void *arg, size_t from, struct span bytes);

struct pump {
	struct side side[2];
	struct flow flow[2]; /* what the end of that number says */
	pumped_fn fn;
	void *arg;
};

enum pump_state { PUMP_GOES_ON, PUMP_OVER, PUMP_BROKEN };

void side_init(struct side *s, struct event_base *base, evutil_socket_t fd, event_callback_fn fn,
	       void *arg);
/* `abort`: the other end hears of it at once, as of a connection that was reset. */
void side_done(struct side *s, bool abort);
void side_wait(struct side *s, bool reads, bool writes);
/* An event of one of them came: it may have something to read. */
void pump_woken(struct pump *p, evutil_socket_t fd);
/* Waits for what SSL_connect or SSL_accept asked for. False: that was an error. */
bool side_wait_tls(struct side *s, int ret);

/* Bytes of `from` that the other end is to get before all others. */
void pump_put(struct pump *p, size_t from, struct span bytes);
/* Passes on what there is, and waits for more. */
enum pump_state pump_step(struct pump *p);
void pump_done(struct pump *p, bool abort);

#endif
