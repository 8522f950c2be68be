/* SPDX-License-Identifier: MIT */
/* What the catalog on disk says becomes probes in the kernel, and a probe in the middle of an
 * instruction kills a program: so it is believed only when nobody else could have written it, when
 * this very build made it, and when the file still has the same bytes at each place. */
#include "discover/scan_cache.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache_dir.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/xalloc.h"
#include "config.h"
#include "discover/scanner.h"

#define CATALOG_FILE "finders"
#define CHECKED_HEAD 4096
#define CHECKED_SITE 16

struct scan_cache {
	struct catalog *catalog;
	struct scanner scanner;
	bool ended; /* the scanner, which was said */
	struct scan_cache_stats stats;
};

/* ---- the catalog's file ---- */

static void add_text(struct sha256_ctx *ctx, const char *s)
{
	sha256_update(ctx, strlen(s) + 1, (const uint8_t *)s);
}

/* Which program it was: version, finders, and the executable file itself, since a finder may change
 * without its name doing so. */
static void make_stamp(uint8_t ret[CATALOG_STAMP_LEN])
{
	struct file_id self = { 0 };
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	add_text(&ctx, PACKAGE_VERSION);
	for (size_t i = 0; finder_name(i); i++)
		add_text(&ctx, finder_name(i));
	scan_cache_identify("/proc/self/exe", &self);
	sha256_update(&ctx, sizeof(self.size), (const uint8_t *)&self.size);
	sha256_update(&ctx, sizeof(self.mtime_ns), (const uint8_t *)&self.mtime_ns);
	sha256_digest(&ctx, CATALOG_STAMP_LEN, ret);
}

static void load(struct scan_cache *f)
{
	uint8_t stamp[CATALOG_STAMP_LEN];
	char path[PATH_MAX];
	struct buf bytes;
	int dir = cache_dir_open(path, sizeof(path));
	int fd = dir < 0 ? dir : cache_file_open(dir, CATALOG_FILE, CATALOG_BYTES_MAX);
	int err;

	if (dir >= 0)
		close(dir);
	if (fd < 0) {
		log_debug("attach", "no catalog of scanned files in %s: %s", path, strerror(-fd));
		return;
	}
	buf_init(&bytes, CATALOG_BYTES_MAX);
	make_stamp(stamp);
	err = file_read_all(fd, &bytes);
	close(fd);
	if (!err)
		err = catalog_decode(f->catalog, stamp, buf_span(&bytes));
	if (err)
		log_debug("attach", "ignoring the catalog in %s: %s", path,
			  err == -ESTALE ? "another version of llm-spy wrote it" : strerror(-err));
	buf_done(&bytes);
}

static void store(struct scan_cache *f)
{
	uint8_t stamp[CATALOG_STAMP_LEN];
	char path[PATH_MAX];
	struct buf bytes;
	int dir, err;

	if (!catalog_changed(f->catalog))
		return;
	dir = cache_dir_open(path, sizeof(path));
	buf_init(&bytes, CATALOG_BYTES_MAX);
	make_stamp(stamp);
	err = dir < 0 ? dir : catalog_encode(f->catalog, stamp, &bytes);
	if (!err)
		err = file_replace(dir, CATALOG_FILE, buf_span(&bytes));
	if (err)
		log_debug("attach", "cannot save the scan results in %s: %s", path, strerror(-err));
	if (dir >= 0)
		close(dir);
	buf_done(&bytes);
}

/* ---- one file ---- */

static void identify(const struct stat *st, struct file_id *ret)
{
	*ret = (struct file_id){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = (uint64_t)st->st_size,
		.mtime_ns =
			(uint64_t)st->st_mtim.tv_sec * 1000000000 + (uint64_t)st->st_mtim.tv_nsec,
		.ctime_ns =
			(uint64_t)st->st_ctim.tv_sec * 1000000000 + (uint64_t)st->st_ctim.tv_nsec,
	};
}

int scan_cache_identify(const char *path, struct file_id *ret)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return -errno;
	identify(&st, ret);
	return S_ISREG(st.st_mode) ? 0 : -EINVAL;
}

/* Opening must neither wait nor have an effect, whatever kind of file it turns out to be. */
static int open_file(const char *path, struct file_id *ret)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int err = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) != 0)
		err = -errno;
	else if (!S_ISREG(st.st_mode))
		err = -EINVAL;
	if (err) {
		close(fd);
		return err;
	}
	identify(&st, ret);
	return fd;
}

