/* SPDX-License-Identifier: MIT */
/* Processes are found by a hash of their number. Those without references are in a list too, by
 * when that came about or they were described; past a ceiling the first of them are dropped. */
#include "stream/procs.h"

#include <stdlib.h>

#include "base/list.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xalloc.h"
#include "capture/process.h"

#define UNUSED_MAX    256
#define USERS_MAX     16
#define BUCKETS_FIRST 64

struct node {
	struct proc proc; /* first */
	struct node *chain;
	struct list unused; /* while it has no references */
};

struct user {
	uint32_t uid;
	char *name;
};

struct procs {
	struct node **buckets;
	size_t nbuckets; /* a power of two, never less than there are nodes */
	size_t count;
	struct list unused; /* the latest first */
	size_t nunused;
	struct user users[USERS_MAX]; /* a ring */
	size_t nusers;		      /* ever */
};

struct procs *procs_new(void)
{
	struct procs *p = xcalloc(1, sizeof(*p));

	p->nbuckets = BUCKETS_FIRST;
	p->buckets = xcalloc(p->nbuckets, sizeof(struct node *));
	list_init(&p->unused);
	return p;
}

#define STRINGS(p)                                                                                 \
	&(p)->exe, &(p)->cmdline, &(p)->script, &(p)->user, &(p)->runtime, &(p)->container,        \
		&(p)->container_name, &(p)->pod, &(p)->unit

static void node_free(struct node *n)
{
	char **const strings[] = { STRINGS(&n->proc) };

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++)
		free(*strings[i]);
	free(n);
}

void procs_free(struct procs *p)
{
	for (size_t i = 0; i < p->nbuckets; i++)
		while (p->buckets[i]) {
			struct node *n = p->buckets[i];

			p->buckets[i] = n->chain;
			node_free(n);
		}
	for (size_t i = 0; i < USERS_MAX; i++)
		free(p->users[i].name);
	free(p->buckets);
	free(p);
}

/* ---- the table ---- */

static struct node **bucket_of(const struct procs *p, uint32_t tgid)
{
	return &p->buckets[(tgid * 0x9e3779b1u >> 7) & (p->nbuckets - 1)];
}

static void grow(struct procs *p)
{
	struct node **old = p->buckets;
	size_t nold = p->nbuckets;

	p->nbuckets *= 2;
	p->buckets = xcalloc(p->nbuckets, sizeof(struct node *));
	for (size_t i = 0; i < nold; i++)
		for (struct node *n = old[i], *next; n; n = next) {
			struct node **at = bucket_of(p, n->proc.tgid);

			next = n->chain;
			n->chain = *at;
			*at = n;
		}
	free(old);
}

static struct node *find(const struct procs *p, uint32_t tgid)
{
	struct node *n = *bucket_of(p, tgid);

	while (n && n->proc.tgid != tgid)
		n = n->chain;
	return n;
}

/* Finds or makes it; a new one is unused. */
static struct node *node_of(struct procs *p, uint32_t tgid)
{
	struct node *n = find(p, tgid), **at;

	if (n)
		return n;
	if (p->count == p->nbuckets)
		grow(p);
	n = xcalloc(1, sizeof(*n));
	n->proc.tgid = tgid;
	at = bucket_of(p, tgid);
	n->chain = *at;
	*at = n;
	p->count++;
	list_add_first(&p->unused, &n->unused);
	p->nunused++;
	return n;
}

static void drop(struct procs *p, struct node *n)
{
	struct node **at = bucket_of(p, n->proc.tgid);

	while (*at != n)
		at = &(*at)->chain;
	*at = n->chain;
	list_remove(&n->unused);
	p->nunused--;
	p->count--;
	node_free(n);
}

static void drop_unused(struct procs *p)
{
	while (p->nunused > UNUSED_MAX)
		drop(p, container_of(list_last(&p->unused), struct node, unused));
}

/* ---- users ---- */

static const char *user_of(const struct procs *p, uint32_t uid)
{
	for (size_t i = 0; i < USERS_MAX; i++)
		if (p->users[i].name && p->users[i].uid == uid)
			return p->users[i].name;
	return NULL;
}

static void keep_user(struct procs *p, uint32_t uid, struct span name)
{
	struct user *u = &p->users[p->nusers % USERS_MAX];

	if (!name.len || user_of(p, uid))
		return;
	u->uid = uid;
	set_string(&u->name, name);
	p->nusers++;
}

/* ---- one process ---- */

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
	struct node *n = node_of(p, tgid);

	if (n->proc.refs++ == 0) {
		list_remove(&n->unused);
		p->nunused--;
	}
	n->proc.uid = uid;
	n->proc.cgroup = cgroup;
	if (!n->proc.name[0])
		set_name(&n->proc, *comm ? span_str(comm) : SPAN_LIT("?"));
	if (!n->proc.user)
		set_string(&n->proc.user, span_str(user_of(p, uid)));
	return &n->proc;
}

void procs_unref(struct procs *p, struct proc *proc)
{
	if (--proc->refs)
		return;
	list_add_first(&p->unused, &container_of(proc, struct node, proc)->unused);
	p->nunused++;
	drop_unused(p);
}

static void set_strings(struct proc *proc, const struct proc_text *text)
{
	char **const strings[] = { STRINGS(proc) };
	const struct span *const texts[] = { STRINGS(text) };

	for (size_t i = 0; i < sizeof(strings) / sizeof(*strings); i++) {
		free(*strings[i]);
		*strings[i] = NULL;
		set_string(strings[i], *texts[i]);
	}
}

void procs_describe(struct procs *p, uint32_t tgid, uint32_t uid, const struct proc_text *text)
{
	struct node *n = node_of(p, tgid);

	keep_user(p, uid, text->user);
	if (!n->proc.refs) {
		list_remove(&n->unused);
		list_add_first(&p->unused, &n->unused);
	}
	/* It has ended meanwhile: what was known of it says more. */
	if (n->proc.exe && !text->exe.len)
		return;
	set_name(&n->proc, text->name);
	set_strings(&n->proc, text);
	ancestors_read(text->ancestors, &n->proc.ancestors);
	drop_unused(p);
}

size_t procs_count(const struct procs *p)
{
	return p->count;
}
