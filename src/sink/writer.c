/* SPDX-License-Identifier: MIT */
#include "sink/writer.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/xalloc.h"

/* What a pipe that polls as writable takes at once (pipe(7)). */
#define PIECE	  ((size_t)4096)
#define EARLY	  (1u << 20)
#define KEPT_MAX  (64u << 20)
#define NOTES_MAX (1u << 20)
#define POLL_MS	  100

struct writer {
	int fd;
	bool owned, regular; /* regular: ours, and cut off behind what failed */
	FILE *stream;
	struct buf kept;
	off_t safe; /* a regular file: where the last whole record ends */
	off_t size; /* the same, with what closes it */
	struct span closing;
	bool is_closed; /* nothing was written since it was closed */
	int failed;	/* of the record under way; its rest is passed over */
	int abandoned;	/* atomic */
	uint64_t bytes; /* atomic */
	bool in_line;	/* the last byte written did not end one */
	pthread_mutex_t lock;
	struct buf notes; /* under the lock */
};

/* ---- writing ---- */

/* Pipes and terminals are written to when they have room, so that this thread can be told to stop.
 */
static int wait_for_room(struct writer *w)
{
	struct pollfd p = { .fd = w->fd, .events = POLLOUT };

	while (!__atomic_load_n(&w->abandoned, __ATOMIC_RELAXED)) {
		int n = poll(&p, 1, POLL_MS);

		if (n > 0)
			return p.revents & POLLERR && !(p.revents & POLLOUT) ? -EPIPE : 0;
		if (n < 0 && errno != EINTR)
			return -errno;
	}
	return -ETIMEDOUT;
}

static int write_out(struct writer *w, struct span s)
{
	while (s.len) {
		size_t len = w->regular || s.len < PIECE ? s.len : PIECE;
		int err = w->regular ? 0 : wait_for_room(w);
		ssize_t n;

		if (err)
			return err;
		n = write(w->fd, s.ptr, len);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0) {
			s = span_from(s, (size_t)n);
			__atomic_add_fetch(&w->bytes, (uint64_t)n, __ATOMIC_RELAXED);
		}
	}
	return 0;
}

/* Nothing that is half a record stays in a file, and what closes it is there again. */
static void cut_off(struct writer *w)
{
	if (!w->regular || ftruncate(w->fd, w->safe) != 0)
		return;
	w->size = w->safe;
	if (w->closing.len && pwrite(w->fd, w->closing.ptr, w->closing.len, w->safe) > 0)
		w->size += (off_t)w->closing.len;
	lseek(w->fd, w->safe, SEEK_SET);
}

static void put_out(struct writer *w)
{
	if (w->kept.len)
		w->in_line = w->kept.ptr[w->kept.len - 1] != '\n';
	w->is_closed &= !w->kept.len;
	if (!w->failed)
		w->failed = write_out(w, buf_span(&w->kept));
	if (w->failed)
		cut_off(w);
	buf_reset(&w->kept);
}

static ssize_t on_write(void *cookie, const char *bytes, size_t len)
{
	struct writer *w = cookie;

	if (w->failed)
		return (ssize_t)len; /* the commit says so */
	if (buf_add(&w->kept, span_of(bytes, len)) != 0)
		w->failed = -ENOBUFS;
	if (w->kept.len >= EARLY)
		put_out(w);
	return (ssize_t)len;
}

void writer_note(struct writer *w, struct span lines)
{
	pthread_mutex_lock(&w->lock);
	buf_add(&w->notes, lines);
	pthread_mutex_unlock(&w->lock);
}

/* Behind what was kept, unless a line is under way. */
static void add_notes(struct writer *w)
{
	bool in_line = w->kept.len ? w->kept.ptr[w->kept.len - 1] != '\n' : w->in_line;

	if (in_line)
		return;
	pthread_mutex_lock(&w->lock);
	buf_add(&w->kept, buf_span(&w->notes));
	buf_reset(&w->notes);
	pthread_mutex_unlock(&w->lock);
}

void writer_set_closing(struct writer *w, struct span closing)
{
	w->closing = closing;
}

/* The record and what closes the file are one write, so that hardly anything comes between. */
static void commit_closed(struct writer *w)
{
	off_t end;

	if (!w->kept.len && w->is_closed && !w->failed)
		return;
	if (buf_add(&w->kept, w->closing) != 0)
		w->failed = -ENOBUFS;
	put_out(w);
	if (w->failed)
		return;
	end = lseek(w->fd, 0, SEEK_CUR);
	if (end < w->size && ftruncate(w->fd, end) != 0)
		w->failed = -errno;
	w->size = end;
	w->is_closed = true;
	w->safe = lseek(w->fd, end - (off_t)w->closing.len, SEEK_SET);
}

int writer_commit(struct writer *w)
{
	int err;

	fflush(w->stream);
	if (w->regular && w->closing.len) {
		commit_closed(w);
	} else {
		add_notes(w);
		put_out(w);
	}
	err = w->failed;
	w->failed = 0;
	if (!err && w->regular && !w->closing.len)
		w->safe = lseek(w->fd, 0, SEEK_CUR);
	return err;
}

int writer_end(struct writer *w)
{
	if (w->regular || !w->closing.len)
		return 0;
	buf_add(&w->kept, w->closing);
	return writer_commit(w);
}

/* ---- opening ---- */

int writer_open(struct writer **ret, const char *path, bool force, struct error *reterr)
{
	static const cookie_io_functions_t io = { .write = on_write };
	struct writer *w = xcalloc(1, sizeof(*w));
	struct stat st;

	w->fd = path ? file_create_private(path, force, reterr) : STDOUT_FILENO;
	if (w->fd < 0) {
		free(w);
		return reterr->code;
	}
	w->owned = path != NULL;
	w->regular = w->owned && fstat(w->fd, &st) == 0 && S_ISREG(st.st_mode);
	buf_init(&w->kept, KEPT_MAX);
	buf_init(&w->notes, NOTES_MAX);
	pthread_mutex_init(&w->lock, NULL);
	w->stream = fopencookie(w, "w", io);
	if (!w->stream) {
		writer_free(w);
		return error_set(reterr, -ENOMEM, "no stream can be opened");
	}
	*ret = w;
	return 0;
}

void writer_free(struct writer *w)
{
	if (!w)
		return;
	w->failed = -ECANCELED;
	if (w->stream)
		fclose(w->stream);
	if (w->owned)
		close(w->fd);
	buf_done(&w->kept);
	buf_done(&w->notes);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

FILE *writer_stream(struct writer *w)
{
	return w->stream;
}

bool writer_is_file(const struct writer *w)
{
	return w->regular;
}

int writer_fd(const struct writer *w)
{
	return w->fd;
}

bool writer_has_reader(const struct writer *w)
{
	struct pollfd p = { .fd = w->fd };

	return poll(&p, 1, 0) < 1 || !(p.revents & (POLLERR | POLLHUP));
}

void writer_abandon(struct writer *w)
{
	__atomic_store_n(&w->abandoned, 1, __ATOMIC_RELAXED);
}

uint64_t writer_bytes(const struct writer *w)
{
	return __atomic_load_n(&w->bytes, __ATOMIC_RELAXED);
}
