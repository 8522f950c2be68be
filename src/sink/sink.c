/* SPDX-License-Identifier: MIT */
#include "sink/sink.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "select/amount.h"

#define WIDTH_MAX 10000

const struct sink_ops *const sinks[] = {
#define SINK(id, symbol) &symbol,
#include "sink/sinks.def"
#undef SINK
	NULL,
};

const struct sink_ops *sink_find(struct span name)
{
	for (size_t i = 0; sinks[i]; i++)
		if (span_eq(name, span_str(sinks[i]->name)))
			return sinks[i];
	return NULL;
}

const char *sink_value(const struct sink_config *c, const char *name)
{
	for (size_t i = 0; i < c->nvalues; i++)
		if (strcmp(c->values[i].name, name) == 0)
			return c->values[i].value;
	return NULL;
}

int sink_flag(const struct sink_config *c, const char *name, bool without, bool *ret,
	      struct error *reterr)
{
	const char *value = sink_value(c, name);

	*ret = value ? strcmp(value, "yes") == 0 : without;
	if (value && !*ret && strcmp(value, "no") != 0)
		return error_set(reterr, -EINVAL, "%s=%.100s: expected yes or no", name, value);
	return 0;
}

int sink_width(const struct sink_config *c, unsigned *ret, struct error *reterr)
{
	const char *width = sink_value(c, "width");
	uint64_t columns = c->width;

	if (width && amount_number(width, WIDTH_MAX, &columns) != 0)
		return error_set(reterr, -EINVAL, "width=%.100s: expected columns, 0 to %d", width,
				 WIDTH_MAX);
	*ret = (unsigned)columns;
	return 0;
}

int sink_lines(const struct sink_config *c, unsigned *ret, struct error *reterr)
{
	const char *lines = sink_value(c, "lines");
	size_t n = c->lines;

	if (lines && (size_parse(lines, &n) != 0 || n == 0 || n > SINK_LINES_MAX))
		return error_set(reterr, -EINVAL, "lines=%.100s: expected 1 to %d", lines,
				 SINK_LINES_MAX);
	*ret = (unsigned)n;
	return 0;
}
