/* SPDX-License-Identifier: MIT */
#include "probe/bytecode.h"

#include <errno.h>
#include <stdlib.h>

#include "base/digest.h"
#include "base/xalloc.h"

#define MAGIC SPAN_LIT("LLMSPYB\1")

/* An instruction that loads a 64-bit constant takes two places. What the constant is, its source
 * register says. */
#define OP_LOAD	   0x18
#define OP_CALL	   0x85
#define FROM_VALUE 0
#define FROM_MAP   1
/* The call of a helper, and of another function of the program. */
#define CALL_HELPER 0
#define CALL_LOCAL  1

static unsigned op(uint64_t insn)
{
	return insn & 0xff;
}

static unsigned source(uint64_t insn)
{
	return insn >> 12 & 0xf;
}

static uint32_t immediate(uint64_t insn)
{
	return (uint32_t)(insn >> 32);
}

static uint64_t with_immediate(uint64_t insn, uint32_t imm)
{
	return (insn & 0xffffffffu) | (uint64_t)imm << 32;
}

void bytecode_done(struct bytecode *b)
{
	for (size_t i = 0; i < b->nprograms; i++)
		free(b->programs[i].insns);
	for (size_t i = 0; i < b->nfiles; i++)
		free(b->files[i].path);
	*b = (struct bytecode){ 0 };
}

/* ---- from a compiler ---- */

static size_t map_of(const struct bytecode *b, const int *fds, uint32_t fd)
{
	size_t i = 0;

	while (i < b->nmaps && (fds[i] < 0 || (uint32_t)fds[i] != fd))
		i++;
	return i;
}

/* Maps by their numbers. */
static int unbind(struct bytecode *b, struct bytecode_program *p, const int *fds)
{
	for (size_t i = 0; i < p->count; i++) {
		uint64_t insn = p->insns[i];
		size_t map;

		if (op(insn) == OP_CALL && source(insn) > CALL_LOCAL)
			b->bound = true;
		if (op(insn) != OP_LOAD)
			continue;
		if (source(insn) > FROM_MAP)
			b->bound = true;
		if (source(insn) == FROM_MAP) {
			map = map_of(b, fds, immediate(insn));
			if (map == b->nmaps)
				return -EINVAL;
			p->insns[i] = with_immediate(insn, (uint32_t)map);
		}
		if (++i == p->count)
			return -EINVAL;
	}
	return 0;
}

int bytecode_add(struct bytecode *b, const char *name, const void *insns, size_t len,
		 const int *fds)
{
	struct bytecode_program *p = &b->programs[b->nprograms];
	size_t count = len / sizeof(*p->insns);

	if (b->nprograms == BYTECODE_PROGRAMS || !count || count > BYTECODE_INSNS ||
	    len % sizeof(*p->insns) || strlen(name) >= sizeof(p->name))
		return -EINVAL;
	b->nprograms++;
	memcpy(p->name, name, strlen(name) + 1);
	p->insns = xmalloc(len);
	p->count = count;
	memcpy(p->insns, insns, len);
	return unbind(b, p, fds);
}

int bytecode_add_file(struct bytecode *b, const struct bytecode_file *f)
{
	if (b->nfiles == BYTECODE_FILES)
		return -ENOBUFS;
	b->files[b->nfiles] = *f;
	b->files[b->nfiles++].path = xstrdup(f->path);
	return 0;
}

/* ---- to the kernel ---- */

/* A load of a value, in `insn` and in the one after it: 0, or -EINVAL. */
static int put_value(uint64_t *insn, const uint32_t *values, size_t nvalues)
{
	uint64_t constant = (uint64_t)immediate(insn[1]) << 32 | immediate(insn[0]);
	uint64_t which = constant - BYTECODE_VALUE;

	if (constant < BYTECODE_VALUE || which >= BYTECODE_VALUES)
		return 0; /* what it says */
	if (which >= nvalues)
		return -EINVAL;
	insn[0] = with_immediate(insn[0], values[which]);
	insn[1] = with_immediate(insn[1], 0);
	return 0;
}

int bytecode_link(const struct bytecode_program *p, const int *fds, const uint32_t *values,
		  size_t nvalues, uint64_t *ret)
{
	int err = 0;

	memcpy(ret, p->insns, p->count * sizeof(*ret));
	for (size_t i = 0; i < p->count && !err; i++) {
		if (op(ret[i]) != OP_LOAD)
			continue;
		if (source(ret[i]) == FROM_MAP)
			ret[i] = with_immediate(ret[i], (uint32_t)fds[immediate(ret[i])]);
		else if (source(ret[i]) == FROM_VALUE)
			err = put_value(ret + i, values, nvalues);
		i++; /* its second half */
	}
	return err;
}

/* ---- encoded ---- */

static void put_text(struct buf *out, const char *s)
{
	buf_add_le(out, strlen(s), 2);
	buf_adds(out, s);
}

static void put_map(struct buf *out, const struct bytecode_map *m)
{
	put_text(out, m->name);
	buf_add_le(out, m->type, 4);
	buf_add_le(out, m->key_size, 4);
	buf_add_le(out, m->value_size, 4);
	buf_add_le(out, m->max_entries, 4);
	buf_add_le(out, m->flags, 4);
}

