/* SPDX-License-Identifier: MIT */
/* What the lines of a configuration file mean, and which of them count. */
#include "options/config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/config_text.h"
#include "base/log.h"
#include "base/nearest.h"
#include "base/xalloc.h"
#include "options/apply.h"

/* The section of a run without a subcommand. */
#define TRACE "trace"

/* ---- names ---- */

static bool is_word(struct span s, const char *word)
{
	return span_eq(s, span_str(word));
}

static int refuse_section(struct span name, struct error *reterr)
{
	AUTO_FREE char *word = xstrndup((const char *)name.ptr, name.len);
	struct nearest n;

	nearest_init(&n, word);
	nearest_try(&n, TRACE);
	for (size_t i = 0; i < subcommands_count; i++)
		nearest_try(&n, subcommands[i].name);
	if (n.best)
		return error_set(reterr, -EINVAL, "unknown section [%.60s]. Did you mean [%s]?",
				 word, n.best);
	return error_set(reterr, -EINVAL,
			 "unknown section [%.60s]: sections are subcommands, and [" TRACE "]",
			 word);
}

static int refuse_name(const char *word, struct error *reterr)
{
	struct nearest n;

	nearest_init(&n, word);
	for (size_t i = 0; i < rows_count; i++)
		if (!rows[i].is_section && !(rows[i].scope & LINE))
			nearest_try(&n, rows[i].name);
	if (n.best)
		return error_set(reterr, -EINVAL, "unknown option %.60s. Did you mean %s?", word,
				 n.best);
	return error_set(reterr, -EINVAL, "unknown option %.60s; llm-spy --help-all lists them",
			 word);
}

static int find_row(struct span name, const struct row **ret, struct error *reterr)
{
	AUTO_FREE char *word = xstrndup((const char *)name.ptr, name.len);

	for (size_t i = 0; i < rows_count; i++) {
		if (rows[i].is_section || !is_word(name, rows[i].name))
			continue;
		if (rows[i].scope & LINE)
			return error_set(reterr, -EINVAL, "%s is for the command line alone", word);
		*ret = &rows[i];
		return 0;
	}
	return refuse_name(word, reterr);
}

/* ---- what a caller of sudo may set ---- */

static const char *section_of(const struct row *r)
{
	while (!r->is_section)
		r--;
	return r->name;
}

static bool is_one_of(const char *word, const char *const *list)
{
	while (*list && strcmp(*list, word) != 0)
		list++;
	return *list;
}

/* Root's rights would open the file, compile the headers or hold the programs, and some may call
 * sudo for a certain command line alone. So theirs are the options that choose what is shown and
 * how; by the kinds of their arguments, so that a new kind is barred until it stands here. */
static bool is_harmless(const struct row *r)
{
	static const char *const sections[] = { "What to trace", "Selection", "What to show",
						"What was kept", NULL };
	static const char *const kinds[] = { "PID",	 "NAME", "USER",
					     "[=PORTS]", "KIND", "ID",
					     "TEXT",	 "TIME", "N",
					     "USD",	 "FORM", "FORMAT",
					     "BY",	 "WHEN", "HOST[:PORT]=PROVIDER",
					     NULL };

	return is_one_of(section_of(r), sections) && (!r->arg || is_one_of(r->arg, kinds));
}

/* ---- lines ---- */

struct reading {
	struct config *config;
	enum config_layer layer;
	bool barred;
	bool in_section;
	const struct subcommand *sub;
};

/* Whether the subcommand, or a run without one, takes it. */
static bool takes(const struct subcommand *sub, const struct row *r)
{
	return sub ? r->scope & sub->scope : !(r->scope & OWN);
}

static int open_section(struct reading *r, struct span name, struct error *reterr)
{
	AUTO_FREE char *word = xstrndup((const char *)name.ptr, name.len);

	r->in_section = true;
	r->sub = subcommand_find(word);
	if (r->sub && r->sub->action == ACTION_DAEMON && r->layer == CONFIG_USER &&
	    !r->config->only)
		return error_set(reterr, -EINVAL,
				 "the daemon is the host's, and reads " CONFIG_OF_HOST " alone");
	return r->sub || is_word(name, TRACE) ? 0 : refuse_section(name, reterr);
}

/* "yes" and "no" of an option that may stand alone. */
static int read_switch(struct config_entry *e, struct error *reterr)
{
	bool yes = strcmp(e->value, "yes") == 0;

	e->off = strcmp(e->value, "no") == 0;
	if (!yes && !e->off)
		return e->row->arg ? 0
				   : error_set(reterr, -EINVAL,
					       "%s takes no value: yes (the same as the name "
					       "alone) or no",
					       e->row->name);
	free(e->value);
	e->value = NULL;
	return 0;
}

