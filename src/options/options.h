/* SPDX-License-Identifier: MIT */
/* The command line, read once; const from then on. */
#ifndef SPY_OPTIONS_OPTIONS_H
#define SPY_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "alert/rules.h"
#include "base/error.h"
#include "base/limits.h"
#include "capture/filter.h"
#include "capture/ports.h"
#include "llm/named_hosts.h"
#include "sink/output.h"
#include "view/spending.h"

enum shell { SHELL_BASH, SHELL_ZSH, SHELL_FISH };
enum buffer_kind { BUFFER_AUTO, BUFFER_RING, BUFFER_PERF };
enum action {
	ACTION_TRACE,
	ACTION_REPLAY,
	ACTION_DEMO,
	ACTION_TARGETS,
	ACTION_DOCTOR,
	ACTION_HELP,
	ACTION_HELP_ALL,
	ACTION_VERSION,
	ACTION_COMPLETIONS,
	ACTION_DAEMON,
	ACTION_CA,
	ACTION_CONFIG,
	/* What reads what was kept: options_view(). */
	ACTION_LOG,
	ACTION_SHOW,
	ACTION_SEARCH,
	ACTION_SPEND,
	ACTION_KEYS,
	ACTION_ERRORS,
	ACTION_CONVERSATION,
	ACTION_TOOLS,
	ACTION_TOP,
	ACTION_DIFF,
	ACTION_EXPORT,
	ACTION_PIN,
	ACTION_UNPIN,
	ACTION_REPLAY_SERVER,
	ACTION_SERVE,
};

enum summary_form { SUMMARY_TEXT, SUMMARY_JSON, SUMMARY_NONE };

struct names {
	const char **items;
	size_t count;
};

struct own_names {
	char **items;
	size_t count;
};

/* Of whose pipes JSON-RPC is shown. */
enum stdio_option {
	STDIO_OPTION_AGENTS, /* of the command's tree, or of programs that call models */
	STDIO_OPTION_ALL,
	STDIO_OPTION_NO,
};

struct options {
	enum action action;
	struct filter_options filter;
	/* What the filter points to, as it grows. */
	pid_t *pids;
	struct filter_user *users;
	struct own_names processes, containers, units, cgroup_paths;
	struct names cgroups; /* directories, as they were given */
	struct names libssl;
	const char *comm;
	enum show_mode mode;
	struct select select;
	const struct sink_ops *format;
	bool format_given;
	bool bodies, events, full, follow;
	unsigned lines; /* of each text; 0: as it suits */
	enum summary_form summary;
	const char *prices;		      /* file; NULL: the builtin ones alone */
	struct named_hosts named;	      /* --as */
	struct names outputs;		      /* -o; none: standard output */
	struct names redact;		      /* what outputs hide besides credentials */
	struct rules *alert;		      /* NULL: none */
	const char *on_alert, *alert_webhook; /* command, URL; NULL */
	bool alert_exit;
	char *metrics; /* an output besides these; NULL: none */
	bool metrics_wait;
	char *web; /* where it listens, "": as it does by default; NULL: nowhere */
	enum color_when color;
	const char *record, *replay;
	bool force; /* outputs and recordings overwrite what is there */
	enum buffer_kind buffer;
	size_t buffer_size; /* 0: the default of its kind */
	size_t call_limit;
	uint64_t hold_ns;	    /* 0: nothing is held */
	const char *kernel_headers; /* "auto", "builtin" or a directory */
	bool no_cache;		    /* of compiled programs */
	bool strict;
	bool no_peer;
	enum stdio_option stdio;
	/* The C expression of --plain (capture/ports.h); NULL: without. */
	char *plain;
	bool plain_near;
	bool plain_unix; /* Unix sockets too */
	/* --proxy: where it listens, whose TLS it opens (NULL: the known providers'), and the one
	 * server behind it (NULL: those that clients name). */
	bool proxy;
	bool transparent; /* connections are led to it, of these ports; none: the standard one */
	struct port_range proxy_ports[PORTS_MAX];
	size_t nproxy_ports;
	const char *listen, *proxy_hosts, *reverse;
	const char *upstream_proxy; /* "none"; NULL: as the environment says */
	unsigned port;		    /* 0: any that is free */
	bool paced;		    /* recorded answers come as they came */
	bool debug;
	const char *config_file; /* in place of the others; NULL */
	bool no_config;
	struct config *config; /* whose values are used; NULL: none */
	struct limits limits;
	enum shell shell;	     /* ACTION_COMPLETIONS */
	const char *keep, *max_size; /* of the daemon's archive; NULL: as it is by default */
	bool traces;		     /* an option was given that is for tracing alone */
	bool once;		     /* `top` prints its table and ends */
	bool curl;		     /* `show` prints the request as a command */
	enum spend_by by;
	unsigned table_rows; /* of a list; 0: all */
	char **operands;     /* of a subcommand, as many as it has */
	char **argv;
	char **command; /* behind "--", NULL-terminated; NULL: none */
};

/* Whether some output serves metrics. */
bool options_have_metrics(const struct options *o);

/* What outputs have in common, as the options say. */
struct output_defaults options_output(const struct options *o);

/* 0, or -EINVAL with what is wrong. Strings point into argv. */
int options_parse(struct options *o, int argc, char **argv, struct error *reterr);
void options_done(struct options *o);
/* Whether it reads what was kept, rather than to trace or to replay. */
bool options_view(const struct options *o);
/* One screen; with a subcommand, what that one does, and its options. */
void options_help(FILE *out, const struct options *o);
void options_help_all(FILE *out);
/* What completes options in this shell, as its own script. */
void options_completions(FILE *out, enum shell shell);

#endif
