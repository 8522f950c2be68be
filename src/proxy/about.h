/* SPDX-License-Identifier: MIT */
/* `llm-spy ca`: what there is to know of the authority, and how programs come to trust it. */
#ifndef SPY_PROXY_ABOUT_H
#define SPY_PROXY_ABOUT_H

/* what: show, export, bundle or trust-help. An exit code. Makes the authority if there is none. */
int about_authority(const char *dir, const char *what);

#endif
