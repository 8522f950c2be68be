/* SPDX-License-Identifier: MIT */
/* `llm-spy --proxy`: what the proxy hands over takes the same way as what the kernel captures. */
#ifndef SPY_RUN_PROXY_H
#define SPY_RUN_PROXY_H

#include "base/error.h"
#include "options/options.h"

/* An exit code (options/exit_code.h); with reterr filled, nothing was run. */
int proxy_run(const struct options *o, struct error *reterr);

/* `llm-spy ca WHAT`: about the certificate authority of the user's proxies. Returns if it cannot be
 * told, with reterr filled. */
int proxy_ca(const struct options *o, struct error *reterr);

#endif
