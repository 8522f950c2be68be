/* SPDX-License-Identifier: MIT */
#include "top/help.h"

#include <string.h>

#include "base/buf.h"

#define KEYS_COLUMNS 15
#define TEXT_MAX     8192

/* How much of a text fits, whole words where it can. */
static size_t words_in(const char *text, size_t room)
{
	size_t len = strlen(text), at = room;

	if (len <= room)
		return len;
	while (at && text[at] != ' ')
		at--;
	return at ? at : room;
}

static void add(struct buf *out, const struct top_help *h, size_t columns)
{
	size_t indent = *h->keys ? KEYS_COLUMNS : 0;
	size_t room = columns > indent + 1 ? columns - indent : 1;
	const char *at = h->what;

	buf_addf(out, "%-*s", (int)indent, h->keys);
	do {
		size_t len = words_in(at, room);

		buf_addf(out, "%*s%.*s\n", at == h->what ? 0 : (int)indent, "", (int)len, at);
		at += len + (at[len] == ' ');
	} while (*at);
}

size_t top_help_draw(const struct top_screen *screen, const struct top_help *list, size_t count,
		     size_t from)
{
	unsigned rows = top_screen_rows() > 1 ? top_screen_rows() - 1 : 1, y = 0;
	struct buf text;
	size_t row = 0;
	char *line;

	buf_init(&text, TEXT_MAX);
	for (size_t i = 0; i < count; i++)
		add(&text, &list[i], top_screen_columns());
	buf_addc(&text, '\0');
	line = text.ptr;
	for (char *end; y < rows && (end = strchr(line, '\n')); line = end + 1, row++) {
		*end = '\0';
		if (row >= from)
			top_screen_put(screen, y++, 0, LOOK_PLAIN, line);
	}
	row = *line ? row : 0;
	top_screen_put(screen, y, 0, LOOK_META,
		       row ? "Press a key: there is more." : "Press a key.");
	buf_done(&text);
	return row;
}