static void put_program(struct buf *out, const struct bytecode_program *p)
{
	put_text(out, p->name);
	buf_add_le(out, p->count, 4);
	for (size_t i = 0; i < p->count; i++)
		buf_add_le(out, p->insns[i], 8);
}

static void put_file(struct buf *out, const struct bytecode_file *f)
{
	put_text(out, f->path);
	buf_add_le(out, f->dev, 8);
	buf_add_le(out, f->ino, 8);
	buf_add_le(out, f->size, 8);
	buf_add_le(out, f->mtime_ns, 8);
	buf_add_le(out, f->ctime_ns, 8);
}

int bytecode_encode(const struct bytecode *b, const uint8_t *key, struct buf *out)
{
	if (b->bound)
		return -ENOTSUP;
	buf_add(out, MAGIC);
	buf_add(out, span_of(key, BYTECODE_KEY));
	buf_add_le(out, b->nfiles, 2);
	buf_add_le(out, b->nmaps, 2);
	buf_add_le(out, b->nprograms, 2);
	for (size_t i = 0; i < b->nfiles; i++)
		put_file(out, &b->files[i]);
	for (size_t i = 0; i < b->nmaps; i++)
		put_map(out, &b->maps[i]);
	for (size_t i = 0; i < b->nprograms; i++)
		put_program(out, &b->programs[i]);
	digest_seal(out);
	return out->full ? -ENOBUFS : 0;
}

/* A text without NUL, neither empty nor longer than `max` - 1; else the cursor is bad. */
static struct span take_text(struct cursor *r, size_t max)
{
	struct span s = cursor_take(r, cursor_le(r, 2));

	r->bad |= s.len == 0 || s.len >= max || span_find(s, '\0') < s.len;
	return r->bad ? span_of(NULL, 0) : s;
}

static void take_name(struct cursor *r, char *ret, size_t size)
{
	struct span s = take_text(r, size);

	if (s.len)
		memcpy(ret, s.ptr, s.len);
	ret[s.len] = '\0';
}

static void take_map(struct cursor *r, struct bytecode *b)
{
	struct bytecode_map *m = &b->maps[b->nmaps++];

	take_name(r, m->name, sizeof(m->name));
	m->type = (uint32_t)cursor_le(r, 4);
	m->key_size = (uint32_t)cursor_le(r, 4);
	m->value_size = (uint32_t)cursor_le(r, 4);
	m->max_entries = (uint32_t)cursor_le(r, 4);
	m->flags = (uint32_t)cursor_le(r, 4);
}

/* What bytecode_link relies on. */
static bool is_sound(const struct bytecode *b, const struct bytecode_program *p)
{
	for (size_t i = 0; i < p->count; i++) {
		uint64_t insn = p->insns[i];

		if (op(insn) == OP_CALL && source(insn) > CALL_LOCAL)
			return false;
		if (op(insn) != OP_LOAD)
			continue;
		if (source(insn) > FROM_MAP ||
		    (source(insn) == FROM_MAP && immediate(insn) >= b->nmaps) || ++i == p->count)
			return false;
	}
	return true;
}

static void take_program(struct cursor *r, struct bytecode *b)
{
	struct bytecode_program *p = &b->programs[b->nprograms];
	size_t count;

	take_name(r, p->name, sizeof(p->name));
	count = cursor_le(r, 4);
	r->bad |= count == 0 || count > BYTECODE_INSNS || count > r->rest.len / 8;
	if (r->bad)
		return;
	b->nprograms++;
	p->insns = xcalloc(count, sizeof(*p->insns));
	p->count = count;
	for (size_t i = 0; i < count; i++)
		p->insns[i] = cursor_le(r, 8);
	r->bad |= !is_sound(b, p);
}

static void take_file(struct cursor *r, struct bytecode *b)
{
	struct bytecode_file *f = &b->files[b->nfiles++];
	struct span path = take_text(r, BYTECODE_PATH);

	f->path = xstrndup((const char *)path.ptr, path.len);
	f->dev = cursor_le(r, 8);
	f->ino = cursor_le(r, 8);
	f->size = cursor_le(r, 8);
	f->mtime_ns = cursor_le(r, 8);
	f->ctime_ns = cursor_le(r, 8);
}

static int take_all(struct cursor *r, struct bytecode *ret)
{
	size_t files = cursor_le(r, 2), maps = cursor_le(r, 2), programs = cursor_le(r, 2);

	if (files > BYTECODE_FILES || maps > MAPS_MAX || programs > BYTECODE_PROGRAMS)
		return -EPROTO;
	while (!r->bad && ret->nfiles < files)
		take_file(r, ret);
	while (!r->bad && ret->nmaps < maps)
		take_map(r, ret);
	while (!r->bad && ret->nprograms < programs)
		take_program(r, ret);
	return r->bad || r->rest.len ? -EPROTO : 0;
}

int bytecode_decode(struct bytecode *ret, const uint8_t *key, struct span in)
{
	struct cursor r = { 0 };
	struct span made_of;
	int err;

	*ret = (struct bytecode){ 0 };
	err = digest_unseal(MAGIC, in, &r.rest);
	if (err)
		return err;
	made_of = cursor_take(&r, BYTECODE_KEY);
	if (key && !span_eq(made_of, span_of(key, BYTECODE_KEY)))
		return -ESTALE;
	err = take_all(&r, ret);
	if (err)
		bytecode_done(ret);
	return err;
}
