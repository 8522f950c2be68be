/* SPDX-License-Identifier: MIT */
#include "sink/arguments.h"

#include <jansson.h>
#include <stdlib.h>

#include "json/number.h"
#include "json/read.h"
#include "json/write.h"
#include "sink/diff.h"

/* So much of them is read. */
#define JSON_BYTES (1u << 20)
/* Columns of an argument beside the main one, and how many of them. */
#define ASIDE_COLUMNS 40
#define ASIDES_MAX    12
/* Edits of one call that are shown. */
#define EDITS_MAX 16

/* What a tool is mostly about, the first that is there. */
static const char *const main_names[] = {
	"command", "cmd",      "script", "pattern",	  "regex",	 "query",
	"queries", "url",      "uri",	 "urls",	  "file_path",	 "filePath",
	"path",	   "filename", "file",	 "notebook_path", "target_file", "AbsolutePath",
	"q",	   "question", "prompt", "task",	  "expression",	 "sql",
	"code",	   "input",    "text",	 "message",	  "title",	 "name",
};

/* Members that hold a text before and after an edit. */
static const struct edit_names {
	const char *before, *after;
} edit_names[] = {
	{ "old_string", "new_string" }, { "old_str", "new_str" },   { "oldString", "newString" },
	{ "oldText", "newText" },	{ "old_text", "new_text" }, { "old_source", "new_source" },
	{ "search", "replace" },
};

/* A whole new text of a file. */
static const char *const content_names[] = {
	"content", "file_text", "contents", "new_str", "insert_text", "CodeContent", "new_source",
};

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* What is shown of one call, and what is still to be shown. */
struct arguments {
	struct page *p;
	const json_t *object;
	size_t max, used; /* rows, 0: no limit */
	bool any;	  /* something stands on the row */
};

static struct span text_of(const json_t *v)
{
	return json_is_text(v) ? span_of(json_string_value(v), json_string_length(v))
			       : span_of(NULL, 0);
}

static struct span member(const json_t *object, const char *name)
{
	return text_of(json_object_get(object, name));
}

static size_t rows_left(const struct arguments *a)
{
	return !a->max ? SIZE_MAX : a->max > a->used ? a->max - a->used : 0;
}

/* ---- edits ---- */

static void put_sign(struct page *p, enum ink ink, const char *sign, struct span line)
{
	page_more(p);
	page_put(p, ink, sign);
	page_traffic(p, ink, line, page_room(p));
}

static void put_more(struct page *p, size_t lines)
{
	page_more(p);
	page_putf(p, INK_META, "%s %s line%s more", page_sign(p, "…", "..."),
		  page_number(lines).text, lines == 1 ? "" : "s");
}

static void put_diff(struct arguments *a, struct span before, struct span after)
{
	struct diff d;
	size_t all, shown = 0;

	diff_make(&d, before, after);
	all = d.added + d.removed;
	for (; shown < d.count && (rows_left(a) > 1 || (rows_left(a) && shown + 1 == all));
	     shown++) {
		bool added = d.lines[shown].added;

		put_sign(a->p, added ? INK_GOOD : INK_ERROR, added ? "+ " : "- ",
			 d.lines[shown].text);
		a->used++;
	}
	if (shown < all && rows_left(a)) {
		put_more(a->p, all - shown);
		a->used++;
	}
	diff_done(&d);
}

/* Lines of a patch, whose signs are its own. */
static void put_patch(struct arguments *a, struct span s)
{
	size_t lines = page_lines(s);

	for (size_t n = 0; s.len && n < lines; n++) {
		struct span line = span_first(s, span_find(s, '\n'));
		uint8_t sign = line.len ? line.ptr[0] : ' ';

		if (!rows_left(a))
			return;
		if (rows_left(a) == 1 && n + 1 < lines) {
			put_more(a->p, lines - n);
			a->used++;
			return;
		}
		page_more(a->p);
		page_traffic(a->p,
			     sign == '+'   ? INK_GOOD
			     : sign == '-' ? INK_ERROR
			     : sign == '@' ? INK_META
					   : INK_PLAIN,
			     line, page_room(a->p));
		a->used++;
		s = span_from(s, line.len + 1);
	}
}

static bool is_patch(struct span s)
{
	return span_starts(s, SPAN_LIT("*** Begin Patch")) ||
	       span_starts(s, SPAN_LIT("diff --git ")) ||
	       (span_starts(s, SPAN_LIT("--- ")) && memmem(s.ptr, s.len, "\n@@ ", 4)) ||
	       span_starts(s, SPAN_LIT("@@ "));
}

