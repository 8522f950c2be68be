/* SPDX-License-Identifier: MIT */
#include "run/outcome.h"

#include "base/log.h"
#include "options/options.h"
#include "run/report.h"
#include "run/result.h"

/* Names what was written and is not to be guessed. */
static void add_files(struct buf *out, const struct outcome *of)
{
	if (of->to->log)
		buf_addf(out, "  %s", of->to->log);
	if (of->to->said)
		buf_addf(out, "  %s", of->to->said);
	for (size_t i = 0; i < of->o->outputs.count; i++)
		buf_addf(out, "  %s", of->o->outputs.items[i]);
	if (of->o->record)
		buf_addf(out, "  %s", of->o->record);
}

static void say_line(const struct outcome *of, const struct run_report *r)
{
	struct buf line;

	buf_init(&line, 4096);
	result_write(&line, r, of->messages->warnings);
	add_files(&line, of);
	log_say("%s", line.ptr);
	buf_done(&line);
}

/* In one line, where the terminal was the command's or nothing but a recording was asked for. The
 * whole of it stands in the log. */
static void say_result(const struct outcome *of, const struct run_report *r)
{
	if (of->to->log && !of->messages->warnings && result_is_nothing(r))
		destination_drop_log(of->to);
	else if (of->to->takes_notes)
		report_print(r, SUMMARY_TEXT);
	messages_release(of->messages);
	if (of->o->summary == SUMMARY_TEXT)
		say_line(of, r);
	else
		report_print(r, of->o->summary);
}

void outcome_say(const struct outcome *of, const struct run_report *r)
{
	if (of->to->brief)
		say_result(of, r);
	else
		report_print(r, of->o->summary);
}
