/* SPDX-License-Identifier: MIT */
/* One page of conversations that needs nothing besides: no script, no font, no image. It is written
 * call by call, so memory holds one of them, and a page is whole at any time. */
#include <stdlib.h>

#include "base/units.h"
#include "base/xalloc.h"
#include "conversation/own_words.h"
#include "sink/html_text.h"
#include "sink/places.h"
#include "sink/plain.h"
#include "sink/sink.h"
#include "sink/tally.h"
#include "sink/transcript.h"

#define HISTORY_BYTES (32u << 20)
/* Of one call, with all of its texts. */
#define CALL_BYTES   (256u << 20)
#define NAME_COLUMNS 100
/* Longer texts of tools are folded. */
#define OPEN_LINES 12
#define OPEN_BYTES 2000
/* Of one that is folded. */
#define PREVIEW_BYTES 400

struct sink {
	FILE *out;
	struct buf call, closing;
	struct history *history;
	struct tally sums, sums_there; /* of what was written; of what is in the file */
	struct places *places;	       /* of conversations on the page */
	bool full, in_message;
	unsigned lines;
};

/* ---- pieces ---- */

static void inline_text(struct sink *s, const char *text, unsigned max)
{
	html_inline(&s->call, span_str(text), max);
}

static void end_message(struct sink *s)
{
	if (s->in_message)
		buf_adds(&s->call, "</section>\n");
	s->in_message = false;
}

static const char *class_of(const char *role)
{
	if (strcmp(role, "user") == 0)
		return "say user";
	if (strcmp(role, "assistant") == 0 || strcmp(role, "model") == 0)
		return "say model";
	return "say";
}

static void on_speaker(void *arg, const char *role)
{
	struct sink *s = arg;

	end_message(s);
	if (!role)
		return;
	buf_addf(&s->call, "<section class=\"%s\"><h4>", class_of(role));
	inline_text(s, role, NAME_COLUMNS);
	buf_adds(&s->call, "</h4>\n");
	s->in_message = true;
}

static void more_lines(struct sink *s, size_t more)
{
	if (more)
		buf_addf(&s->call, "<p class=\"note\">%zu line%s more</p>\n", more,
			 more == 1 ? "" : "s");
}

static void block(struct sink *s, const char *class, struct span text)
{
	/* The first line end behind the tag would be lost. */
	buf_addf(&s->call, "<pre%s>%s", class, text.len && text.ptr[0] == '\n' ? "\n" : "");
	html_text(&s->call, text);
	buf_adds(&s->call, "</pre>\n");
}

static void cut_block(struct sink *s, const char *class, struct span text)
{
	size_t more;

	block(s, class, plain_lines(text, s->lines, &more));
	more_lines(s, more);
}

/* "```", or with the name of a language. */
static bool is_fence(struct span line, struct span *ret_language)
{
	bool is = span_starts(line, SPAN_LIT("```"));
	struct span name = span_trim(span_from(line, 3));

	if (name.len && name.ptr[name.len - 1] == '\r')
		name.len--;
	for (size_t i = 0; is && i < name.len; i++)
		is = name.ptr[i] > ' ' && name.ptr[i] < 0x7f && name.ptr[i] != '`';
	*ret_language = name;
	return is && name.len <= 20;
}

/* The text before the next fence, which is taken with it. */
static struct span next_piece(struct span *text, struct span *ret_language)
{
	struct span all = *text, line;

	*ret_language = span_of(NULL, 0);
	for (; text->len; *text = span_from(*text, line.len + 1)) {
		size_t before = all.len - text->len;

		line = span_first(*text, span_find(*text, '\n'));
		if (!is_fence(line, ret_language))
			continue;
		*text = span_from(*text, line.len + 1);
		return span_first(all, before);
	}
	*ret_language = span_of(NULL, 0);
	return all;
}

static void put_language(struct sink *s, struct span language)
{
	if (!language.len)
		return;
	buf_adds(&s->call, "<p class=\"note\">");
	html_inline(&s->call, language, NAME_COLUMNS);
	buf_adds(&s->call, "</p>\n");
}

/* As it was written, with its listings set apart. */
static void prose(struct sink *s, struct span text)
{
	bool in_code = false;
	size_t more;

	text = plain_lines(text, s->lines, &more);
	while (text.len) {
		struct span language, piece = next_piece(&text, &language);

		while (piece.len && piece.ptr[piece.len - 1] == '\n')
			piece.len--;
		while (piece.len && piece.ptr[0] == '\n')
			piece = span_from(piece, 1);
		if (piece.len)
			block(s, in_code ? " class=\"listing\"" : " class=\"prose\"", piece);
		put_language(s, language);
		in_code = !in_code;
	}
	more_lines(s, more);
}