static void add_bytes(struct sha256_ctx *ctx, int fd, uint64_t at, size_t len)
{
	uint8_t bytes[CHECKED_HEAD];
	ssize_t n = at <= INT64_MAX ? pread(fd, bytes, len, (off_t)at) : 0;

	sha256_update(ctx, n > 0 ? (size_t)n : 0, bytes);
}

/* Reading the places has a second use: the kernel reads a page that it has not cached by itself
 * when a uprobe goes there, and on ext4 it warns of the way it does so (seen with Linux 6.18),
 * which stops a host that is set to panic on warnings. */
static void make_check(int fd, const struct plan *p, uint8_t ret[SHA256_DIGEST_SIZE])
{
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	add_bytes(&ctx, fd, 0, CHECKED_HEAD);
	for (size_t i = 0; i < p->nparts; i++)
		for (size_t s = 0; s < p->parts[i].nsites; s++)
			add_bytes(&ctx, fd, p->parts[i].sites[s].addr, CHECKED_SITE);
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, ret);
}

/* Or could not be started: a later search may come to its end. */
static bool is_killed(int err)
{
	return err == -EINTR || err == -EAGAIN;
}

/* Without the process none is searched from then on: that is said once. */
static void say_failed(struct scan_cache *f, const char *path, int err)
{
	if (is_killed(err) && !f->stats.killed++)
		log_warn("attach",
			 "scanning %s for TLS failed: another process killed the scanner; trying "
			 "again later (--debug lists further files)",
			 path);
	else if (is_killed(err))
		log_debug("attach", "scanning %s for TLS failed: the scanner was killed", path);
	else if (err != -EPIPE)
		log_warn("attach", "scanning %s for TLS failed (timeout or crash)", path);
	else if (!f->ended)
		log_warn("attach",
			 "scanning %s for TLS failed: the scanner process has ended, so no further "
			 "file will be scanned",
			 path);
	f->ended |= err == -EPIPE;
}

/* ---- copies ---- */

/* A frozen program unpacks its libraries anew at each start. Of what is larger than these, samples
 * say less, and its search is waited for (hold/). */
#define COPY_MAX     (64u << 20)
#define SAMPLES	     16
#define SAMPLE_BYTES 4096

/* Whether it pays to read samples. */
static bool may_be_copy(const struct scan_cache *f, const struct file_id *id)
{
	return id->size <= COPY_MAX && catalog_has_size(f->catalog, id->size);
}

/* The beginning, which has the build ID, the end, and what is in between. */
static void make_likeness(int fd, uint64_t size, uint8_t ret[SHA256_DIGEST_SIZE])
{
	uint64_t last = size > SAMPLE_BYTES ? size - SAMPLE_BYTES : 0;
	struct sha256_ctx ctx;

	sha256_init(&ctx);
	for (uint64_t i = 0; i < SAMPLES; i++)
		add_bytes(&ctx, fd, last / (SAMPLES - 1) * i, SAMPLE_BYTES);
	add_bytes(&ctx, fd, last, SAMPLE_BYTES);
	sha256_digest(&ctx, SHA256_DIGEST_SIZE, ret);
}

/* The same under the identity of a copy; NULL: its bytes at the places to hook are others. */
static struct catalog_entry *add_copy(struct scan_cache *f, int fd, const struct file_id *id,
				      const struct catalog_entry *of)
{
	uint8_t check[SHA256_DIGEST_SIZE] = { 0 };
	struct plan plan = { 0 };
	struct buf bytes;
	int err;

	if (of->plan.nparts)
		make_check(fd, &of->plan, check);
	if (memcmp(check, of->check, sizeof(check)) != 0)
		return NULL;
	buf_init(&bytes, PLAN_BYTES_MAX);
	err = plan_encode(&of->plan, &bytes);
	if (!err)
		err = plan_decode(buf_span(&bytes), &plan);
	buf_done(&bytes);
	if (!err)
		return catalog_add(f->catalog, id, check, &plan);
	plan_done(&plan);
	return NULL;
}

/* What is known of a copy; NULL: it is none. */
static struct catalog_entry *find_copy(struct scan_cache *f, int fd, const struct file_id *id,
				       const uint8_t likeness[SHA256_DIGEST_SIZE])
{
	struct catalog_entry *e =
		id->size > COPY_MAX ? NULL : catalog_find_copy(f->catalog, id->size, likeness);

	if (e)
		e = add_copy(f, fd, id, e);
	if (e)
		memcpy(e->likeness, likeness, SHA256_DIGEST_SIZE);
	return e;
}

