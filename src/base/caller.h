/* SPDX-License-Identifier: MIT */
/* The user who called sudo(8) or doas(1), when that is how we came to be root. */
#ifndef SPY_BASE_CALLER_H
#define SPY_BASE_CALLER_H

#include <stdbool.h>
#include <sys/types.h>

struct caller {
	uid_t uid;
	gid_t gid;
};

/* False: nobody did, or root did. */
bool caller_find(struct caller *ret);

/* What this thread opens and makes meanwhile, it does with the rights of the caller; the rest of
 * the program is not concerned. */
struct caller_rights {
	bool on; /* false: there is no caller, and nothing changed */
	gid_t *groups;
	int ngroups;
};
void caller_rights_take(struct caller_rights *r);
void caller_rights_give_back(struct caller_rights *r);

#endif
