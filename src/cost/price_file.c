/* SPDX-License-Identifier: MIT */
#include "cost/price_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"

static int read_file(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	if (fd < 0)
		return -errno;
	err = file_read_all(fd, out);
	close(fd);
	return err;
}

static int load(struct prices *p, const char *path, struct error *reterr)
{
	struct error why;
	struct buf text;
	int err;

	buf_init(&text, PRICES_FILE_MAX);
	err = read_file(path, &text);
	if (err == -EFBIG)
		error_set(reterr, err, "--prices %s: larger than %d MiB", path,
			  PRICES_FILE_MAX >> 20);
	else if (err)
		error_set(reterr, err, "--prices %s: %s", path, strerror(-err));
	else if (prices_load(p, buf_span(&text), &why) != 0)
		err = error_set(reterr, why.code, "--prices %s: %s", path, why.text);
	buf_done(&text);
	if (!err && prices_skipped(p))
		log_say("--prices %s: ignored %zu entries without a usable price; see "
			"doc/PRICES.md",
			path, prices_skipped(p));
	return err;
}

struct prices *price_file_open(const char *path, struct error *reterr)
{
	struct prices *p = prices_builtin();

	if (path && load(p, path, reterr) != 0) {
		prices_free(p);
		return NULL;
	}
	return p;
}