/* NULL: the search was killed. */
static struct catalog_entry *search(struct scan_cache *f, int fd, const char *path,
				    const struct file_id *id,
				    const uint8_t likeness[SHA256_DIGEST_SIZE])
{
	uint8_t check[SHA256_DIGEST_SIZE] = { 0 };
	uint64_t begin = now_ns();
	struct catalog_entry *e;
	struct plan plan;
	bool cut;
	int err = scanner_scan(&f->scanner, fd, &plan, &cut);

	f->stats.search_ns += now_ns() - begin;
	f->stats.searched++;
	f->stats.search_bytes += id->size;
	if (err && err != -ENOEXEC)
		say_failed(f, path, err);
	if (is_killed(err))
		return NULL;
	if (cut)
		log_warn("attach", "%s is large: only its first %llu MiB were scanned for TLS",
			 path, FINDER_BYTES_MAX >> 20);
	if (plan.nparts)
		make_check(fd, &plan, check);
	e = catalog_add(f->catalog, id, check, &plan);
	memcpy(e->likeness, likeness, SHA256_DIGEST_SIZE);
	e->failed = err && err != -ENOEXEC;
	f->stats.failed += e->failed;
	return e;
}

static bool still_fits(int fd, const struct catalog_entry *e)
{
	uint8_t check[SHA256_DIGEST_SIZE];

	if (!e->plan.nparts)
		return true;
	make_check(fd, &e->plan, check);
	return memcmp(check, e->check, sizeof(check)) == 0;
}

const struct catalog_entry *scan_cache_find(struct scan_cache *f, const struct file_id *id)
{
	return catalog_find(f->catalog, id);
}

void scan_cache_meanwhile(struct scan_cache *f, void (*fn)(void *arg), void *arg)
{
	f->scanner.meanwhile = fn;
	f->scanner.arg = arg;
}

void scan_cache_each_plan(struct scan_cache *f, void (*fn)(void *arg, const struct plan *plan),
			  void *arg)
{
	catalog_each_plan(f->catalog, fn, arg);
}

/* may_search: what is not known yet is searched. */
static int look_up(struct scan_cache *f, const char *path, bool may_search,
		   const struct catalog_entry **ret, int *ret_fd)
{
	uint8_t likeness[SHA256_DIGEST_SIZE];
	struct catalog_entry *e;
	struct file_id id;
	int err = scan_cache_identify(path, &id);

	*ret_fd = -1;
	if (err)
		return err;
	e = catalog_find(f->catalog, &id);
	if (!e || e->plan.nparts) {
		*ret_fd = open_file(path, &id);
		if (*ret_fd < 0)
			return *ret_fd;
		e = catalog_find(f->catalog, &id);
		if (e && !still_fits(*ret_fd, e))
			e = NULL;
		if (!e && (may_search || may_be_copy(f, &id))) {
			make_likeness(*ret_fd, id.size, likeness);
			e = find_copy(f, *ret_fd, &id, likeness);
		}
		if (!e && may_search)
			e = search(f, *ret_fd, path, &id, likeness);
	}
	if (*ret_fd >= 0 && (!e || !e->plan.nparts)) {
		close(*ret_fd);
		*ret_fd = -1;
	}
	if (!e)
		return -EAGAIN;
	*ret = e;
	return e->failed ? -EIO : 0;
}

int scan_cache_scan(struct scan_cache *f, const char *path, const struct catalog_entry **ret,
		    int *ret_fd)
{
	return look_up(f, path, true, ret, ret_fd);
}

int scan_cache_known(struct scan_cache *f, const char *path, const struct catalog_entry **ret,
		     int *ret_fd)
{
	return look_up(f, path, false, ret, ret_fd);
}

/* ---- all ---- */

struct scan_cache *scan_cache_open(size_t max)
{
	struct scan_cache *f = xcalloc(1, sizeof(*f));
	int err;

	f->catalog = catalog_new(max);
	load(f);
	err = scanner_start(&f->scanner);
	if (err)
		log_warn("attach",
			 "no file can be scanned for TLS: cannot start the scanner process: %s "
			 "(see llm-spy doctor)",
			 strerror(-err));
	f->ended = err != 0;
	return f;
}

void scan_cache_close(struct scan_cache *f)
{
	if (!f)
		return;
	store(f);
	scanner_end(&f->scanner);
	catalog_free(f->catalog);
	free(f);
}

struct scan_cache_stats scan_cache_stats(const struct scan_cache *f)
{
	struct scan_cache_stats s = f->stats;

	s.dropped = catalog_dropped(f->catalog);
	s.ended = f->ended;
	return s;
}
