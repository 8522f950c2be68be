/* SPDX-License-Identifier: MIT */
/* Which agents are at work, and what they spend. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/kept.h"
#include "cli/top_json.h"
#include "cli/top_lines.h"
#include "cli/top_view.h"

int64_t top_today(void)
{
	time_t t = time(NULL);
	struct tm tm;

	if (!localtime_r(&t, &tm))
		return INT64_MAX;
	tm.tm_hour = tm.tm_min = tm.tm_sec = 0;
	tm.tm_isdst = -1;
	return (int64_t)mktime(&tm) * 1000000000;
}

/* ---- once ---- */

static void end_line(struct buf *line)
{
	buf_addc(line, '\n');
	fwrite(line->ptr, 1, line->len, stdout);
	buf_reset(line);
}

static void print_table(const struct kept *k, const struct sessions *s)
{
	struct top_layout l;
	struct buf line;

	buf_init(&line, TOP_LINE_MAX);
	top_lay_out(&l, s, k->width, k->utf8);
	top_write_totals(&line, &l, s);
	end_line(&line);
	top_write_spent(&line, &l, s);
	end_line(&line);
	if (s->count) {
		top_write_heads(&line, &l);
		end_line(&line);
	}
	for (size_t i = 0; i < s->count; i++) {
		top_write_row(&line, &l, s->rows[i]);
		end_line(&line);
	}
	buf_done(&line);
}

static int print_once(struct kept *k, struct error *reterr)
{
	struct sessions *s = sessions_new(top_today());
	int err = sessions_read(s, k->view, &k->query, NULL, reterr);

	sessions_arrange(s, SESSIONS_BY_TIME, true);
	if (k->form == TABLE_JSON)
		top_json_print(s, stdout);
	else
		print_table(k, s);
	sessions_free(s);
	return err;
}

/* ---- on a terminal ---- */

#ifdef HAVE_CURSES
static int show(struct kept *k, struct error *reterr)
{
	int err = top_view_run(k, reterr);

	return err == -ENOTSUP && !reterr->text[0] ? print_once(k, reterr) : err;
}
#else
static int show(struct kept *k, struct error *reterr)
{
	log_say("this llm-spy was built without ncurses, so it prints the table once. To build it "
		"with: apt install libncurses-dev, then configure again");
	return print_once(k, reterr);
}
#endif

/* Whether there is a terminal to draw on, and its keys are for us. */
static bool can_show(const struct kept *k)
{
	const char *term = getenv("TERM");

	return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term && *term &&
	       strcmp(term, "dumb") != 0 && strcmp(kept_path(k->o), "-") != 0;
}

int top_run(struct kept *k, struct error *reterr)
{
	bool once = k->o->once || k->form == TABLE_JSON || !can_show(k);

	return once ? print_once(k, reterr) : show(k, reterr);
}
