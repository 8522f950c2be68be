/* SPDX-License-Identifier: MIT */
/* Sends alerts to a URL as JSON, on a thread of its own. */
#ifndef SPY_RUN_ALERT_WEBHOOK_H
#define SPY_RUN_ALERT_WEBHOOK_H

#include <jansson.h>
#include <stdint.h>

#include "base/error.h"

/* So many wait; of more, the new ones are dropped. */
#define ALERT_WEBHOOK_QUEUE 256

struct alert_webhook;
/* While there is one thread. 0, or -errno: there is no libcurl. */
int alert_webhook_new(struct alert_webhook **ret, const char *url, struct error *reterr);
int alert_webhook_start(struct alert_webhook *w, struct error *reterr); /* its thread */
void alert_webhook_send(struct alert_webhook *w, const json_t *body);
/* Sends what waits, for some seconds at most. Returns how many alerts were not sent, with the last
 * reason, which never names the URL: that may be a secret. */
uint64_t alert_webhook_finish(struct alert_webhook *w, char ret_problem[160]);
void alert_webhook_free(struct alert_webhook *w); /* accepts NULL */

#endif