static void on_text(void *arg, enum tone tone, struct span text)
{
	static const char *const classes[] = {
		[TONE_THOUGHT] = " class=\"prose thought\"",
		[TONE_CODE] = "",
		[TONE_FAILED] = " class=\"bad\"",
	};

	if (tone == TONE_SAID)
		prose(arg, text);
	else
		cut_block(arg, classes[tone], text);
}

static void begin_fold(struct sink *s, const char *class, bool open, const char *own,
		       const char *what)
{
	buf_addf(&s->call, "<details%s%s><summary>%s", class, open ? " open" : "", own);
	if (!what)
		return;
	buf_adds(&s->call, " <b>");
	inline_text(s, what, NAME_COLUMNS);
	buf_adds(&s->call, "</b>");
}

static void end_fold(struct sink *s, struct span text)
{
	buf_adds(&s->call, "</summary>");
	cut_block(s, "", text);
	buf_adds(&s->call, "</details>\n");
}

static void on_fold(void *arg, const char *own, const char *what, struct span text)
{
	struct sink *s = arg;

	begin_fold(s, "", false, own, what);
	buf_addf(&s->call, " <small>%s</small>", text_bytes(text.len).text);
	end_fold(s, text);
}

static bool is_short(struct span text)
{
	size_t more;

	plain_lines(text, OPEN_LINES, &more);
	return !more && text.len <= OPEN_BYTES;
}

/* How it begins, on one line. */
static void preview(struct sink *s, struct span text)
{
	struct buf line;

	buf_init(&line, PREVIEW_BYTES);
	own_words_line(span_first(text, PREVIEW_BYTES), &line);
	buf_adds(&s->call, " <code>");
	html_inline(&s->call, buf_span(&line), 60);
	buf_adds(&s->call, "</code>");
	buf_done(&line);
}

static void on_tool(void *arg, const char *own, const char *tool, enum tone tone, struct span text)
{
	struct sink *s = arg;
	bool open = is_short(text);

	begin_fold(s, tone == TONE_FAILED ? " class=\"failed\"" : "", open, own, tool);
	if (!open)
		preview(s, text);
	end_fold(s, text);
}

static void line(struct sink *s, const char *class, const char *own, const char *traffic)
{
	buf_addf(&s->call, "<p class=\"%s\">%s", class, own);
	if (traffic) {
		buf_addc(&s->call, ' ');
		inline_text(s, traffic, 10 * NAME_COLUMNS);
	}
	buf_adds(&s->call, "</p>\n");
}

static void on_note(void *arg, const char *own, const char *traffic)
{
	line(arg, "note", own, traffic);
}

