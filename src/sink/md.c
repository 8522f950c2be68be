/* SPDX-License-Identifier: MIT */
/* A transcript in Markdown, to be pasted into a ticket: calls in the order in which they end, under
 * the heading of their conversation. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "sink/md_text.h"
#include "sink/sink.h"
#include "sink/tally.h"
#include "sink/transcript.h"

#define HISTORY_BYTES (32u << 20)
/* Of one call, with all of its texts. */
#define CALL_BYTES   (256u << 20)
#define NAME_COLUMNS 100

struct sink {
	FILE *out;
	struct buf call, closing;
	struct history *history;
	struct tally sums, sums_there; /* of what was written; of what is in the file */
	char conversation[17];	       /* under whose heading we are */
	bool full;
	unsigned lines;
};

/* ---- pieces ---- */

/* "user", "assistant": nothing that Markdown could take for more than a word. */
static bool is_word(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");

	return n && n < 20 && !s[n];
}

static void on_speaker(void *arg, const char *role)
{
	struct sink *s = arg;

	if (!role)
		return;
	buf_adds(&s->call, "**");
	if (is_word(role))
		buf_adds(&s->call, role);
	else
		md_inline(&s->call, span_str(role), NAME_COLUMNS);
	buf_adds(&s->call, "**\n\n");
}

static void on_text(void *arg, enum tone tone, struct span text)
{
	struct sink *s = arg;

	if (tone == TONE_THOUGHT)
		buf_adds(&s->call, "*Reasoning*\n\n");
	md_block(&s->call, "", text, tone == TONE_SAID || tone == TONE_THOUGHT, s->lines);
}

static void on_fold(void *arg, const char *own, const char *what, struct span text)
{
	struct sink *s = arg;

	/* What is in a summary is HTML, so no traffic is. */
	buf_addf(&s->call, "<details><summary>%s, %zu bytes</summary>\n\n", own, text.len);
	if (what) {
		md_inline(&s->call, span_str(what), NAME_COLUMNS);
		buf_adds(&s->call, "\n\n");
	}
	md_block(&s->call, "", text, true, 0);
	buf_adds(&s->call, "</details>\n\n");
}

static void on_tool(void *arg, const char *own, const char *tool, enum tone tone, struct span text)
{
	struct sink *s = arg;

	buf_adds(&s->call, own);
	if (tool) {
		buf_addc(&s->call, ' ');
		md_inline(&s->call, span_str(tool), NAME_COLUMNS);
	}
	buf_adds(&s->call, "\n\n");
	md_block(&s->call, text.len && text.ptr[0] == '{' ? "json" : "", text, false, s->lines);
}

static void on_note(void *arg, const char *own, const char *traffic)
{
	struct sink *s = arg;

	buf_addf(&s->call, "*%s*", own);
	if (traffic) {
		buf_addc(&s->call, ' ');
		md_inline(&s->call, span_str(traffic), 10 * NAME_COLUMNS);
	}
	buf_adds(&s->call, "\n\n");
}

static void on_problem(void *arg, const char *own, const char *traffic)
{
	struct sink *s = arg;

	buf_addf(&s->call, "**%s**", own);
	if (traffic) {
		buf_addc(&s->call, ' ');
		md_inline(&s->call, span_str(traffic), 10 * NAME_COLUMNS);
	}
	buf_adds(&s->call, "\n\n");
}

static const struct transcript_ops pieces = {
	.speaker = on_speaker,
	.text = on_text,
	.fold = on_fold,
	.tool = on_tool,
	.note = on_note,
	.problem = on_problem,
};

/* ---- headings ---- */

static void name(struct sink *s, const char *before, const char *text)
{
	if (!text)
		return;
	buf_adds(&s->call, before);
	md_inline(&s->call, span_str(text), NAME_COLUMNS);
}

