/* SPDX-License-Identifier: MIT */
#include "report/spend_cells.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/units.h"

#define CELL(to, ...) snprintf(to, sizeof(to), __VA_ARGS__)

uint64_t spend_owing(const struct spend_sum *s)
{
	return s->calls - s->failed;
}

static void write_tokens(struct spend_cells *c, const struct spend_sum *s)
{
	bool none = !s->input && !s->output;
	const char *more = s->no_tokens ? "+" : "";

	if (none && s->no_tokens) {
		CELL(c->in, "unknown");
		CELL(c->out, "unknown");
	} else if (none && !spend_owing(s)) {
		CELL(c->in, "-");
		CELL(c->out, "-");
	} else {
		CELL(c->in, "%s%s", text_tokens((uint64_t)s->input).text, more);
		CELL(c->out, "%s%s", text_tokens((uint64_t)s->output).text, more);
	}
	if (!s->known_cache || !s->cache_input)
		CELL(c->cached, "-");
	else
		CELL(c->cached, "%s",
		     text_percent((uint64_t)s->cached, (uint64_t)s->cache_input).text);
}

static void write_usd(struct spend_cells *c, const struct spend_sum *s)
{
	bool open = s->no_cost || s->at_least;

	if (s->usd > 0)
		CELL(c->usd, "%s%s", text_usd_number(s->usd).text, open ? "+" : "");
	else if (s->no_cost)
		CELL(c->usd, "unknown");
	else if (s->free)
		CELL(c->usd, "free");
	else
		CELL(c->usd, "%s", spend_owing(s) ? "0" : "-");
}

void spend_cells_make(struct spend_cells *c, const struct spend_sum *s)
{
	CELL(c->calls, "%" PRIu64, s->calls);
	CELL(c->failed, "%" PRIu64, s->failed);
	write_tokens(c, s);
	write_usd(c, s);
	CELL(c->median, "%s",
	     s->took && s->took->count ? text_duration(latency_median(s->took)).text : "-");
	CELL(c->most, "%s", s->took && s->took->count ? text_duration(s->took->max_ns).text : "-");
}
