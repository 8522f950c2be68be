/* SPDX-License-Identifier: MIT */
/* The table on a terminal, for the files that draw it and that take keys. */
#ifndef SPY_TOP_VIEW_INT_H
#define SPY_TOP_VIEW_INT_H

#include "top/lines.h"
#include "top/model.h"
#include "top/prompt.h"
#include "top/screen.h"
#include "top/view.h"

/* Above the rows: totals, what was spent, how fast it goes, heads. */
#define ROWS_ABOVE 4

enum top_overlay { OVERLAY_NONE, OVERLAY_HELP, OVERLAY_COLUMNS };

struct top_view {
	struct top_model m;
	struct top_screen *screen;
	struct top_layout layout;
	unsigned columns;	  /* a bit for each that may be shown */
	size_t at, first;	  /* the row that is chosen, and that stands at the top */
	char *chosen_key;	  /* of the row that is chosen, wherever it goes; NULL: the first */
	struct top_filter filter; /* that rows are made with */
	struct top_prompt prompt;
	char filtered_by[TOP_TYPED]; /* as it was typed */
	enum top_overlay overlay;
	unsigned column;	     /* OVERLAY_COLUMNS: that is chosen */
	size_t help_from, help_next; /* OVERLAY_HELP: rows; as top_help_draw says it */
	bool paused;
	char said[320];	   /* an error, or what was done; "": nothing */
	bool said_failure; /* the former */
	bool ended;	   /* the person ends it, or a signal does */
	const struct top_source *source;
};

struct session *top_view_chosen(const struct top_view *v);
/* keys.c: what a key does, by means of these. */
void top_view_press(struct top_view *v, int key);
void top_view_say(struct top_view *v, const char *text);
/* The row is remembered by its key; but the first one is whichever comes first. */
void top_view_choose(struct top_view *v, size_t at);
/* Where the chosen row is by now; and after rows were put in order. */
void top_view_find_chosen(struct top_view *v);
void top_view_arrange(struct top_view *v);
/* The calls of the chosen row, with this one or the last (0). */
void top_view_open_talk(struct top_view *v, uint64_t id);
void top_view_next_match(struct top_view *v, bool forward);
/* What was typed. Whether it was taken. */
bool top_view_apply_filter(struct top_view *v);
bool top_view_jump(struct top_view *v);
void top_view_begin_export(struct top_view *v);
bool top_view_export(struct top_view *v);
/* Rows of sessions that there is room for, and the first line below them. */
unsigned top_view_rows(const struct top_view *v);
void top_view_draw(struct top_view *v);
/* Rows below the table, of the call that is chosen, as it is written; 0: there is no room, or none
 * is under way. */
unsigned top_pane_rows(const struct top_view *v);
void top_pane_draw(const struct top_view *v, unsigned y, unsigned rows);

#endif
