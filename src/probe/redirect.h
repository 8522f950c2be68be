/* SPDX-License-Identifier: MIT */
/* Leads connections of this host's processes to a proxy (redirect_code.h). Nothing is left behind:
 * what is attached goes with the descriptors, and those with this process, however it ends. */
#ifndef SPY_PROBE_REDIRECT_H
#define SPY_PROBE_REDIRECT_H

#include "base/error.h"
#include "probe/redirect_code.h"

struct redirect;

/* What is needed before the proxy starts. NULL with reterr filled where this kernel, or who we are,
 * does not do. */
struct redirect *redirect_open(struct error *reterr);
/* A descriptor, which stays ours; the proxy maps it as an array of REDIRECT_SLOTS. */
int redirect_slots(const struct redirect *r);
/* From now on, for a cgroup's processes. netns is filled in. May be called for several. */
int redirect_attach(struct redirect *r, int cgroup, const struct redirect_rule *rule,
		    struct error *reterr);
void redirect_free(struct redirect *r); /* accepts NULL */

#endif