static bool put_edit(struct arguments *a, const json_t *object)
{
	for (size_t i = 0; i < COUNT(edit_names); i++) {
		const struct edit_names *e = &edit_names[i];
		const json_t *before = json_object_get(object, e->before);
		const json_t *after = json_object_get(object, e->after);

		if (!json_is_text(before) || !json_is_text(after))
			continue;
		put_diff(a, text_of(before), text_of(after));
		return true;
	}
	return false;
}

static bool put_edits(struct arguments *a)
{
	const json_t *list = json_object_get(a->object, "edits"), *v;
	bool any = false;
	size_t i;

	json_array_foreach(list, i, v) {
		if (i == EDITS_MAX || !rows_left(a))
			break;
		any |= put_edit(a, v);
	}
	return any;
}

static bool put_content(struct arguments *a, const char **ret_name)
{
	for (size_t i = 0; i < COUNT(content_names); i++) {
		const json_t *v = json_object_get(a->object, content_names[i]);

		if (!json_is_text(v) || page_lines(text_of(v)) < 2)
			continue;
		*ret_name = content_names[i];
		put_diff(a, span_of(NULL, 0), text_of(v));
		return true;
	}
	return false;
}

/* ---- one after another ---- */

/* A command as a list of words; that of a shell is its script. */
static void put_words(struct page *p, const json_t *list, size_t max)
{
	size_t n = json_array_size(list);
	const json_t *word;
	size_t i;

	if (n == 3 && span_starts(text_of(json_array_get(list, 1)), SPAN_LIT("-")) &&
	    span_ends(text_of(json_array_get(list, 1)), SPAN_LIT("c"))) {
		page_text(p, INK_PLAIN, text_of(json_array_get(list, 2)), max);
		return;
	}
	json_array_foreach(list, i, word) {
		if (i)
			page_put(p, INK_PLAIN, " ");
		page_joined(p, INK_PLAIN, text_of(word), page_room(p));
	}
}

static bool is_words(const json_t *v)
{
	const json_t *word;
	size_t i;

	json_array_foreach(v, i, word)
		if (!json_is_text(word))
			return false;
	return json_array_size(v) > 0;
}

static void put_json(struct page *p, enum ink ink, const json_t *v, unsigned max)
{
	char *text = json_write_text(v);

	page_traffic(p, ink, span_str(text), max);
	free(text);
}

static void put_value(struct page *p, const json_t *v, size_t max)
{
	if (json_is_text(v))
		page_text(p, INK_PLAIN, text_of(v), max);
	else if (is_words(v))
		put_words(p, v, max);
	else
		put_json(p, INK_PLAIN, v, page_room(p));
}

/* "limit 20" beside what is shown, or on the next row. */
static void put_aside(struct arguments *a, const char *name, const json_t *v)
{
	struct page *p = a->p;
	struct span text = text_of(v);
	unsigned columns = (unsigned)strnlen(name, ASIDE_COLUMNS) + 5;

	columns += json_is_text(v) ? page_columns(p, span_first(text, ASIDE_COLUMNS)) : 12;
	if (a->any && columns > page_room(p))
		page_more(p);
	else if (a->any)
		page_put(p, INK_META, page_sign(p, " · ", " | "));
	a->any = true;
	page_traffic(p, INK_META, span_str(name), ASIDE_COLUMNS);
	page_put(p, INK_META, " ");
	if (json_is_text(v))
		page_joined(p, INK_META, text, page_room(p));
	else
		put_json(p, INK_META, v, page_room(p));
}

static bool is_known_text(const char *name)
{
	for (size_t i = 0; i < COUNT(edit_names); i++)
		if (strcmp(name, edit_names[i].before) == 0 ||
		    strcmp(name, edit_names[i].after) == 0)
			return true;
	return strcmp(name, "edits") == 0;
}

/* All but those named. An explanation that the model adds to a command says no more than it. */
static void put_asides(struct arguments *a, const char *shown, const char *content)
{
	size_t n = 0, rows = a->p->rows;
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)a->object, name, v) {
		if ((shown && (strcmp(name, shown) == 0 || strcmp(name, "description") == 0)) ||
		    (content && (strcmp(name, content) == 0 || is_known_text(name))) ||
		    json_is_null(v))
			continue;
		if (n++ == ASIDES_MAX || (a->max && a->p->rows - rows >= a->max)) {
			page_put(a->p, INK_META, page_sign(a->p, " …", " ..."));
			return;
		}
		put_aside(a, name, v);
	}
}