static void on_problem(void *arg, const char *own, const char *traffic)
{
	line(arg, "bad", own, traffic);
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

static const char *title_of(const struct exchange *x)
{
	return x->conversation.title ? x->conversation.title : "Untitled";
}

static void name(struct sink *s, const char *before, const char *text)
{
	if (!text)
		return;
	buf_adds(&s->call, before);
	inline_text(s, text, NAME_COLUMNS);
}

/* A line of the table of contents, where a conversation begins. */
static void entry(struct sink *s, const struct exchange *x)
{
	buf_addf(&s->call, "<a class=\"toc\" href=\"#call-%llu\"><b>", (unsigned long long)x->id);
	inline_text(s, title_of(x), NAME_COLUMNS);
	buf_adds(&s->call, "</b><small>");
	inline_text(s, exchange_program(x), 40);
	buf_adds(&s->call, ", ");
	transcript_time(x, &s->call);
	buf_adds(&s->call, "</small></a>\n");
}

static void conversation(struct sink *s, const struct exchange *x)
{
	const struct conversation *k = &x->conversation;

	buf_adds(&s->call, "<h2>");
	inline_text(s, title_of(x), NAME_COLUMNS);
	buf_addf(&s->call, "</h2>\n<p class=\"when\">Conversation %.6s", k->id);
	if (k->parent[0])
		buf_addf(&s->call, ", branched off %.6s after turn %u", k->parent, k->parent_turn);
	name(s, ", session ", k->session);
	buf_adds(&s->call, "</p>\n");
}

static void heading(struct sink *s, const struct exchange *x)
{
	buf_addf(&s->call, "<h3><a href=\"#call-%llu\">#%llu</a>", (unsigned long long)x->id,
		 (unsigned long long)x->id);
	name(s, " ", exchange_program(x));
	name(s, " → ", exchange_callee(x));
	buf_adds(&s->call, "</h3>\n<p class=\"when\">");
	transcript_time(x, &s->call);
	if (x->conversation.turn)
		buf_addf(&s->call, " · turn %u",
			 x->conversation.turn + x->conversation.turns_before);
	buf_adds(&s->call, x->conversation.retry ? ", tried again" : "");
	name(s, " · user ", x->user);
	name(s, " · ", x->host);
	if (x->kind == EXCHANGE_HTTP) {
		name(s, " · ", x->method);
		name(s, " ", x->target);
	}
	buf_adds(&s->call, "</p>\n");
}

/* Opens the article, at the place of its conversation. */
static void begin(struct sink *s, const struct exchange *x)
{
	bool first = false;
	unsigned place = places_of(s->places, x->conversation.id, &first);

	if (first)
		entry(s, x);
	buf_addf(&s->call, "<article id=\"call-%llu\" class=\"a%u b%u c%u d%u\">\n",
		 (unsigned long long)x->id, place >> 12, place >> 8 & 15, place >> 4 & 15,
		 place & 15);
	if (first)
		conversation(s, x);
	heading(s, x);
}

static void end(struct sink *s, const struct exchange *x)
{
	end_message(s);
	buf_addf(&s->call, "<p class=\"%s\">", transcript_failure(x) ? "facts bad" : "facts");
	transcript_facts(x, &s->call);
	buf_adds(&s->call, "</p>\n</article>\n");
}

/* A call that is cut would not end its elements. */
static void write_call(struct sink *s, const struct exchange *x)
{
	struct transcript t = { .x = x, .full = s->full };
	size_t texts;

	history_look(s->history, x, &t.news);
	buf_reset(&s->call);
	begin(s, x);
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

static int html_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	write_call(s, x);
	history_add(s->history, x);
	tally_add(&s->sums, x);
	return 0;
}

static struct span html_closing(struct sink *s)
{
	buf_reset(&s->closing);
	buf_adds(&s->closing, "<footer>");
	transcript_sums(&s->sums, &s->closing);
	buf_adds(&s->closing, "</footer>\n</main>\n</body>\n</html>\n");
	return buf_span(&s->closing);
}

static void html_committed(struct sink *s, bool is_there)
{
	if (is_there)
		s->sums_there = s->sums;
	else
		s->sums = s->sums_there;
}

/* ---- opening ---- */

static void head(struct sink *s)
{
	char digest[HTML_STYLE_DIGEST];

	html_style_digest(digest);
	fprintf(s->out,
		"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		"<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
		"style-src 'sha256-%s'; base-uri 'none'; form-action 'none'\">\n"
		"<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
		"<meta name=\"referrer\" content=\"no-referrer\">\n"
		"<meta name=\"generator\" content=\"" PACKAGE_NAME " " PACKAGE_VERSION "\">\n"
		"<title>Calls to language models</title>\n<style>%s</style>\n</head>\n<body>\n"
		"<main>\n<h1 class=\"top\">Calls to language models</h1>\n",
		digest, html_style);
}

static void html_free(struct sink *s)
{
	if (!s)
		return;
	history_free(s->history);
	places_free(s->places);
	buf_done(&s->call);
	buf_done(&s->closing);
	free(s);
}

static int html_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	struct sink *s = xcalloc(1, sizeof(*s));
	int err;

	s->out = c->out;
	buf_init(&s->call, CALL_BYTES);
	buf_init(&s->closing, 1 << 10);
	s->history = history_new(HISTORY_BYTES);
	s->places = places_new();
	err = sink_flag(c, "full", c->full, &s->full, reterr);
	if (!err)
		err = sink_lines(c, &s->lines, reterr);
	if (err) {
		html_free(s);
		return err;
	}
	head(s);
	*ret = s;
	return 0;
}

static const struct sink_setting settings[] = {
	{ "lines", "rows of each text at most" },
	{ "full", "yes: what earlier turns of a conversation showed as well" },
	{ NULL, NULL },
};

const struct sink_ops sink_html = {
	.name = "html",
	.help = "a page of conversations, for a browser",
	.settings = settings,
	.wants = SINK_WRITES | SINK_BODIES,
	.mode = SHOW_AGENTS,
	.open = html_open,
	.end = html_end,
	.closing = html_closing,
	.committed = html_committed,
	.free = html_free,
};
