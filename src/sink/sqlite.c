/* SPDX-License-Identifier: MIT */
/* A database of whole records (archive/). The row is there without SQLite too: "sqlite:FILE" would
 * otherwise be taken for the name of a text file. */
#include <errno.h>
#include <grp.h>
#include <stdlib.h>

#include "archive/archive.h"
#include "base/limits.h"
#include "base/xalloc.h"
#include "sink/sink.h"

static const struct sink_setting settings[] = {
	{ "keep", "how long: 7d, 12h, 30m; what was stored earlier is removed" },
	{ "max-size", "of the file: 2G; past it the oldest are removed" },
	{ "bodies", "yes: with the text of the bodies" },
	{ "group", "whose members may read the file, mode 0640" },
	{ NULL, NULL },
};

#ifdef HAVE_SQLITE

struct sink {
	struct archive *archive;
};

/* "7d" as ns. */
static int read_keep(const char *value, int64_t *ret_ns, struct error *reterr)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	unsigned long long n;
	char *end;

	if (!value)
		return 0;
	n = strtoull(value, &end, 10);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		if (*value >= '0' && *value <= '9' && n > 0 && n < 100000 &&
		    *end == units[i].unit && !end[1]) {
			*ret_ns = (int64_t)n * units[i].seconds * 1000000000;
			return 0;
		}
	return error_set(reterr, -EINVAL, "keep=%.100s: expected a time such as 7d, 12h or 30m",
			 value);
}

static int read_max_size(const char *value, uint64_t *ret, struct error *reterr)
{
	size_t n;

	if (!value)
		return 0;
	if (size_parse(value, &n) != 0 || n < 1 << 20)
		return error_set(reterr, -EINVAL,
				 "max-size=%.100s: expected a size of at least 1M, such as 2G",
				 value);
	*ret = n;
	return 0;
}

static int read_group(const char *value, struct archive_options *o, struct error *reterr)
{
	const struct group *group = value ? getgrnam(value) : NULL;

	if (value && !group)
		return error_set(reterr, -EINVAL, "group=%.100s: there is no such group", value);
	o->has_group = group != NULL;
	o->group = group ? group->gr_gid : 0;
	return 0;
}

static int sqlite_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	struct archive_options o = { 0 };
	struct archive *archive;
	int err;

	if (!c->target)
		return error_set(reterr, -EINVAL, "-o sqlite needs a file: -o sqlite:FILE");
	err = sink_flag(c, "bodies", c->bodies, &o.bodies, reterr);
	if (!err)
		err = read_keep(sink_value(c, "keep"), &o.keep_ns, reterr);
	if (!err)
		err = read_max_size(sink_value(c, "max-size"), &o.max_size, reterr);
	if (!err)
		err = read_group(sink_value(c, "group"), &o, reterr);
	if (!err)
		err = archive_open(&archive, c->target, &o, reterr);
	if (err)
		return err;
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->archive = archive;
	return 0;
}

static int sqlite_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	return archive_add(s->archive, x, reterr);
}

static int sqlite_tick(struct sink *s, uint64_t now_ns, struct error *reterr)
{
	return archive_tick(s->archive, reterr);
}

static int sqlite_flush(struct sink *s, struct error *reterr)
{
	return archive_flush(s->archive, reterr);
}

static void sqlite_free(struct sink *s)
{
	if (s)
		archive_free(s->archive);
	free(s);
}

#else

static int sqlite_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	return error_set(reterr, -ENOTSUP, "this llm-spy was built without SQLite");
}

static int sqlite_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	return -ENOTSUP;
}

#endif

const struct sink_ops sink_sqlite = {
	.name = "sqlite",
	.help = "a database that can be searched",
	.settings = settings,
	.open = sqlite_open,
	.end = sqlite_end,
#ifdef HAVE_SQLITE
	.tick = sqlite_tick,
	.flush = sqlite_flush,
	.free = sqlite_free,
#endif
};
