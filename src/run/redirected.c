/* SPDX-License-Identifier: MIT */
#include "run/redirected.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "proc/cgroup_dir.h"

#define STANDARD_PORT 443

int redirected_open(struct redirected *d, struct error *reterr)
{
	d->redirect = redirect_open(reterr);
	return d->redirect ? 0 : reterr->code;
}

static int set_users(struct redirect_rule *r, const struct filter_options *f, struct error *reterr)
{
	for (size_t i = 0; i < f->nusers; i++) {
		if (!f->users[i].known)
			return error_set(reterr, -EINVAL, "--user %.60s: no such user here",
					 f->users[i].name);
		if (r->nusers == REDIRECT_USERS)
			return error_set(reterr, -E2BIG, "--proxy=transparent: at most %d users",
					 REDIRECT_USERS);
		r->users[r->nusers++] = f->users[i].uid;
	}
	return 0;
}

static int make_rule(struct redirect_rule *r, const struct options *o,
		     const struct redirected_to *to, struct error *reterr)
{
	*r = (struct redirect_rule){ .except = { (uint32_t)to->proxy, (uint32_t)getpid() },
				     .ports = { { STANDARD_PORT, STANDARD_PORT } },
				     .nports = 1,
				     .to_port = to->port,
				     .to_v6 = to->v6 };
	if (o->nproxy_ports) {
		memcpy(r->ports, o->proxy_ports, sizeof(r->ports));
		r->nports = o->nproxy_ports;
	}
	return set_users(r, &o->filter, reterr);
}

static int attach_dir(struct redirected *d, const char *dir, const struct redirect_rule *r,
		      struct error *reterr)
{
	int fd = cgroup_dir_open(dir, reterr);
	int err = fd < 0 ? fd : redirect_attach(d->redirect, fd, r, reterr);

	if (fd >= 0)
		close(fd);
	return err;
}

/* Of all cgroups there is one that has all. */
static int attach_everywhere(struct redirected *d, const struct redirect_rule *r,
			     struct error *reterr)
{
	char *mount = cgroup_dir_mount();
	int err = mount ? attach_dir(d, mount, r, reterr)
			: error_set(reterr, -ENOTSUP,
				    "--proxy=transparent needs cgroup v2, which is not mounted");

	free(mount);
	return err;
}

static int attach_tree(struct redirected *d, pid_t command, const struct redirect_rule *r,
		       struct error *reterr)
{
	int err = own_cgroup_make(&d->tree, reterr);

	if (!err)
		err = redirect_attach(d->redirect, d->tree.fd, r, reterr);
	return err ? err : own_cgroup_add(&d->tree, command, reterr);
}

int redirected_begin(struct redirected *d, const struct options *o, const struct redirected_to *to,
		     struct error *reterr)
{
	struct redirect_rule rule;
	int err = make_rule(&rule, o, to, reterr);

	if (err)
		return err;
	if (to->command)
		return attach_tree(d, to->command, &rule, reterr);
	if (!o->cgroups.count)
		return attach_everywhere(d, &rule, reterr);
	for (size_t i = 0; !err && i < o->cgroups.count; i++)
		err = attach_dir(d, o->cgroups.items[i], &rule, reterr);
	return err;
}

void redirected_done(struct redirected *d)
{
	redirect_free(d->redirect);
	own_cgroup_remove(&d->tree);
	d->redirect = NULL;
}