static void conversation(struct sink *s, const struct exchange *x)
{
	const struct conversation *k = &x->conversation;

	if (!k->id[0] || strcmp(k->id, s->conversation) == 0)
		return;
	memcpy(s->conversation, k->id, sizeof(k->id));
	buf_adds(&s->call, "## ");
	md_inline(&s->call, span_str(k->title ? k->title : "untitled"), NAME_COLUMNS);
	buf_addf(&s->call, "\n\nConversation %.6s", k->id);
	if (k->parent[0])
		buf_addf(&s->call, ", branched off %.6s after turn %u", k->parent, k->parent_turn);
	buf_adds(&s->call, "\n\n");
}

/* "### Call 3: `agent.py` to `gpt-4o`"; a number with its usual sign would be that of a ticket. */
static void heading(struct sink *s, const struct exchange *x)
{
	buf_addf(&s->call, "### Call %llu:", (unsigned long long)x->id);
	name(s, " ", exchange_program(x));
	name(s, " to ", exchange_callee(x));
	buf_adds(&s->call, "\n\n");
	transcript_time(x, &s->call);
	if (x->conversation.turn)
		buf_addf(&s->call, " · turn %u",
			 x->conversation.turn + x->conversation.turns_before);
	buf_adds(&s->call, x->conversation.retry ? ", tried again" : "");
	name(s, " · user ", x->user);
	name(s, " · host ", x->host);
	if (x->kind == EXCHANGE_HTTP) {
		name(s, " · ", x->method);
		name(s, " ", x->target);
	}
	buf_adds(&s->call, "\n\n");
}

static void end(struct sink *s, const struct exchange *x)
{
	buf_addc(&s->call, '*');
	transcript_facts(x, &s->call);
	buf_adds(&s->call, "*\n\n");
}

/* A call that is cut would not end its fences. */
static void write_call(struct sink *s, const struct exchange *x)
{
	struct transcript t = { .x = x, .full = s->full };
	size_t texts;

	history_look(s->history, x, &t.news);
	buf_reset(&s->call);
	conversation(s, x);
	heading(s, x);
	texts = s->call.len;
	transcript_walk(&t, s->history, &pieces, s);
	end(s, x);
	if (s->call.full) {
		s->call.len = texts;
		s->call.full = false;
		on_problem(s, TRANSCRIPT_TOO_LONG, NULL);
		end(s, x);
	}
	fwrite(s->call.ptr, 1, s->call.len, s->out);
}

static int md_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	write_call(s, x);
	history_add(s->history, x);
	tally_add(&s->sums, x);
	return 0;
}

static struct span md_closing(struct sink *s)
{
	buf_reset(&s->closing);
	buf_adds(&s->closing, "---\n\n");
	transcript_sums(&s->sums, &s->closing);
	buf_adds(&s->closing, "\n");
	return buf_span(&s->closing);
}

/* A heading may be lost too. */
static void md_committed(struct sink *s, bool is_there)
{
	if (is_there) {
		s->sums_there = s->sums;
		return;
	}
	s->sums = s->sums_there;
	s->conversation[0] = '\0';
}

/* ---- opening ---- */

static void md_free(struct sink *s)
{
	if (!s)
		return;
	history_free(s->history);
	buf_done(&s->call);
	buf_done(&s->closing);
	free(s);
}

static int md_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	struct sink *s = xcalloc(1, sizeof(*s));
	int err;

	s->out = c->out;
	buf_init(&s->call, CALL_BYTES);
	buf_init(&s->closing, 1 << 10);
	s->history = history_new(HISTORY_BYTES);
	err = sink_flag(c, "full", c->full, &s->full, reterr);
	if (!err)
		err = sink_lines(c, &s->lines, reterr);
	if (err) {
		md_free(s);
		return err;
	}
	fputs("# Calls to language models\n\n", s->out);
	*ret = s;
	return 0;
}

static const struct sink_setting settings[] = {
	{ "lines", "rows of each text at most" },
	{ "full", "yes: what earlier turns of a conversation showed as well" },
	{ NULL, NULL },
};

const struct sink_ops sink_md = {
	.name = "md",
	.help = "a transcript in Markdown, for a ticket",
	.settings = settings,
	.wants = SINK_WRITES | SINK_BODIES,
	.mode = SHOW_AGENTS,
	.open = md_open,
	.end = md_end,
	.closing = md_closing,
	.committed = md_committed,
	.free = md_free,
};
