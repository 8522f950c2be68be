/* SPDX-License-Identifier: MIT */
/* The options and subcommands as rows: options.def and subcommands.def. */
#ifndef SPY_OPTIONS_TABLE_H
#define SPY_OPTIONS_TABLE_H

#include "options/options.h"

/* How an option's argument gets into struct options. */
enum how { SET_BOOL, SET_TEXT, SET_NAMES, SET_SIZE, SET_CHOICE, SET_FN };

struct setter {
	enum how how;
	size_t at; /* of the member */
	int value; /* SET_CHOICE */
	int (*fn)(struct options *o, const char *arg, struct error *reterr);
};

enum scope {
	LIVE = 1,     /* refused with --replay */
	NO_DEMO = 2,  /* refused with --demo */
	TARGETS = 4,  /* `llm-spy targets` takes it */
	DOCTOR = 8,   /* `llm-spy doctor` takes it */
	COMMON = 16,  /* --help names it; --help-all names all */
	SETTING = 32, /* refused if no output has a setting of this name (struct sink_setting) */
	PROXY = 64,   /* needs --proxy, or a subcommand that takes it */
	/* Subcommands that read what was kept; a row without LIVE that only they have is OWN. */
	VIEW = 128,	  /* all of them */
	TABLES = 256,	  /* those that print tables */
	LISTS = 512,	  /* tables of single exchanges */
	SPENDS = 1024,	  /* `llm-spy spend` */
	SHOWS = 2048,	  /* `llm-spy show` */
	WRITES = 4096,	  /* those that write as outputs do */
	DAEMON = 8192,	  /* `llm-spy daemon` */
	OWN = 16384,	  /* refused without a subcommand */
	TOPS = 32768,	  /* `llm-spy top` */
	SERVES = 65536,	  /* those that serve HTTP */
	REPLAYS = 131072, /* `llm-spy replay-server` */
	ALERTS = 1 << 18, /* needs --alert */
	HELPS = 1 << 19,  /* subcommands that take no other options than for help */
	/* Of configuration files (config.h): */
	CONFIGS = 1 << 24, /* `llm-spy config` */
	LINE = 1 << 25,	   /* of the command line alone */
	TRACING = 1 << 26, /* counts where something is traced, not where it is replayed */
	KEYED = 1 << 27,   /* each is about a name of its own, so those of all files count */
};

struct row {
	bool is_section; /* `name` is its title, and the rest is empty */
	const char *name;
	char letter;
	const char *arg; /* its name in help; NULL: none; "[=NAME]": may be left out */
	const char *help;
	struct setter set;
	unsigned scope; /* enum scope */
};

extern const struct row rows[];
extern const size_t rows_count;

struct subcommand {
	const char *name;
	enum action action;
	unsigned scope;	      /* which options it takes */
	const char *operands; /* their names, "A B"; "": none */
	const char *help;
};

extern const struct subcommand subcommands[];
extern const size_t subcommands_count;

/* NULL if there is none. `word` may be NULL. */
const struct subcommand *subcommand_find(const char *word);
/* How many at most, and at least: "[A]" may be left out. */
unsigned subcommand_operands(const struct subcommand *s, unsigned *ret_least);
bool row_takes_argument(const struct row *r);
/* What may be chosen for an argument of this name in help ("WHEN"), NULL-terminated; NULL: anything
 * that its reader takes. */
const char *const *choices_of(const char *arg);
/* As in "[=NAME]". */
bool row_may_lack_argument(const struct row *r);

#endif
