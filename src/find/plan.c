/* SPDX-License-Identifier: MIT */
#include "find/plan.h"

#include <errno.h>
#include <stdlib.h>

#include "base/xalloc.h"
#include "find/place.h"

#define NAME_MAX_LEN 255
#define SITE_RETURN  0x8000u /* in the encoded program number */

/* The first byte of an encoded entry. */
enum part_kind { PART_TLS, PART_WATCH, PART_PROBLEM, PART_GUESS };

struct making {
	const struct image *im;
	struct plan *plan;
};

/* By offset in the file, where the kernel accepts probes; false if it does not everywhere. */
static bool place_sites(const struct image *im, const struct finding *f, struct plan_entry *p)
{
	for (size_t i = 0; i < f->nsites; i++) {
		uint64_t addr = place_of(im, f->sites[i].addr), offset = image_offset(im, addr);

		if (!addr)
			return false;
		if (!offset)
			continue;
		p->sites[p->nsites] = f->sites[i];
		p->sites[p->nsites++].addr = offset;
	}
	return true;
}

static void on_found(void *arg, const struct finder *finder, const struct finding *f)
{
	struct making *m = arg;
	struct plan_entry *p;

	if (m->plan->nparts == PLAN_ENTRIES_MAX)
		return;
	m->plan->parts = xgrow(m->plan->parts, m->plan->nparts, sizeof(*m->plan->parts));
	p = &m->plan->parts[m->plan->nparts++];
	*p = (struct plan_entry){ .implementation = xstrdup(f->implementation),
				  .method = xstrdup(f->method),
				  .watch = finder->watch,
				  .guess = finder->guess,
				  .problem = f->problem ? xstrdup(f->problem) : NULL,
				  .sites = xcalloc(f->nsites, sizeof(*p->sites)) };
	if (!place_sites(m->im, f, p)) {
		p->nsites = 0;
		p->problem = xstrdup("has a function at which the kernel allows no probe");
	}
}

void plan_make(const struct image *im, struct plan *ret)
{
	struct making m = { .im = im, .plan = ret };

	*ret = (struct plan){ 0 };
	find_all(im, on_found, &m);
}

void plan_done(struct plan *p)
{
	for (size_t i = 0; i < p->nparts; i++) {
		free(p->parts[i].implementation);
		free(p->parts[i].method);
		free(p->parts[i].problem);
		free(p->parts[i].sites);
	}
	free(p->parts);
	*p = (struct plan){ 0 };
}

bool plan_has_tls(const struct plan *p)
{
	for (size_t i = 0; i < p->nparts; i++)
		if (!p->parts[i].watch)
			return true;
	return false;
}

bool plan_is_guess(const struct plan *p)
{
	size_t all = 0, guessed = 0;

	for (size_t i = 0; i < p->nparts; i++)
		if (!p->parts[i].watch && !p->parts[i].problem) {
			all++;
			guessed += p->parts[i].guess;
		}
	return all == 1 && guessed == 1;
}

char *plan_text(const struct plan *p)
{
	struct buf text;

	buf_init(&text, 1 << 14);
	for (size_t i = 0; i < p->nparts; i++)
		if (!p->parts[i].watch && !p->parts[i].problem)
			buf_addf(&text, "%s%s by %s", text.len ? ", " : "",
				 p->parts[i].implementation, p->parts[i].method);
	if (text.len)
		return buf_take(&text);
	buf_done(&text);
	return NULL;
}

char *plan_problem(const struct plan *p)
{
	for (size_t i = 0; i < p->nparts; i++)
		if (p->parts[i].problem)
			return xasprintf("%s %s", p->parts[i].implementation, p->parts[i].problem);
	return NULL;
}

static void put_name(struct buf *out, const char *name)
{
	struct span s = span_first(span_str(name), NAME_MAX_LEN);

	buf_add_le(out, s.len, 1);
	buf_add(out, s);
}

static enum part_kind kind_of(const struct plan_entry *p)
{
	if (p->problem)
		return PART_PROBLEM;
	return p->watch ? PART_WATCH : p->guess ? PART_GUESS : PART_TLS;
}

int plan_encode(const struct plan *p, struct buf *out)
{
	buf_add_le(out, p->nparts, 1);
	for (size_t i = 0; i < p->nparts; i++) {
		const struct plan_entry *part = &p->parts[i];

		buf_add_le(out, kind_of(part), 1);
		put_name(out, part->implementation);
		put_name(out, part->method);
		if (part->problem)
			put_name(out, part->problem);
		buf_add_le(out, part->nsites, 2);
		for (size_t s = 0; s < part->nsites; s++) {
			const struct site *site = &part->sites[s];

			buf_add_le(out, site->addr, 8);
			buf_add_le(out, site->prog | (site->at_return ? SITE_RETURN : 0), 2);
		}
	}
	return out->full ? -ENOBUFS : 0;
}

/* Names are shown to people as they are: printable ASCII, like those of all finders. */
static char *take_name(struct cursor *c)
{
	struct span s = cursor_take(c, cursor_le(c, 1));

	c->bad |= s.len == 0;
	for (size_t i = 0; i < s.len; i++)
		c->bad |= s.ptr[i] < ' ' || s.ptr[i] > '~';
	return xstrndup((const char *)s.ptr, s.len);
}

static void take_site(struct cursor *c, struct site *ret)
{
	uint64_t prog;

	ret->addr = cursor_le(c, 8);
	prog = cursor_le(c, 2);
	ret->at_return = prog & SITE_RETURN;
	prog &= ~(uint64_t)SITE_RETURN;
	c->bad |= ret->addr == 0 || prog >= PROG_COUNT;
	ret->prog = (enum probe_program)(c->bad ? 0 : prog);
}

static void take_part(struct cursor *c, struct plan_entry *ret)
{
	uint64_t kind = cursor_le(c, 1), count;

	ret->watch = kind == PART_WATCH;
	ret->guess = kind == PART_GUESS;
	c->bad |= kind > PART_GUESS;
	ret->implementation = take_name(c);
	ret->method = take_name(c);
	if (kind == PART_PROBLEM)
		ret->problem = take_name(c);
	count = cursor_le(c, 2);
	c->bad |= count > SITES_MAX;
	ret->sites = xcalloc(c->bad || !count ? 1 : count, sizeof(*ret->sites));
	while (ret->nsites < count && !c->bad)
		take_site(c, &ret->sites[ret->nsites++]);
}

int plan_decode(struct span in, struct plan *ret)
{
	struct cursor c = { .rest = in };
	uint64_t count = cursor_le(&c, 1);

	*ret = (struct plan){ 0 };
	if (count > PLAN_ENTRIES_MAX)
		return -EPROTO;
	if (count)
		ret->parts = xcalloc(count, sizeof(*ret->parts));
	while (ret->nparts < count && !c.bad)
		take_part(&c, &ret->parts[ret->nparts++]);
	return c.bad || c.rest.len ? -EPROTO : 0;
}
