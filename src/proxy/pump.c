/* SPDX-License-Identifier: MIT */
#include "proxy/pump.h"

#include <errno.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/xalloc.h"

#define PIECE 32768
/* Pieces in one step: others want their turn. */
#define PIECES 32

void side_init(struct side *s, struct event_base *base, evutil_socket_t fd, event_callback_fn fn,
	       void *arg)
{
	*s = (struct side){ .fd = fd };
	s->readable = event_new(base, fd, EV_READ | EV_PERSIST, fn, arg);
	s->writable = event_new(base, fd, EV_WRITE | EV_PERSIST, fn, arg);
}

void side_done(struct side *s, bool abort)
{
	struct linger now = { .l_onoff = 1 };

	if (s->fd < 0)
		return;
	event_free(s->readable);
	event_free(s->writable);
	SSL_free(s->ssl);
	if (abort)
		setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	close(s->fd);
	*s = (struct side){ .fd = -1 };
}

static void wait_one(struct event *e, bool *waits, bool should)
{
	if (*waits == should)
		return;
	*waits = should;
	if (should)
		event_add(e, NULL);
	else
		event_del(e);
}

void side_wait(struct side *s, bool reads, bool writes)
{
	if (s->fd < 0)
		return;
	wait_one(s->readable, &s->reads, reads);
	wait_one(s->writable, &s->writes, writes);
}

bool side_wait_tls(struct side *s, int ret)
{
	int why = SSL_get_error(s->ssl, ret);

	side_wait(s, why == SSL_ERROR_WANT_READ, why == SSL_ERROR_WANT_WRITE);
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
}

void pump_woken(struct pump *p, evutil_socket_t fd)
{
	for (size_t i = 0; i < 2; i++)
		if (p->side[i].fd == fd)
			p->side[i].drained = false;
}

/* ---- one end ---- */

/* > 0: bytes; 0: it sends no more; -EAGAIN, or another error. */
static ssize_t plain_read(struct side *s, void *to, size_t len)
{
	ssize_t n = recv(s->fd, to, len, 0);

	s->cut = n == 0;
	s->drained = n < (ssize_t)len;
	return n >= 0 ? n : errno == EINTR ? -EAGAIN : -errno;
}

static ssize_t why_not_read(struct side *s)
{
	int why = SSL_get_error(s->ssl, 0);

	s->read_needs_write = why == SSL_ERROR_WANT_WRITE;
	if (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE)
		return -EAGAIN;
	s->cut = why == SSL_ERROR_SSL &&
		 ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
	return why == SSL_ERROR_ZERO_RETURN || s->cut ? 0 : -ECONNRESET;
}

/* Records that came together are passed on together. OpenSSL tells only once why there are no more:
 * that is kept until they were. */
static ssize_t tls_read(struct side *s, uint8_t *to, size_t len)
{
	size_t n, all = 0;

	ERR_clear_error();
	s->read_needs_write = false;
	while (!s->over && all < len) {
		if (SSL_read_ex(s->ssl, to + all, len - all, &n) != 1) {
			s->last = why_not_read(s);
			s->over = s->last != -EAGAIN;
			s->drained = !s->over;
			break;
		}
		all += n;
		s->drained = !SSL_has_pending(s->ssl);
		if (s->drained)
			break;
	}
	return all ? (ssize_t)all : s->last;
}

static ssize_t plain_write(struct side *s, const void *from, size_t len)
{
	ssize_t n = send(s->fd, from, len, MSG_NOSIGNAL);

	return n >= 0 ? n : errno == EINTR ? -EAGAIN : -errno;
}

static ssize_t tls_write(struct side *s, const void *from, size_t len)
{
	size_t n = 0;
	int why;

	ERR_clear_error();
	s->write_needs_read = false;
	if (SSL_write_ex(s->ssl, from, len, &n) == 1)
		return (ssize_t)n;
	why = SSL_get_error(s->ssl, 0);
	s->write_needs_read = why == SSL_ERROR_WANT_READ;
	return why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE ? -EAGAIN : -ECONNRESET;
}