static const char *main_of(const json_t *object)
{
	for (size_t i = 0; i < COUNT(main_names); i++) {
		const json_t *v = json_object_get(object, main_names[i]);

		if ((json_is_text(v) && json_string_length(v)) || is_words(v))
			return main_names[i];
	}
	return NULL;
}

static const char *patch_of(const json_t *object)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)object, name, v)
		if (is_patch(text_of(v)))
			return name;
	return NULL;
}

static bool has_edit(const json_t *object)
{
	for (size_t i = 0; i < COUNT(edit_names); i++)
		if (json_is_text(json_object_get(object, edit_names[i].before)) &&
		    json_is_text(json_object_get(object, edit_names[i].after)))
			return true;
	return json_is_array(json_object_get(object, "edits"));
}

static const char *content_of(const json_t *object)
{
	for (size_t i = 0; i < COUNT(content_names); i++)
		if (page_lines(member(object, content_names[i])) > 1)
			return content_names[i];
	return NULL;
}

static void put_object(struct arguments *a)
{
	const char *shown = main_of(a->object), *patch = patch_of(a->object);
	const char *content = patch ? patch : content_of(a->object);
	bool edits = has_edit(a->object);

	if (shown && content && strcmp(shown, content) == 0)
		shown = NULL;
	a->any = shown != NULL;
	if (shown)
		put_value(a->p, json_object_get(a->object, shown), content || edits ? 1 : a->max);
	put_asides(a, shown, edits ? "" : content);
	if (patch)
		put_patch(a, member(a->object, patch));
	else if (edits && !put_edits(a))
		put_edit(a, a->object);
	else if (!edits && content)
		put_content(a, &content);
}

void arguments_put(struct page *p, struct span s, size_t max)
{
	struct arguments a = { .p = p, .max = max };
	bool partial;
	json_t *v = NULL;

	if (s.len && !is_patch(s))
		v = json_read(NULL, span_first(s, JSON_BYTES), &partial);
	a.object = v;
	if (is_patch(s))
		put_patch(&a, s);
	else if (json_is_object(v))
		put_object(&a);
	else if (v)
		put_value(p, v, max);
	else
		page_text(p, INK_PLAIN, s, max);
	json_decref(v);
}

/* ---- results ---- */

/* Where tools that answer in JSON put what they print. */
static const char *const result_names[] = {
	"output", "stdout", "content", "text", "result", "stderr", "error", "message",
};

static const char *printed_of(const json_t *object)
{
	for (size_t i = 0; i < COUNT(result_names); i++)
		if (member(object, result_names[i]).len)
			return result_names[i];
	return NULL;
}

static bool says_failure(const char *name, const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) != 0 &&
	       (strstr(name, "exit") || strstr(name, "code") || strstr(name, "status"));
}

/* " · exit_code 2": numbers that say that the tool failed, also those one level deeper. */
static void add_failures(struct buf *out, const struct page *p, const json_t *object, bool deeper)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)object, name, v) {
		if (json_is_object(v) && deeper)
			add_failures(out, p, v, false);
		else if (says_failure(name, v))
			buf_addf(out, "%s%.40s %" JSON_INTEGER_FORMAT, page_sign(p, " · ", " | "),
				 name, json_integer_value(v));
	}
}

/* What the tool printed, with room for what it says besides. */
static void put_printed(struct page *p, enum ink ink, const json_t *object, const char *name,
			size_t max)
{
	struct buf failures;
	unsigned columns;

	buf_init(&failures, 256);
	add_failures(&failures, p, object, true);
	columns = page_columns(p, buf_span(&failures));
	if (max == 1 && page_room(p) > columns + 20) {
		page_one_row(p, ink, member(object, name), page_room(p) - columns);
		page_traffic(p, INK_ERROR, buf_span(&failures), columns);
	} else {
		page_text(p, ink, member(object, name), max);
		page_traffic(p, INK_ERROR, buf_span(&failures), page_room(p));
	}
	buf_done(&failures);
}

void result_put(struct page *p, enum ink ink, struct span s, size_t max)
{
	const char *name = NULL;
	bool partial;
	json_t *v = NULL;

	if (s.len && s.len <= JSON_BYTES && s.ptr[0] == '{')
		v = json_read(NULL, s, &partial);
	if (json_is_object(v) && !partial)
		name = printed_of(v);
	if (name)
		put_printed(p, ink, v, name, max);
	else
		page_text(p, ink, s, max);
	json_decref(v);
}
