/* SPDX-License-Identifier: MIT */
#include "cli/cmd_version.h"

#include <string.h>
#include <sys/utsname.h>

#include "config.h"
#include "cost/price.h"
#include "revision.h"

#ifdef HAVE_BPF
#define LIVE "yes"
#else
#define LIVE "no (configured with --disable-bpf)"
#endif
#ifdef HAVE_SQLITE
#define SQLITE "yes"
#else
#define SQLITE "no (built without libsqlite3)"
#endif

#ifdef HAVE_MICROHTTPD
#define METRICS "yes"
#else
#define METRICS "no (built without libmicrohttpd)"
#endif

#ifdef HAVE_CURL
#define OTLP "yes"
#else
#define OTLP "no (built without libcurl)"
#endif

#ifdef HAVE_CURSES
#define TOP "yes"
#else
#define TOP "no (built without libncursesw)"
#endif

static void print_kernel(FILE *out)
{
	struct utsname u;

	if (uname(&u) == 0)
		fprintf(out, "kernel: %s %s %s\n", u.sysname, u.release, u.machine);
}

void version_print(FILE *out)
{
	struct span date = prices_date();

	fputs("llm-spy " PACKAGE_VERSION, out);
	if (*REVISION)
		fputs(" (git " REVISION ")", out);
	fputc('\n', out);
	fputs("live tracing: " LIVE "\ncontent codings: " CODINGS_TEXT "\nSQLite output: " SQLITE
	      "\nPrometheus metrics: " METRICS "\nOpenTelemetry: " OTLP
	      "\nview of llm-spy top: " TOP "\n",
	      out);
	if (date.len)
		fprintf(out, "prices of %.*s\n", (int)date.len, (const char *)date.ptr);
	print_kernel(out);
}
