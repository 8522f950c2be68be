/* SPDX-License-Identifier: MIT */
/* Which TLS a running process has mapped, of what a tracer has hooked, and whose process it is. */
#ifndef SPY_WEB_PROCESS_TLS_H
#define SPY_WEB_PROCESS_TLS_H

#include "json/text.h"
#include "report/status.h"

/* [{found, file}]; empty where none is known. */
json_t *process_tls(const struct tls_files *hooked, uint32_t pid);
/* Its name on this host, else its number; null: it is gone. */
json_t *process_user(uint32_t pid);

#endif
