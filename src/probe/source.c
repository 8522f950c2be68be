/* SPDX-License-Identifier: MIT */
#include "probe/source.h"

#include "probe/embedded.h"

const struct source_program source_programs[PROG_COUNT] = {
#define PROGRAM(id, function, group, kind) [id] = { #function, kind },
#include "probes/programs.def"
};

static const struct {
	const char *name;
	enum probe_group after;
} groups[GROUP_COUNT] = {
#define GROUP(name, after) [GROUP_##name] = { #name, GROUP_##after },
#include "probes/programs.def"
};

/* A group's in the order in which they follow each other. */
static const struct {
	enum probe_group group;
	const char *text;
} texts[] = {
#define TEXT(group, text) { GROUP_##group, text },
#include "probes/programs.def"
};

const char *source_group_name(enum probe_group g)
{
	return groups[g].name;
}

enum probe_group source_group_after(enum probe_group g)
{
	return groups[g].after;
}

static void add_text(struct buf *out, enum probe_group g)
{
	if (groups[g].after != g)
		add_text(out, groups[g].after);
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (texts[i].group == g)
			buf_adds(out, texts[i].text);
}

/* Programs that are not wanted, as those of other groups, are in the text for what they share with
 * those that are. As functions that nobody calls from outside clang drops them: generating their
 * code is what takes the time. */
void source_add(struct buf *out, const struct compiler_order *o)
{
	buf_adds(out, o->preamble);
	for (size_t i = 0; i < PROG_COUNT; i++)
		if (!o->wanted[i])
			buf_addf(out, "#define %s __attribute__((internal_linkage)) %s\n",
				 source_programs[i].name, source_programs[i].name);
	buf_adds(out, embedded_event_h);
	add_text(out, o->group);
}