/* What was cut off at one end must not look as if it had ended at the other. */
static void stop_sending(struct side *s, bool cut)
{
	if (s->ssl && !cut)
		SSL_shutdown(s->ssl);
	shutdown(s->fd, SHUT_WR);
	s->shut = true;
}

/* ---- both ---- */

void pump_put(struct pump *p, size_t from, struct span bytes)
{
	struct flow *f = &p->flow[from];

	*f = (struct flow){ .piece = xmalloc(bytes.len), .len = bytes.len };
	memcpy(f->piece, bytes.ptr, bytes.len);
}

static void drop_piece(struct flow *f)
{
	free(f->piece);
	*f = (struct flow){ 0 };
}

/* 1: something was done; 0: nothing can be; or an error. */
static int take(struct pump *p, size_t from)
{
	struct side *s = &p->side[from];
	struct flow *f = &p->flow[from];
	ssize_t n;

	if (f->len || s->eof || s->drained)
		return 0;
	f->piece = xmalloc(PIECE);
	n = s->ssl ? tls_read(s, f->piece, PIECE) : plain_read(s, f->piece, PIECE);
	if (n > 0) {
		f->len = (size_t)n;
		return 1;
	}
	drop_piece(f);
	s->eof = n == 0;
	return n == 0 ? 1 : n == -EAGAIN ? 0 : (int)n;
}

/* What was just read is told once it has been written: nobody waits for that. */
static void tell(struct pump *p, size_t from)
{
	struct flow *f = &p->flow[from];

	if (f->told < f->len)
		p->fn(p->arg, from, span_of(f->piece + f->told, f->len - f->told));
	f->told = f->len;
}

static int write_piece(struct side *to, struct flow *f)
{
	ssize_t n = to->ssl ? tls_write(to, f->piece + f->off, f->len - f->off)
			    : plain_write(to, f->piece + f->off, f->len - f->off);

	if (n < 0)
		return n == -EAGAIN ? 0 : (int)n;
	f->off += (size_t)n;
	return 1;
}

static int give(struct pump *p, size_t from)
{
	struct side *to = &p->side[!from];
	struct flow *f = &p->flow[from];
	int did;

	if (!f->len && p->side[from].eof && !to->shut) {
		stop_sending(to, p->side[from].cut && p->side[from].ssl);
		return 1;
	}
	if (!f->len)
		return 0;
	did = write_piece(to, f);
	tell(p, from);
	if (f->off == f->len)
		drop_piece(f);
	return did;
}

/* Once through both directions; as take(). */
static int turn(struct pump *p)
{
	int any = 0;

	for (size_t from = 0; from < 2; from++) {
		int took = take(p, from), gave = took < 0 ? took : give(p, from);

		if (gave < 0)
			return gave;
		any |= took | gave;
	}
	return any;
}

static void wait_both(struct pump *p, bool again)
{
	for (size_t i = 0; i < 2; i++) {
		struct side *s = &p->side[i];
		bool can_take = !s->eof && !p->flow[i].len;

		side_wait(s, (can_take && !s->read_needs_write) || s->write_needs_read,
			  p->flow[!i].len || (can_take && s->read_needs_write));
	}
	if (again)
		event_active(p->side[0].readable, EV_READ, 0);
}

enum pump_state pump_step(struct pump *p)
{
	int n = 1;

	for (size_t i = 0; i < PIECES && n > 0; i++)
		n = turn(p);
	if (n < 0)
		return PUMP_BROKEN;
	if (p->side[0].shut && p->side[1].shut)
		return PUMP_OVER;
	wait_both(p, n > 0);
	return PUMP_GOES_ON;
}

void pump_done(struct pump *p, bool abort)
{
	for (size_t i = 0; i < 2; i++) {
		drop_piece(&p->flow[i]);
		side_done(&p->side[i], abort);
	}
}
