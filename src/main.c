/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cli/cmd_config.h"
#include "cli/cmd_replay.h"
#include "cli/cmd_version.h"
#include "cli/kept.h"
#include "config.h"
#include "json/pool.h"
#include "options/exit_code.h"
#include "options/options.h"
#ifdef HAVE_BPF
#include "cli/cmd_doctor.h"
#include "cli/cmd_targets.h"
#include "cli/web_face.h"
#include "demo/demo.h"
#include "run/daemon.h"
#include "run/privileges.h"
#include "run/proxy.h"
#include "run/tracer.h"
#include "top/live.h"
#endif

static int complain(const struct error *e, int code)
{
	log_say("%s", e->text);
	return code;
}

#ifdef HAVE_BPF
static int trace(struct options *o, struct error *reterr)
{
	const struct face *faces[3] = { NULL };
	size_t n = 0;

	if (o->action == ACTION_TOP)
		faces[n++] = top_face();
	if (o->web)
		faces[n++] = web_face();

	if (o->proxy)
		return proxy_run(o, reterr);
	if (privileges_check(o->argv, reterr) != 0)
		return EXIT_CANNOT;
	if (o->action == ACTION_DAEMON)
		return daemon_run(o, faces, reterr);
	return o->action == ACTION_DEMO ? demo_run(o, reterr) : tracer_run(o, faces, reterr);
}
#endif

static int top(struct options *o, struct error *reterr)
{
#ifdef HAVE_BPF
	if (top_is_live(o))
		return trace(o, reterr);
#endif
	return kept_run(o, reterr);
}

/* What was printed has reached its reader, or not. */
static int printed(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return EXIT_FINE;
	log_say("standard output: %s", strerror(errno));
	return EXIT_FAILED;
}

static int run(struct options *o)
{
	struct error e = { 0 };
	int code = EXIT_FINE;

	switch (o->action) {
	case ACTION_HELP:
		options_help(stdout, o);
		return printed();
	case ACTION_HELP_ALL:
		options_help_all(stdout);
		return printed();
	case ACTION_COMPLETIONS:
		options_completions(stdout, o->shell);
		return printed();
	case ACTION_VERSION:
		version_print(stdout);
		return printed();
	case ACTION_CONFIG:
		code = config_run(o, &e);
		return e.code ? complain(&e, code) : printed();
	case ACTION_REPLAY:
		code = replay_run(o, &e);
		break;
	case ACTION_LOG:
	case ACTION_SHOW:
	case ACTION_SEARCH:
	case ACTION_SPEND:
	case ACTION_KEYS:
	case ACTION_ERRORS:
	case ACTION_CONVERSATION:
	case ACTION_TOOLS:
	case ACTION_DIFF:
	case ACTION_EXPORT:
	case ACTION_PIN:
	case ACTION_UNPIN:
	case ACTION_REPLAY_SERVER:
	case ACTION_SERVE:
		code = kept_run(o, &e);
		break;
	case ACTION_TOP:
		code = top(o, &e);
		break;
#ifdef HAVE_BPF
	case ACTION_DEMO:
	case ACTION_TRACE:
	case ACTION_DAEMON:
		code = trace(o, &e);
		break;
	case ACTION_CA:
		code = proxy_ca(o, &e);
		break;
	case ACTION_TARGETS:
		code = targets_run(o, &e);
		break;
	case ACTION_DOCTOR:
		return doctor_run(o);
#else
	case ACTION_TARGETS:
	case ACTION_DOCTOR:
	case ACTION_DEMO:
	case ACTION_TRACE:
	case ACTION_DAEMON:
	case ACTION_CA:
		error_set(&e, -1,
			  "this llm-spy was built without live tracing (--disable-bpf) and can "
			  "only show recordings (--replay FILE)");
		code = EXIT_CANNOT;
		break;
#endif
	}
	return e.code ? complain(&e, code) : code;
}

int main(int argc, char **argv)
{
	struct options o;
	struct error e;
	int code;

	setlocale(LC_CTYPE, "");
	if (options_parse(&o, argc, argv, &e) != 0) {
		options_done(&o);
		return complain(&e, EXIT_USAGE);
	}
	log_debug_on = o.debug;
	json_pool_begin();
	code = run(&o);
	options_done(&o);
	return code;
}
