/* SPDX-License-Identifier: MIT */
/* What the subcommands that read what was kept have in common. */
#ifndef SPY_CLI_KEPT_H
#define SPY_CLI_KEPT_H

#include "cli/table.h"
#include "options/options.h"
#include "view/view.h"

/* Where `llm-spy daemon` keeps it. */
#define KEPT_DEFAULT "/var/lib/llm-spy/llm-spy.db"

struct kept {
	const struct options *o;
	struct view *view;
	struct select select;	 /* its rows are the options' */
	struct view_query query; /* what the options select */
	enum table_form form;
	unsigned width;
	bool utf8;
};

/* Runs the subcommand; an exit code, with an error where something is wrong. */
int kept_run(const struct options *o, struct error *reterr);

/* The subcommands. 0; or -errno with a reason, after everything that could be read is printed. */
int log_run(struct kept *k, struct error *reterr);
int errors_run(struct kept *k, struct error *reterr);
int search_run(struct kept *k, struct error *reterr);
int spend_run(struct kept *k, struct error *reterr);
int keys_run(struct kept *k, struct error *reterr);
int show_run(struct kept *k, struct error *reterr);
int conversation_run(struct kept *k, struct error *reterr);
int export_run(struct kept *k, struct error *reterr);
int tools_run(struct kept *k, struct error *reterr);
int top_run(struct kept *k, struct error *reterr);
int diff_run(struct kept *k, struct error *reterr);
int pin_run(struct kept *k, struct error *reterr);
int replay_server_run(struct kept *k, struct error *reterr);
int serve_run(struct kept *k, struct error *reterr);
int unpin_run(struct kept *k, struct error *reterr);

/* ---- what they share ---- */

/* The number of an exchange, as "17" or "#17". 0 or -EINVAL with a reason. */
int kept_id(const char *text, uint64_t *ret, struct error *reterr);
/* The whole record of this number, of which the caller gets a reference; NULL with a reason. */
struct exchange *kept_one(struct kept *k, const char *id, struct error *reterr);
/* How it is opened. */
struct view_config kept_config(const struct options *o);
/* The whole records of these numbers, to one new output alone, as -o names it. */
int kept_export(struct kept *k, const char *output, const uint64_t *ids, size_t count,
		struct error *reterr);
/* Where it is read from. */
const char *kept_path(const struct options *o);
const char *kept_name(const struct options *o); /* the same for people */
/* Fills a query for a list, with room for one row that is not shown. */
struct view_query kept_list(const struct kept *k);
/* Prints the table, and says where rows were left out, or where there are none though all was read.
 * `err` is what ended the reading. */
void kept_print(const struct kept *k, struct table *t, bool more, int err);
/* Whether it may take no more rows; then the list has more than that. */
bool kept_is_full(const struct kept *k, const struct table *t);
/* What was asked, of a call to a model, a tool or anything else. */
char *kept_about(const struct exchange *x);
/* How it ended: an error, the answer's finish or the status. The caller frees it; NULL. */
char *kept_outcome(const struct exchange *x);

#endif
