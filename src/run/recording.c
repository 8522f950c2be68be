/* SPDX-License-Identifier: MIT */
#include "run/recording.h"

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
	return r->next(r->next_arg, c);
}

void recording_close(struct recording *r)
{
	note(r, recorder_close(r->file));
	r->file = NULL;
}
