/* SPDX-License-Identifier: MIT */
/* What an output writes, as a text: the real fanout, queue and thread, into a file of its own. */
#ifndef SPY_TESTS_OUTPUTS_H
#define SPY_TESTS_OUTPUTS_H

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/xalloc.h"
#include "pipeline.h"
#include "sink/fanout.h"

struct outputs {
	char dir[32], path[48];
	struct fanout *fanout;
};

/* settings: "text:%s,width=100" with %s for the file. */
static inline bool outputs_open(struct outputs *o, const char *sink, const char *settings)
{
	static const struct output_defaults defaults = { .lossless = true, .mode = SHOW_SMART };
	struct error e = { 0 };
	AUTO_FREE char *arg = NULL;
	const char *args[1];

	snprintf(o->dir, sizeof(o->dir), "/tmp/llm-spy-test-XXXXXX");
	if (!mkdtemp(o->dir))
		return false;
	snprintf(o->path, sizeof(o->path), "%s/output", o->dir);
	arg = xasprintf("%s:%s%s", sink, o->path, settings);
	args[0] = arg;
	return fanout_open(&o->fanout, args, 1, sinks[0], &defaults, &e) == 0 &&
	       fanout_start(o->fanout, &e) == 0;
}

/* What it wrote; the caller frees it. */
static inline char *outputs_close(struct outputs *o)
{
	struct buf text;
	int fd;

	fanout_finish(o->fanout);
	fanout_free(o->fanout);
	buf_init(&text, 1u << 30);
	fd = open(o->path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		file_read_all(fd, &text);
		close(fd);
	}
	unlink(o->path);
	rmdir(o->dir);
	return buf_take(&text);
}

#endif
