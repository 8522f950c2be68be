/* SPDX-License-Identifier: MIT */
/* The environment by which programs of all kinds find a proxy and trust it. Pure. */
#ifndef SPY_RUN_PROXY_COMMAND_H
#define SPY_RUN_PROXY_COMMAND_H

/* url: of the proxy, NULL: none has to be found; address and port again, for Java; dir: where the
 * proxy keeps its files. */
void proxy_command_environment(char ***environment, const char *url, const char *address,
			       unsigned port, const char *dir);

#endif
