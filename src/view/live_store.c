/* SPDX-License-Identifier: MIT */
#include "view/live_store.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cache_dir.h"
#include "base/limits.h"
#include "base/locked_dir.h"
#include "base/xalloc.h"
#include "sink/output_spec.h"

#define FOLDER	"llm-spy-live-"
#define ARCHIVE "calls.db"
/* Where there is no cache. */
#define ELSEWHERE "/tmp"
#define KEEP	  "1d"
#define MAX_SIZE  "512M"
/* Of what ended and may not be in the archive yet. */
#define ENDED_MAX   256
#define ENDED_BYTES (32u << 20)

struct live_store {
	struct registry *registry;
	bool is_private;
	struct locked_dir dir;
	char *path, *output;
	struct limits limits; /* that views keep */
	pthread_mutex_t lock;
	struct unseen unseen;
};

/* ---- an archive of somebody's ---- */

/* All calls are in it, with their texts. */
static bool will_do(const struct output_spec *s)
{
	return s->ops == &sink_sqlite && s->target && !s->select.nrows &&
	       redact_policy_is_empty(&s->policy);
}

static char *named(const struct live_store_config *c)
{
	char *path = NULL;

	for (size_t i = 0; i < c->count && !path; i++) {
		struct output_spec s = { 0 };
		struct error ignored = { 0 };

		if (output_spec_read(&s, c->outputs[i], c->format, &ignored) == 0 && will_do(&s))
			path = xstrdup(s.target);
		redact_policy_done(&s.policy);
		output_spec_done(&s);
	}
	return path;
}

/* ---- our own ---- */

static void empty(int dir)
{
	static const char *const files[] = { ARCHIVE, ARCHIVE "-wal", ARCHIVE "-shm",
					     ARCHIVE "-journal" };

	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++)
		unlinkat(dir, files[i], 0);
}

static int make_in(struct live_store *s, const char *place)
{
	locked_dir_sweep(place, FOLDER, empty);
	return locked_dir_make(&s->dir, place, FOLDER);
}

static int make_dir(struct live_store *s)
{
	char cache[LOCKED_DIR_PATH - sizeof(FOLDER) - 8];
	int fd = cache_dir_open(cache, sizeof(cache)), err = fd;

	if (fd >= 0) {
		err = make_in(s, cache);
		close(fd);
	}
	return err ? make_in(s, ELSEWHERE) : 0;
}

/* For -o, where a comma ends the name of a file. */
static char *output_of(const struct live_store *s, const struct live_store_config *c)
{
	struct buf text;

	buf_init(&text, 3 * LOCKED_DIR_PATH);
	buf_adds(&text, "sqlite:");
	for (const char *at = s->path; *at; at++)
		buf_addf(&text, "%s%c", *at == ',' || *at == '\\' ? "\\" : "", *at);
	buf_addf(&text, ",keep=%.100s,max-size=%.100s%s", c->keep ? c->keep : KEEP,
		 c->max_size ? c->max_size : MAX_SIZE, c->bodies ? ",bodies=yes" : "");
	return buf_take(&text);
}

static int make_private(struct live_store *s, const struct live_store_config *c,
			struct error *reterr)
{
	int err = make_dir(s);

	if (err)
		return error_set(reterr, err,
				 "cannot make a directory for the calls that are shown: %s",
				 strerror(-err));
	s->is_private = true;
	s->path = xasprintf("%s/%s", s->dir.path, ARCHIVE);
	s->output = output_of(s, c);
	return 0;
}

/* ---- opening ---- */

int live_store_open(struct live_store **ret, const struct live_store_config *c,
		    struct error *reterr)
{
	struct live_store *s = xcalloc(1, sizeof(*s));
	int err = 0;

	pthread_mutex_init(&s->lock, NULL);
	limits_init(&s->limits);
	s->registry = registry_new(ENDED_MAX, ENDED_BYTES);
	s->path = named(c);
	if (!s->path)
		err = make_private(s, c, reterr);
	if (err) {
		live_store_close(s);
		return err;
	}
	*ret = s;
	return 0;
}

void live_store_close(struct live_store *s)
{
	if (!s)
		return;
	if (s->is_private)
		locked_dir_remove(&s->dir, empty);
	registry_free(s->registry);
	unseen_done(&s->unseen);
	pthread_mutex_destroy(&s->lock);
	free(s->path);
	free(s->output);
	free(s);
}

/* ---- what it is ---- */

const char *live_store_output(const struct live_store *s)
{
	return s->output;
}

bool live_store_is_named(const struct live_store *s)
{
	return !s->is_private;
}

struct registry *live_store_registry(struct live_store *s)
{
	return s->registry;
}

const char *live_store_path(const struct live_store *s)
{
	return s->path;
}

int live_store_view(const struct live_store *s, struct view **ret, struct error *reterr)
{
	const struct view_config c = { .path = s->path, .is_archive = true, .limits = &s->limits };

	return view_open(ret, &c, reterr);
}

uint64_t live_store_changes(struct live_store *s)
{
	return registry_changes(s->registry);
}

/* ---- who cannot be seen ---- */

/* The lock is held for as long as it takes to change places. */
void live_store_set_unseen(struct live_store *s, const struct unseen *u)
{
	struct unseen fresh = { 0 }, old;

	unseen_copy(&fresh, u);
	pthread_mutex_lock(&s->lock);
	old = s->unseen;
	s->unseen = fresh;
	pthread_mutex_unlock(&s->lock);
	unseen_done(&old);
}

void live_store_unseen(struct live_store *s, struct unseen *ret)
{
	pthread_mutex_lock(&s->lock);
	unseen_copy(ret, &s->unseen);
	pthread_mutex_unlock(&s->lock);
}
