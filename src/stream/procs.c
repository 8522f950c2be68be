/* SPDX-License-Identifier: MIT */
/* A few processes have connections at a time, so a list in order of their last use serves. Those
 * without references are dropped from its end. */
#include "stream/procs.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "capture/process.h"

#define UNUSED_MAX 256

struct node {
	struct proc proc; /* first */
	struct node *next;
};

struct procs {
	struct node *first;
	size_t unused;
};

struct procs *procs_new(void)
{
	return xcalloc(1, sizeof(struct procs));
}

static void node_free(struct node *n)
{
	free(n->proc.exe);
	free(n->proc.cmdline);
	free(n);
}

void procs_free(struct procs *p)
{
	while (p->first) {
		struct node *n = p->first;

		p->first = n->next;
		node_free(n);
	}
	free(p);
}

/* Finds or makes it, and brings it to the front. */
static struct node *touch(struct procs *p, uint32_t tgid)
{
	struct node **at = &p->first;
	struct node *n;

	while (*at && (*at)->proc.tgid != tgid)
		at = &(*at)->next;
	n = *at;
	if (n) {
		*at = n->next;
	} else {
		n = xcalloc(1, sizeof(*n));
		n->proc.tgid = tgid;
		p->unused++;
	}
	n->next = p->first;
	p->first = n;
	return n;
}

static void drop_unused(struct procs *p)
{
	size_t kept = 0;
	struct node **at = &p->first;

	if (p->unused <= UNUSED_MAX)
		return;
	while (*at) {
		struct node *n = *at;

		if (n->proc.refs || kept++ < UNUSED_MAX / 2) {
			at = &n->next;
			continue;
		}
		*at = n->next;
		p->unused--;
		node_free(n);
	}
}

static void set_name(struct proc *proc, struct span name)
{
	if (name.len >= sizeof(proc->name)) {
		name = span_first(name, sizeof(proc->name) - 1);
		name = span_first(name, utf8_whole(name));
	}
	memcpy(proc->name, name.ptr, name.len);
	proc->name[name.len] = '\0';
}

struct proc *procs_ref(struct procs *p, uint32_t tgid, uint32_t uid, uint64_t cgroup,
		       const char *comm)
{
	struct node *n = touch(p, tgid);

	p->unused -= n->proc.refs++ == 0;
	n->proc.uid = uid;
	n->proc.cgroup = cgroup;
	if (!n->proc.name[0])
		set_name(&n->proc, *comm ? span_str(comm) : SPAN_LIT("?"));
	return &n->proc;
}

void procs_unref(struct procs *p, struct proc *proc)
{
	p->unused += --proc->refs == 0;
	drop_unused(p);
}

void procs_describe(struct procs *p, uint32_t tgid, const struct proc_text *text)
{
	struct node *n = touch(p, tgid);

	/* It has ended meanwhile: what was known of it says more. */
	if (n->proc.exe && !text->exe.len)
		return;
	set_name(&n->proc, text->name);
	set_string(&n->proc.exe, text->exe);
	set_string(&n->proc.cmdline, text->cmdline);
	drop_unused(p);
}
