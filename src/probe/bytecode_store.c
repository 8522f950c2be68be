/* SPDX-License-Identifier: MIT */
#include "probe/bytecode_store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cache_dir.h"
#include "base/file.h"
#include "base/xalloc.h"
#include "probe/bytecode_key.h"

#define PREFIX	  "probe-"
#define KEPT_MAX  64 /* files */
#define NAME_SIZE 64
#define NAME_KEY  8 /* bytes of the key in a name; all of it is in the file */

static void make_name(char ret[NAME_SIZE], const char *group, const uint8_t *key)
{
	int n = snprintf(ret, NAME_SIZE, PREFIX "%.24s-", group);

	for (size_t i = 0; i < NAME_KEY; i++)
		n += snprintf(ret + n, NAME_SIZE - (size_t)n, "%02x", key[i]);
}

static int open_dir(void)
{
	char path[PATH_MAX];

	return cache_dir_open(path, sizeof(path));
}

/* key: NULL: whatever it is. used: when it is looked for what to drop, this one is young. */
static int read_file(int dir, const char *name, const uint8_t *key, bool used, struct bytecode *ret)
{
	int fd = cache_file_open(dir, name, BYTECODE_MAX), err;
	struct buf bytes;

	if (fd < 0)
		return fd;
	buf_init(&bytes, BYTECODE_MAX);
	err = file_read_all(fd, &bytes);
	if (!err)
		err = bytecode_decode(ret, key, buf_span(&bytes));
	if (!err && used)
		futimens(fd, NULL);
	close(fd);
	buf_done(&bytes);
	return err;
}

static const char *explain(int err)
{
	switch (-err) {
	case ENOENT:
		return "it was not compiled before";
	case EPERM:
		return "another user could have written it";
	case EPROTO:
		return "it is damaged";
	default:
		return strerror(-err);
	}
}

int bytecode_read(const char *group, const uint8_t *key, struct bytecode *ret, char *why,
		  size_t size)
{
	char name[NAME_SIZE], path[PATH_MAX];
	const char *changed = "";
	int dir = cache_dir_open(path, sizeof(path)), err;

	if (dir < 0) {
		snprintf(why, size, "%.100s: %s", path, strerror(-dir));
		return dir;
	}
	make_name(name, group, key);
	err = read_file(dir, name, key, true, ret);
	close(dir);
	if (err) {
		snprintf(why, size, "%s", explain(err));
		return err;
	}
	if (bytecode_is_current(ret, &changed))
		return 0;
	snprintf(why, size, "%.120s has changed", changed);
	bytecode_done(ret);
	return -ESTALE;
}

/* ---- what is there ---- */

struct kept {
	char name[NAME_MAX + 1];
	struct timespec used;
	size_t size;
};

static bool is_older(const struct kept *a, const struct kept *b)
{
	return a->used.tv_sec < b->used.tv_sec ||
	       (a->used.tv_sec == b->used.tv_sec && a->used.tv_nsec < b->used.tv_nsec);
}

static int by_age(const void *a, const void *b)
{
	return is_older(a, b) ? -1 : is_older(b, a);
}

/* The oldest first. The caller frees it. What a writer that was killed left behind is among them.
 */
static struct kept *list_kept(int dir, size_t *ret_count)
{
	int copy = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct kept *list = NULL;
	const struct dirent *e;
	struct stat st;

	*ret_count = 0;
	while (d && (e = readdir(d))) {
		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) != 0 ||
		    fstatat(dir, e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		list = xgrow(list, *ret_count, sizeof(*list));
		snprintf(list[*ret_count].name, sizeof(list->name), "%s", e->d_name);
		list[*ret_count].used = st.st_mtim;
		list[(*ret_count)++].size = (size_t)st.st_size;
	}
	if (d)
		closedir(d);
	else if (copy >= 0)
		close(copy);
	if (*ret_count)
		qsort(list, *ret_count, sizeof(*list), by_age);
	return list;
}

static void make_room(int dir)
{
	size_t count;
	struct kept *list = list_kept(dir, &count);

	for (size_t i = 0; i + KEPT_MAX < count; i++)
		unlinkat(dir, list[i].name, 0);
	free(list);
}

int bytecode_write(const char *group, const uint8_t *key, const struct bytecode *b)
{
	char name[NAME_SIZE];
	struct buf bytes;
	int dir, err;

	buf_init(&bytes, BYTECODE_MAX);
	err = bytecode_encode(b, key, &bytes);
	dir = err ? err : open_dir();
	if (dir >= 0) {
		make_name(name, group, key);
		err = file_replace(dir, name, buf_span(&bytes));
		make_room(dir);
		close(dir);
	}
	buf_done(&bytes);
	return dir < 0 ? dir : err;
}

void bytecode_drop(const char *group, const uint8_t *key)
{
	char name[NAME_SIZE];
	int dir = open_dir();

	if (dir < 0)
		return;
	make_name(name, group, key);
	unlinkat(dir, name, 0);
	close(dir);
}

int bytecode_survey(struct bytecode_survey *ret)
{
	int dir = open_dir();
	struct kept *list;

	*ret = (struct bytecode_survey){ 0 };
	if (dir < 0)
		return dir;
	list = list_kept(dir, &ret->files);
	for (size_t i = 0; i < ret->files; i++) {
		struct bytecode b;
		const char *changed;
		int err = read_file(dir, list[i].name, NULL, false, &b);

		ret->bytes += list[i].size;
		if (!err) {
			ret->current += bytecode_is_current(&b, &changed);
			bytecode_done(&b);
		} else if (!ret->refused++) {
			snprintf(ret->example, sizeof(ret->example), "%.60s: %s", list[i].name,
				 explain(err));
		}
	}
	free(list);
	close(dir);
	return 0;
}
