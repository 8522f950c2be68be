/* SPDX-License-Identifier: MIT */
/* What was kept, in a browser. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "base/xalloc.h"
#include "cli/kept.h"
#include "run/loop.h"
#include "sink/http_port.h"
#include "web/web.h"

int serve_run(struct kept *k, struct error *reterr)
{
	AUTO_FREE char *where = http_port_place(k->o->listen, k->o->port);
	const struct web_config c = { .where = where,
				      .kept = k->view,
				      .path = kept_path(k->o),
				      .select = &k->select,
				      .another = "--port=PORT" };
	struct web *w = NULL;
	int number, err;
	sigset_t ends;

	/* Before any thread is started, so that no thread of ours takes them. */
	loop_block_ends(&ends);
	err = web_start(&w, &c, reterr);
	if (err)
		return err;
	if (!http_port_is_own(where))
		log_say("whoever reaches this address and has the token can read all of it, and "
			"what passes on the way there is not encrypted");
	/* Whoever waits for it knows by this line that it listens. */
	printf("%s\n", web_url(w));
	fflush(stdout);
	sigwait(&ends, &number);
	web_stop(w);
	return 0;
}
