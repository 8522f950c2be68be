/* SPDX-License-Identifier: MIT */
#include "report/status_file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "proc/list.h"

#define DIRECTORY "/run/llm-spy"
#define EVERY_NS  1000000000ull
/* Tracers that are asked at most. */
#define TRACERS_MAX 64

struct status_file {
	int dir; /* negative: there is none */
	char name[32];
	uint64_t started, key, written_ns;
	bool kept, failed; /* the last one, and so key, was written; one was not, which was said */
};

/* Ours, and nobody else's: then what is in it needs no distrust. */
static int open_directory(bool make)
{
	return file_open_own_dir(DIRECTORY, make, 077);
}

struct status_file *status_file_open(void)
{
	struct status_file *f = xcalloc(1, sizeof(*f));

	f->dir = open_directory(true);
	f->started = proc_started(getpid());
	snprintf(f->name, sizeof(f->name), "%d", (int)getpid());
	if (f->dir < 0)
		log_debug("trace", "cannot publish the status in " DIRECTORY ": %s",
			  strerror(-f->dir));
	return f;
}

bool status_file_is_due(const struct status_file *f, uint64_t now_ns)
{
	return f->dir >= 0 && (!f->written_ns || now_ns - f->written_ns >= EVERY_NS);
}

void status_file_write(struct status_file *f, struct status *s, uint64_t key, uint64_t now_ns)
{
	struct buf text;
	int err;

	f->written_ns = now_ns;
	if (f->kept && key == f->key)
		return;
	s->started = f->started;
	buf_init(&text, STATUS_BYTES_MAX);
	err = status_encode(s, &text);
	if (!err)
		err = file_replace(f->dir, f->name, buf_span(&text));
	if (err && !f->failed)
		log_warn("trace",
			 "cannot write the status for 'llm-spy targets' to " DIRECTORY ": %s",
			 strerror(-err));
	f->failed |= err != 0;
	f->kept = !err;
	f->key = key;
	buf_done(&text);
}

void status_file_close(struct status_file *f)
{
	if (!f)
		return;
	if (f->dir >= 0) {
		unlinkat(f->dir, f->name, 0);
		close(f->dir);
	}
	free(f);
}

/* ---- reading ---- */

static int read_one(int dir, const char *name, struct status *ret)
{
	int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct buf text;
	int err;

	if (fd < 0)
		return -errno;
	buf_init(&text, STATUS_BYTES_MAX);
	err = file_read_all(fd, &text);
	close(fd);
	if (!err)
		err = status_decode(buf_span(&text), ret);
	buf_done(&text);
	return err;
}

size_t status_file_read_all(struct status **ret, size_t *ret_unread)
{
	int fd = open_directory(false);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	size_t count = 0;

	*ret = NULL;
	*ret_unread = 0;
	if (fd >= 0 && !d)
		close(fd);
	while (d && count < TRACERS_MAX && (e = readdir(d))) {
		char *end;
		long pid = strtol(e->d_name, &end, 10);
		struct status s;
		int err;

		if (end == e->d_name || pid <= 0 || pid > INT32_MAX)
			continue;
		if (!proc_started((pid_t)pid)) {
			unlinkat(fd, e->d_name, 0);
			continue;
		}
		if (*end)
			continue;
		err = read_one(fd, e->d_name, &s);
		if (err) {
			*ret_unread += err != -ENOENT;
			continue;
		}
		/* Another process may have its number by now. */
		if (s.started != proc_started((pid_t)pid)) {
			unlinkat(fd, e->d_name, 0);
			status_done(&s);
			continue;
		}
		*ret = xgrow(*ret, count, sizeof(**ret));
		(*ret)[count++] = s;
	}
	if (d)
		closedir(d);
	return count;
}
