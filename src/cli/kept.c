/* SPDX-License-Identifier: MIT */
#include "cli/kept.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "exchange/account.h"
#include "options/exit_code.h"
#include "select/amount.h"

/* ---- opening ---- */

static enum table_form form_of(const struct options *o)
{
	return strcmp(o->format->name, "jsonl") == 0 ? TABLE_JSON
	       : strcmp(o->format->name, "csv") == 0 ? TABLE_CSV
						     : TABLE_TEXT;
}

static int nothing_kept(struct error *reterr)
{
	return error_set(reterr, -ENOENT,
			 "nothing was kept in " KEPT_DEFAULT ": read a file that llm-spy wrote "
			 "with -r FILE (an archive of -o sqlite:FILE, a recording of -w FILE, or "
			 "jsonl)");
}

const char *kept_path(const struct options *o)
{
	return o->replay ? o->replay : KEPT_DEFAULT;
}

const char *kept_name(const struct options *o)
{
	const char *path = kept_path(o);

	return strcmp(path, "-") == 0 ? "standard input" : path;
}

struct view_config kept_config(const struct options *o)
{
	/* What an export has of a recording is what -f jsonl has; whoever plays the provider
	 * answers whatever was asked. */
	enum show_mode otherwise = o->action == ACTION_EXPORT	       ? SHOW_SMART
				   : o->action == ACTION_REPLAY_SERVER ? SHOW_ALL
								       : SHOW_AGENTS;

	return (struct view_config){ .path = kept_path(o),
				     .mode = o->mode == SHOW_DEFAULT ? otherwise : o->mode,
				     .limits = &o->limits,
				     .prices = o->prices,
				     .named = &o->named };
}

static int open_view(struct kept *k, struct error *reterr)
{
	const struct options *o = k->o;
	struct view_config c = kept_config(o);

	if (!o->replay && access(KEPT_DEFAULT, F_OK) != 0 && errno == ENOENT)
		return nothing_kept(reterr);
	return view_open(&k->view, &c, reterr);
}

static int begin(struct kept *k, const struct options *o, struct error *reterr)
{
	bool tty = isatty(STDOUT_FILENO);
	struct winsize w;

	*k = (struct kept){ .o = o,
			    .select = o->select,
			    .form = form_of(o),
			    .width = 80,
			    .utf8 = log_utf8() || !tty };
	if (tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) == 0 && w.ws_col)
		k->width = w.ws_col;
	k->select.mode = o->mode;
	k->query.select = &k->select;
	return open_view(k, reterr);
}

static const struct {
	enum action action;
	int (*run)(struct kept *k, struct error *reterr);
} subcommand_runs[] = {
	{ ACTION_LOG, log_run },       { ACTION_SHOW, show_run },
	{ ACTION_SEARCH, search_run }, { ACTION_SPEND, spend_run },
	{ ACTION_KEYS, keys_run },     { ACTION_CONVERSATION, conversation_run },
	{ ACTION_TOOLS, tools_run },   { ACTION_TOP, top_run },
	{ ACTION_DIFF, diff_run },     { ACTION_EXPORT, export_run },
	{ ACTION_PIN, pin_run },       { ACTION_UNPIN, unpin_run },
	{ ACTION_ERRORS, errors_run }, { ACTION_REPLAY_SERVER, replay_server_run },
	{ ACTION_SERVE, serve_run },
};

static int run(struct kept *k, struct error *reterr)
{
	for (size_t i = 0; i < sizeof(subcommand_runs) / sizeof(*subcommand_runs); i++)
		if (subcommand_runs[i].action == k->o->action)
			return subcommand_runs[i].run(k, reterr);
	return -EINVAL;
}

int kept_run(const struct options *o, struct error *reterr)
{
	struct kept k;
	int err = begin(&k, o, reterr);

	if (!err)
		err = run(&k, reterr);
	view_free(k.view);
	if (!err && (fflush(stdout) != 0 || ferror(stdout)))
		err = error_set(reterr, -errno, "cannot write the output: %s", strerror(errno));
	return err == -EINVAL ? EXIT_USAGE : err ? EXIT_FAILED : EXIT_FINE;
}

/* ---- what they share ---- */

int kept_id(const char *text, uint64_t *ret, struct error *reterr)
{
	if (amount_number(text + (*text == '#'), INT64_MAX, ret) == 0 && *ret)
		return 0;
	return error_set(reterr, -EINVAL,
			 "'%.40s' is no number of an exchange; llm-spy log lists them", text);
}

static int take_one(void *arg, const struct exchange *x, struct error *reterr)
{
	struct exchange **ret = arg;

	*ret = exchange_copy(x, EXCHANGE_CONTENT | EXCHANGE_BODIES);
	return 1;
}

struct exchange *kept_one(struct kept *k, const char *id, struct error *reterr)
{
	struct view_query q = { .select = &k->select, .whole = true };
	struct exchange *x = NULL;
	int err = kept_id(id, &q.id, reterr);

	if (!err)
		err = view_each(k->view, &q, take_one, &x, reterr);
	if (!err && !x)
		error_set(reterr, -ENOENT, "there is no exchange %s in %s", id, kept_name(k->o));
	return x;
}

struct view_query kept_list(const struct kept *k)
{
	struct view_query q = k->query;

	q.order = VIEW_NEWEST;
	q.once = true;
	q.max = k->o->table_rows ? k->o->table_rows + 1 : 0;
	return q;
}

bool kept_is_full(const struct kept *k, const struct table *t)
{
	return k->o->table_rows && table_rows(t) == k->o->table_rows;
}

void kept_print(const struct kept *k, struct table *t, bool more, int err)
{
	table_print(t, stdout, k->width, k->utf8);
	if (more && k->form == TABLE_TEXT)
		log_say("there are more: --rows=N shows so many, --rows=0 all");
	if (!err && !table_rows(t) && k->form == TABLE_TEXT)
		log_say("there is nothing of that kind");
}

char *kept_about(const struct exchange *x)
{
	const char *model = exchange_model(x);

	if (x->kind == EXCHANGE_LLM)
		return model ? xstrdup(model) : NULL;
	if (x->rpc_method)
		return xasprintf("%s%s%s", x->rpc_method, x->rpc_name ? " " : "",
				 x->rpc_name ? x->rpc_name : "");
	return xasprintf("%s %s%s", x->method ? x->method : "?", x->host ? x->host : "",
			 x->target ? x->target : "");
}

char *kept_outcome(const struct exchange *x)
{
	struct account a;

	exchange_account(x, &a);
	if (a.error_type)
		return xstrdup(a.error_type);
	if (x->status >= 400)
		return xasprintf("%u", x->status);
	if (x->rpc_failed)
		return xstrdup("failed");
	if (x->request_seen && !x->response_seen)
		return xstrdup("no response");
	if (a.finish)
		return xstrdup(a.finish);
	return x->status ? xasprintf("%u", x->status) : NULL;
}
