/* SPDX-License-Identifier: MIT */
#include "run/faces.h"

bool faces_take_terminal(const struct faces *f)
{
	for (size_t i = 0; f->list && f->list[i]; i++)
		if (f->list[i]->takes_terminal)
			return true;
	return false;
}

bool faces_take_keys(const struct faces *f)
{
	for (size_t i = 0; f->list && f->list[i]; i++)
		if (f->list[i]->takes_keys)
			return true;
	return false;
}

int faces_open_store(struct faces *f, const struct live_store_config *c, struct error *reterr)
{
	return f->list && f->list[0] ? live_store_open(&f->store, c, reterr) : 0;
}

int faces_open(struct faces *f, const struct options *o, struct error *reterr)
{
	int err = 0;

	for (size_t i = 0; f->list && f->list[i] && i < FACES_MAX && !err; i++) {
		err = f->list[i]->open(&f->states[i], f->store, o, reterr);
		f->opened += err == 0;
	}
	return err;
}

int faces_begin(struct faces *f, struct error *reterr)
{
	int err = 0;

	for (size_t i = 0; i < f->opened && !err; i++)
		if (f->list[i]->begin)
			err = f->list[i]->begin(f->states[i], reterr);
	return err;
}

bool faces_are_over(const struct faces *f)
{
	for (size_t i = 0; i < f->opened; i++)
		if (f->list[i]->is_over && f->list[i]->is_over(f->states[i]))
			return true;
	return false;
}

bool faces_finished(struct faces *f, const char *why)
{
	bool any = false;

	for (size_t i = 0; i < f->opened; i++)
		if (f->list[i]->finished) {
			f->list[i]->finished(f->states[i], why);
			any = true;
		}
	return any && !faces_are_over(f);
}

void faces_close(struct faces *f)
{
	while (f->opened) {
		f->opened--;
		f->list[f->opened]->close(f->states[f->opened]);
	}
}

void faces_done(struct faces *f)
{
	faces_close(f);
	live_store_close(f->store);
	f->store = NULL;
}
