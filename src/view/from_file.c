/* SPDX-License-Identifier: MIT */
/* Recordings and jsonl files, told apart by their first bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/xalloc.h"
#include "cost/price_file.h"
#include "exchange/json.h"
#include "json/read.h"
#include "pipeline.h"
#include "source/record.h"
#include "source/replay.h"
#include "view/view_int.h"

#define PIECE	       (256u << 10)
#define LINE_MAX_BYTES ((size_t)900 << 20)

struct file_view {
	struct view view; /* first */
	int fd;
	char *begun;
	size_t nbegun;
	bool read; /* it can be read once */
};

/* One reading of the file. */
struct run {
	struct file_view *f;
	source_fn fn;
	void *arg;
	struct answers *answers;
	int err; /* what fn returned: 1 when it has enough */
	struct error *reterr;
};

static void pass(struct run *r, const struct exchange *x)
{
	bool spends = exchange_spends(r->answers, x);

	if (!r->err)
		r->err = r->fn(r->arg, x, spends, r->reterr);
}

static const char *name_of(const struct run *r)
{
	const char *path = r->f->view.config.path;

	return strcmp(path, "-") == 0 ? "standard input" : path;
}

/* ---- bytes ---- */

typedef int (*bytes_fn)(void *arg, struct span bytes);

/* All of the file, until fn returns what is not 0. */
static int each_piece(struct run *r, bytes_fn fn, void *arg)
{
	AUTO_FREE char *piece = xmalloc(PIECE);
	int err = fn(arg, span_of(r->f->begun, r->f->nbegun));
	ssize_t n = 1;

	while (!err && n > 0) {
		n = read(r->f->fd, piece, PIECE);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n < 0)
			err = error_set(r->reterr, -errno, "%s: %s", name_of(r), strerror(errno));
		else
			err = fn(arg, span_of(piece, (size_t)n));
	}
	return err;
}

/* ---- jsonl ---- */

struct lines {
	struct run *run;
	struct buf line;
	size_t number;
};

static int refuse_line(const struct lines *l, const char *why)
{
	return error_set(l->run->reterr, -EBADMSG, "%s, line %zu: %s", name_of(l->run), l->number,
			 why);
}

static int read_line(struct lines *l)
{
	struct span text = span_trim(buf_span(&l->line));
	struct exchange *x;
	json_t *v;

	l->number++;
	if (!text.len || span_eq(text, SPAN_LIT("\r")))
		return 0;
	v = json_read_own(text);
	if (!v)
		return refuse_line(l, l->number == 1 ? "no archive, recording or jsonl of llm-spy"
						     : "it is damaged");
	x = exchange_from_json(v, l->run->reterr);
	json_decref(v);
	if (!x) {
		struct error why = *l->run->reterr;

		return refuse_line(l, why.text);
	}
	pass(l->run, x);
	exchange_unref(x);
	return l->run->err;
}

static int on_lines(void *arg, struct span bytes)
{
	struct lines *l = arg;
	int err = 0;

	while (bytes.len && !err) {
		size_t at = span_find(bytes, '\n');

		if (buf_add(&l->line, span_first(bytes, at)) != 0)
			return refuse_line(l, "it is too long");
		if (at == bytes.len)
			return 0;
		err = read_line(l);
		buf_reset(&l->line);
		bytes = span_from(bytes, at + 1);
	}
	return err;
}

static int each_of_jsonl(struct run *r)
{
	struct lines l = { .run = r };
	int err;

	buf_init(&l.line, LINE_MAX_BYTES);
	err = each_piece(r, on_lines, &l);
	if (!err && l.line.len)
		err = read_line(&l);
	buf_done(&l.line);
	return err;
}

/* ---- recordings ---- */

struct playing {
	struct run *run;
	struct replay replay;
	struct pipeline *pipeline;
	struct limits limits;
	struct prices *prices;
	enum show_mode mode;
};

static void on_ended(void *arg, struct exchange *x)
{
	struct playing *p = arg;

	if (show_mode_has(p->mode, x))
		pass(p->run, x);
}

static const struct observer ending = { .ended = on_ended };

static bool is_shown(const void *arg, const struct exchange *x)
{
	const struct playing *p = arg;

	return show_mode_has(p->mode, x);
}

static int on_bytes(void *arg, struct span bytes)
{
	struct playing *p = arg;
	struct error why;
	int err = replay_feed(&p->replay, bytes, pipeline_chunk, p->pipeline, &why);

	if (err)
		return error_set(p->run->reterr, err, "%s: %.250s", name_of(p->run), why.text);
	return p->run->err;
}

static int play(struct playing *p)
{
	struct run *r = p->run;
	struct error why;
	int err;

	p->pipeline = pipeline_new(&p->limits);
	pipeline_set_in_order(p->pipeline);
	pipeline_observe(p->pipeline, &ending, p);
	pipeline_set_shown(p->pipeline, is_shown, p);
	pipeline_set_prices(p->pipeline, p->prices);
	pipeline_set_named_hosts(p->pipeline, p->run->f->view.config.named);
	replay_init(&p->replay);
	err = each_piece(r, on_bytes, p);
	if (!err && replay_finish(&p->replay, &why) != 0)
		err = error_set(r->reterr, why.code, "%s: %.250s", name_of(r), why.text);
	/* Everything before any damage counts. */
	pipeline_finish(p->pipeline, pipeline_newest_ns(p->pipeline));
	replay_done(&p->replay);
	pipeline_free(p->pipeline);
	return err ? err : r->err;
}

static int each_of_recording(struct run *r)
{
	const struct view_config *c = &r->f->view.config;
	struct playing p = { .run = r, .limits = *c->limits, .mode = c->mode };
	int err;

	p.prices = price_file_open(c->prices, r->reterr);
	if (!p.prices)
		return r->reterr->code;
	err = play(&p);
	prices_free(p.prices);
	return err;
}

/* ---- the view ---- */

static bool is_recording(const struct file_view *f)
{
	return span_starts(span_of(f->begun, f->nbegun), span_of(RECORD_MAGIC, RECORD_MAGIC_LEN));
}

static const char *file_kind(const struct view *v)
{
	return is_recording((const struct file_view *)v) ? "recording" : "jsonl";
}

static int file_each(struct view *v, const struct view_query *q, source_fn fn, void *arg,
		     struct error *reterr)
{
	struct file_view *f = (struct file_view *)v;
	struct run r = { .f = f, .fn = fn, .arg = arg, .reterr = reterr };
	int err;

	/* A file is read once more for another question; a pipe cannot be. */
	if (f->read && lseek(f->fd, (off_t)f->nbegun, SEEK_SET) < 0)
		return error_set(reterr, -errno, "%s can be read once only", name_of(&r));
	f->read = true;
	r.answers = answers_new();
	err = is_recording(f) ? each_of_recording(&r) : each_of_jsonl(&r);
	answers_free(r.answers);
	return err == 1 ? 0 : err;
}

static void file_free(struct view *v)
{
	struct file_view *f = (struct file_view *)v;

	close(f->fd);
	free(f->begun);
	free(f);
}

static const struct view_ops file_ops = { .each = file_each, .kind = file_kind, .free = file_free };

struct view *view_file_new(int fd, struct span begun)
{
	struct file_view *f = xcalloc(1, sizeof(*f));

	f->view.ops = &file_ops;
	f->fd = fd;
	f->begun = begun.len ? xstrndup((const char *)begun.ptr, begun.len) : xstrdup("");
	f->nbegun = begun.len;
	return &f->view;
}
