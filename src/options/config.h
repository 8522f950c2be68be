/* SPDX-License-Identifier: MIT */
/* Configuration files: options by their names, for all that is run, or in a section for one
 * subcommand. The user's file wins over the host's, and the command line over both. */
#ifndef SPY_OPTIONS_CONFIG_H
#define SPY_OPTIONS_CONFIG_H

#include "options/table.h"

#define CONFIG_OF_HOST "/etc/llm-spy/config"

enum config_layer {
	CONFIG_HOST,
	CONFIG_USER, /* or the one file of --config */
	CONFIG_LAYERS,
};

struct config_entry {
	const struct row *row;
	char *value; /* NULL: none */
	bool off;    /* "= no": as if no file had named it */
	bool barred; /* of a caller of sudo, who may not set it so */
	enum config_layer layer;
	unsigned line;
	bool everywhere;	      /* it stands above all sections */
	const struct subcommand *sub; /* else the section: a subcommand, or NULL: [trace] */
};

struct config_file {
	char *path; /* NULL: there is none */
	int err;    /* 0: it was read; else -errno */
};

struct config {
	bool only; /* one file, which was asked for, in place of all */
	struct config_file files[CONFIG_LAYERS];
	struct config_entry *entries; /* by layer and line */
	size_t count;
};

/* What is run: which options have a meaning there. */
struct config_run {
	const struct subcommand *sub; /* NULL: none */
	bool replay, proxy;
	bool record; /* and nothing else, so that no exchanges can be selected */
};

/* Reads the files; `only`: this one in their place; NULL. The daemon is the host's, and reads no
 * user's: `host_alone`. 0, or -errno with a reason that names
 * file and line. config_done() in any case. */
int config_load(struct config *c, const char *only, bool host_alone, struct error *reterr);
void config_done(struct config *c);
/* The same of a text. `barred`: it is a caller's under sudo. */
int config_read(struct config *c, struct span text, enum config_layer layer, bool barred,
		struct error *reterr);

/* Whether the entry counts in this run, where `given` are the rows of the command line (by their
 * place in the table; NULL: none). */
bool config_counts(const struct config *c, const struct config_entry *e,
		   const struct config_run *run, const bool *given);
/* Says which lines are left out because a caller may not set them. */
void config_say_barred(const struct config *c);

/* "FILE:LINE" */
char *config_place(const struct config *c, const struct config_entry *e);

#endif
