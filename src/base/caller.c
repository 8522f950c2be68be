/* SPDX-License-Identifier: MIT */
#include "base/caller.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/xalloc.h"

#define GROUPS_MAX 1024

/* The number that sudo left in the environment; -1: none. */
static long number(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long n;

	if (!text || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	n = strtol(text, &end, 10);
	return *end || errno || n > UINT32_MAX ? -1 : n;
}

/* doas tells the name alone. */
static bool find_doas(struct caller *ret)
{
	const char *name = getenv("DOAS_USER");
	const struct passwd *pw = name ? getpwnam(name) : NULL;

	if (!pw || pw->pw_uid == 0)
		return false;
	*ret = (struct caller){ pw->pw_uid, pw->pw_gid };
	return true;
}

bool caller_find(struct caller *ret)
{
	long uid = number("SUDO_UID"), gid = number("SUDO_GID");

	if (geteuid() != 0)
		return false;
	if (uid < 0)
		return find_doas(ret);
	*ret = (struct caller){ (uid_t)uid, (gid_t)gid };
	return uid > 0 && gid >= 0;
}

/* glibc's setgroups() would change all threads. */
static void set_groups(size_t count, const gid_t *groups)
{
	syscall(SYS_setgroups, count, groups);
}

static void take_groups(const struct caller *c)
{
	const struct passwd *pw = getpwuid(c->uid);
	gid_t groups[GROUPS_MAX] = { c->gid };
	int count = GROUPS_MAX;

	if (!pw || getgrouplist(pw->pw_name, c->gid, groups, &count) < 0)
		count = 1;
	set_groups((size_t)count, groups);
}

void caller_rights_take(struct caller_rights *r)
{
	struct caller c;

	*r = (struct caller_rights){ .on = caller_find(&c) };
	if (!r->on)
		return;
	r->ngroups = getgroups(0, NULL);
	r->groups = xcalloc((size_t)r->ngroups + 1, sizeof(*r->groups));
	r->ngroups = getgroups(r->ngroups, r->groups);
	take_groups(&c);
	setfsgid(c.gid);
	setfsuid(c.uid);
}

void caller_rights_give_back(struct caller_rights *r)
{
	int err = errno;

	if (!r->on)
		return;
	setfsuid(geteuid());
	setfsgid(getegid());
	set_groups((size_t)r->ngroups, r->groups);
	free(r->groups);
	errno = err;
}
