/* SPDX-License-Identifier: MIT */
#include "options/table.h"

#include <string.h>

#include "options/read.h"

const struct row rows[] = {
#define BOOL(member)                                                                               \
	{                                                                                          \
		.how = SET_BOOL, .at = offsetof(struct options, member)                            \
	}
#define TEXT(member)                                                                               \
	{                                                                                          \
		.how = SET_TEXT, .at = offsetof(struct options, member)                            \
	}
#define NAMES(member)                                                                              \
	{                                                                                          \
		.how = SET_NAMES, .at = offsetof(struct options, member)                           \
	}
#define SIZE(member)                                                                               \
	{                                                                                          \
		.how = SET_SIZE, .at = offsetof(struct options, member)                            \
	}
#define CHOICE(member, value_)                                                                     \
	{                                                                                          \
		.how = SET_CHOICE, .at = offsetof(struct options, member), .value = value_         \
	}
#define FN(reader)                                                                                 \
	{                                                                                          \
		.how = SET_FN, .fn = reader                                                        \
	}
#define SECTION(title) { .is_section = true, .name = title },
#define OPTION(name_, letter_, arg_, set_, scope_, help_)                                          \
	{ .name = name_,                                                                           \
	  .letter = letter_,                                                                       \
	  .arg = arg_,                                                                             \
	  .help = help_,                                                                           \
	  .set = set_,                                                                             \
	  .scope = scope_ },
#include "options/options.def"
#undef SECTION
#undef OPTION
};
const size_t rows_count = sizeof(rows) / sizeof(*rows);

const struct subcommand subcommands[] = {
#define SUBCOMMAND(name_, action_, scope_, operands_, help_)                                       \
	{ .name = name_, .action = action_, .scope = scope_, .operands = operands_, .help = help_ },
#include "options/subcommands.def"
#undef SUBCOMMAND
};
const size_t subcommands_count = sizeof(subcommands) / sizeof(*subcommands);

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
static const struct {
	const char *arg;
	const char *const *list;
} choices[] = {
#define SINK(name, symbol) #name,
	{ "FORMAT",
	  (const char *const[]){
#include "sink/sinks.def"
		  NULL } },
#undef SINK
	{ "BY", LIST("model", "provider", "user", "program", "container", "conversation", "day") },
	{ "BUFFER", LIST("auto", "ring", "perf") },
	{ "PACE", LIST("none", "recorded") },
	{ "FORM", LIST("text", "json", "none") },
	{ "KIND", LIST("llm", "mcp", "acp", "a2a", "rpc", "http") },
	{ "SHELL", LIST("bash", "zsh", "fish") },
	{ "WHEN", LIST("auto", "always", "never") },
};

const char *const *choices_of(const char *arg)
{
	for (size_t i = 0; arg && i < sizeof(choices) / sizeof(*choices); i++)
		if (strcmp(choices[i].arg, arg) == 0)
			return choices[i].list;
	return NULL;
}

const struct subcommand *subcommand_find(const char *word)
{
	for (size_t i = 0; word && i < subcommands_count; i++)
		if (strcmp(subcommands[i].name, word) == 0)
			return &subcommands[i];
	return NULL;
}

unsigned subcommand_operands(const struct subcommand *s, unsigned *ret_least)
{
	unsigned n = *s->operands != '\0';

	*ret_least = n && *s->operands != '[';
	for (const char *c = s->operands; *c; c++) {
		n += *c == ' ';
		*ret_least += *c == ' ' && c[1] != '[' && *s->operands != '[';
	}
	return n;
}

bool row_may_lack_argument(const struct row *r)
{
	return r->arg && *r->arg == '[';
}

bool row_takes_argument(const struct row *r)
{
	return r->arg && *r->arg != '[';
}