/* Whether the option takes the value, tried on options that nobody uses. */
static int check_value(const struct config_entry *e, struct error *reterr)
{
	struct options scratch;
	struct error why = { 0 };
	int err;

	if (row_takes_argument(e->row) && !e->value)
		return error_set(reterr, -EINVAL, "%s needs a value: %s = %s", e->row->name,
				 e->row->name, e->row->arg);
	options_init(&scratch, e->everywhere ? NULL : e->sub);
	err = e->off ? 0 : option_apply(&scratch, e->row, e->value, &why);
	options_done(&scratch);
	return err ? error_set(reterr, err, "%s%s%.100s: %s", e->row->name, e->value ? " = " : "",
			       e->value ? e->value : "", why.text)
		   : 0;
}

static int add_entry(struct reading *r, const struct config_line *line, struct error *reterr)
{
	struct config *c = r->config;
	struct config_entry *e;
	const struct row *row = NULL;
	int err = find_row(line->name, &row, reterr);

	if (err)
		return err;
	if (r->in_section && !takes(r->sub, row))
		return error_set(reterr, -EINVAL, "%s is no option of [%s]", row->name,
				 r->sub ? r->sub->name : TRACE);
	c->entries = xgrow(c->entries, c->count, sizeof(*c->entries));
	e = &c->entries[c->count++];
	*e = (struct config_entry){ .row = row,
				    .value = line->value ? xstrdup(line->value) : NULL,
				    .barred = r->barred && !is_harmless(row),
				    .layer = r->layer,
				    .line = line->number,
				    .everywhere = !r->in_section,
				    .sub = r->sub };
	if (e->value && !row_takes_argument(row))
		err = read_switch(e, reterr);
	return err ? err : check_value(e, reterr);
}

static int on_line(void *arg, const struct config_line *line, struct error *reterr)
{
	return line->opens ? open_section(arg, line->section, reterr)
			   : add_entry(arg, line, reterr);
}

int config_read(struct config *c, struct span text, enum config_layer layer, bool barred,
		struct error *reterr)
{
	struct reading r = { .config = c, .layer = layer, .barred = barred };
	const char *path = c->files[layer].path;
	struct error why = { 0 };
	unsigned line = 0;
	int err = config_text_read(text, on_line, &r, &line, &why);

	return err ? error_set(reterr, err, "%s:%u: %s", path ? path : "-", line, why.text) : 0;
}

void config_done(struct config *c)
{
	for (size_t i = 0; i < c->count; i++)
		free(c->entries[i].value);
	free(c->entries);
	for (size_t i = 0; i < CONFIG_LAYERS; i++)
		free(c->files[i].path);
	*c = (struct config){ 0 };
}

/* ---- what counts ---- */

/* Two names may set the same. */
static bool is_same_option(const struct row *a, const struct row *b)
{
	if (a == b)
		return true;
	if (a->set.how != b->set.how)
		return false;
	return a->set.how == SET_FN ? a->set.fn == b->set.fn
				    : a->set.how == SET_CHOICE && a->set.at == b->set.at;
}

static bool is_given(const struct row *r, const bool *given)
{
	for (size_t i = 0; given && i < rows_count; i++)
		if (given[i] && is_same_option(&rows[i], r))
			return true;
	return false;
}

/* Whether it means something in this run, by itself. */
static bool is_meant(const struct config *c, const struct config_entry *e,
		     const struct config_run *run)
{
	bool traces = run->sub ? run->sub->scope & DAEMON : !run->replay;

	if (e->barred || (!e->everywhere && e->sub != run->sub) || !takes(run->sub, e->row))
		return false;
	if (e->row->scope & TRACING && !traces)
		return false;
	if (traces && run->sub && e->layer == CONFIG_USER && !c->only)
		return false;
	if (run->record && strcmp(section_of(e->row), "Selection") == 0)
		return false;
	if (e->row->scope & LIVE && (run->replay || run->proxy))
		return false;
	return !(e->row->scope & PROXY) || run->proxy || run->sub;
}

/* A section is nearer than what stands above all of them, and a file nearer than the host's. */
static bool is_nearer(const struct config_entry *a, const struct config_entry *b)
{
	return a->layer != b->layer ? a->layer > b->layer : b->everywhere && !a->everywhere;
}

bool config_counts(const struct config *c, const struct config_entry *e,
		   const struct config_run *run, const bool *given)
{
	if (!is_meant(c, e, run))
		return false;
	if (e->row->scope & KEYED)
		return !e->off;
	if (e->off || is_given(e->row, given))
		return false;
	for (size_t i = 0; i < c->count; i++) {
		const struct config_entry *other = &c->entries[i];

		if (is_same_option(other->row, e->row) && is_nearer(other, e) &&
		    is_meant(c, other, run))
			return false;
	}
	return true;
}

char *config_place(const struct config *c, const struct config_entry *e)
{
	return xasprintf("%s:%u", c->files[e->layer].path ? c->files[e->layer].path : "-", e->line);
}

void config_say_barred(const struct config *c)
{
	for (size_t i = 0; i < c->count; i++) {
		const struct config_entry *e = &c->entries[i];
		AUTO_FREE char *place = e->barred ? config_place(c, e) : NULL;

		if (place)
			log_say("%s: %s is left out: under sudo it would be used with root's "
				"rights. Give it on the command line, or in " CONFIG_OF_HOST,
				place, e->row->name);
	}
}
