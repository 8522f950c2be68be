/* SPDX-License-Identifier: MIT */
#include "run/key_secret.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/cache_dir.h"
#include "base/file.h"
#include "base/log.h"

#define NAME "key-secret"

static int read_it(int dir, struct key_secret *s)
{
	int fd = cache_file_open(dir, NAME, sizeof(s->bytes)), err;
	struct buf text;

	if (fd < 0)
		return fd;
	buf_init(&text, sizeof(s->bytes) + 1);
	err = file_read_all(fd, &text);
	close(fd);
	if (!err && text.len != sizeof(s->bytes))
		err = -EPROTO;
	if (!err)
		memcpy(s->bytes, text.ptr, sizeof(s->bytes));
	buf_done(&text);
	return err;
}

/* Of two tracers that make one at once, the later one wins, and both read it. */
static int make(int dir)
{
	uint8_t bytes[KEY_SECRET_LEN];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -EIO;
	return file_replace(dir, NAME, span_of(bytes, sizeof(bytes)));
}

const struct key_secret *key_secret_read(struct key_secret *s)
{
	char path[PATH_MAX] = "";
	int dir = state_dir_open(path, sizeof(path));
	int err = dir < 0 ? dir : read_it(dir, s);

	if (err == -ENOENT && dir >= 0) {
		err = make(dir);
		err = err ? err : read_it(dir, s);
	}
	if (dir >= 0)
		close(dir);
	if (!err)
		return s;
	log_debug("keys", "API keys are not told apart: %s/" NAME ": %s", path, strerror(-err));
	return NULL;
}
