/* SPDX-License-Identifier: MIT */
/* Hosts of which the person says who answers there: --as. Gateways have names of their own. Pure.
 */
#ifndef SPY_LLM_NAMED_HOSTS_H
#define SPY_LLM_NAMED_HOSTS_H

#include "base/error.h"
#include "llm/dialect.h"

struct named_host {
	char *host;    /* as it was given; '*' stands for any characters */
	unsigned port; /* 0: any */
	const struct provider *provider;
};

struct named_hosts {
	struct named_host *items;
	size_t count;
};

/* "HOST[:PORT]=PROVIDER". 0, or -EINVAL with what is expected. */
int named_hosts_add(struct named_hosts *n, const char *text, struct error *reterr);
void named_hosts_done(struct named_hosts *n);
/* Who answers there: the last that fits. NULL: nobody says. */
const struct provider *named_hosts_find(const struct named_hosts *n, struct span host,
					unsigned port);

#endif
