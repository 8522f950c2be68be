/* SPDX-License-Identifier: MIT */
#include "run/recording.h"

#include "exchange/key_print.h"
#include "source/record.h"

static void note(struct recording *r, int err)
{
	if (err && !r->failed)
		r->failed = err;
}

int recording_open(struct recording *r, const char *path, bool force, struct error *reterr)
{
	return recorder_open(&r->file, path, force, reterr);
}

void recording_before(struct recording *r, chunk_fn next, void *next_arg)
{
	r->next = next;
	r->next_arg = next_arg;
}

int recording_chunk(void *recording, const struct chunk *c)
{
	struct recording *r = recording;

	if (r->file)
		note(r, recorder_chunk(r->file, c));
	r->newest_ns = c->ts_ns > r->newest_ns ? c->ts_ns : r->newest_ns;
	return r->next(r->next_arg, c);
}

static void on_opened(void *arg, struct exchange *x)
{
	struct recording *r = arg;
	char text[KEY_PRINT_TEXT];
	struct chunk c = { .kind = CHUNK_KEY,
			   .conn = { x->tgid, x->conn_object, x->conn_first_seen_ns },
			   .ts_ns = r->newest_ns,
			   .off = x->t.request_first,
			   .cgroup = x->cgroup,
			   .uid = x->uid };

	if (!r->file || !x->key.id[0])
		return;
	c.data = span_of(text, key_print_write(&x->key, text));
	note(r, recorder_chunk(r->file, &c));
}

static void on_ended(void *arg, struct exchange *x)
{
}

const struct observer recording_observer = { .opened = on_opened, .ended = on_ended };

void recording_close(struct recording *r)
{
	note(r, recorder_close(r->file));
	r->file = NULL;
}
