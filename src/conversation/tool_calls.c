/* SPDX-License-Identifier: MIT */
#include "conversation/tool_calls.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/str.h"
#include "base/xalloc.h"
#include "conversation/fingerprint.h"
#include "exchange/builder.h"
#include "json/read.h"

#define KEPT	      256   /* calls; the oldest are forgotten */
#define ARGUMENTS_MAX 65536 /* bytes of one that is looked at */
#define MATCHED_MAX   8192  /* bytes of one whose arguments are kept */
#define TEXTS	      8	    /* of one call, of this length at least: a word proves nothing */
#define TEXT_MIN      12

struct call {
	char *id, *name;
	char conversation[17];
	uint32_t tgid, uid;
	struct ancestors ancestors;
	json_t *arguments; /* NULL: too large */
	struct key texts[TEXTS];
	size_t ntexts;
	bool served;
};

struct tool_calls {
	struct call kept[KEPT];
	size_t next;
};

struct tool_calls *tool_calls_new(void)
{
	return xcalloc(1, sizeof(struct tool_calls));
}

static void forget(struct call *c)
{
	free(c->id);
	free(c->name);
	json_decref(c->arguments);
	*c = (struct call){ 0 };
}

void tool_calls_free(struct tool_calls *t)
{
	for (size_t i = 0; t && i < KEPT; i++)
		forget(&t->kept[i]);
	free(t);
}

/* ---- in flight ---- */

static void note_texts(struct call *c, const json_t *arguments)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)arguments, name, v) {
		if (json_string_length(v) >= TEXT_MIN && c->ntexts < TEXTS)
			c->texts[c->ntexts++] = key_of_text(json_span(v));
	}
}

static void note_call(struct tool_calls *t, const struct exchange *x, const struct part *p)
{
	struct call *c = &t->kept[t->next];
	bool partial = false;
	json_t *v;

	if (!p->id || p->text.full || p->text.len > ARGUMENTS_MAX)
		return;
	v = json_read(NULL, buf_span(&p->text), &partial);
	if (partial || !json_is_object(v)) {
		json_decref(v);
		return;
	}
	t->next = (t->next + 1) % KEPT;
	forget(c);
	c->id = xstrdup(p->id);
	c->name = xstrdup(p->name ? p->name : "");
	memcpy(c->conversation, x->conversation.id, sizeof(c->conversation));
	c->tgid = x->tgid;
	c->uid = x->uid;
	c->ancestors = x->ancestors;
	note_texts(c, v);
	c->arguments = p->text.len <= MATCHED_MAX ? v : NULL;
	if (!c->arguments)
		json_decref(v);
}

void tool_calls_answer(struct tool_calls *t, const struct exchange *x)
{
	if (x->is_server || !x->conversation.id[0])
		return;
	for (size_t i = 0; i < x->nchoices; i++)
		for (size_t k = 0; k < x->choices[i].msg.nparts; k++)
			if (x->choices[i].msg.parts[k].kind == PART_TOOL_CALL)
				note_call(t, x, &x->choices[i].msg.parts[k]);
}

static void end_call(struct tool_calls *t, const struct exchange *x, const char *id)
{
	for (size_t i = 0; i < KEPT; i++)
		if (t->kept[i].id && t->kept[i].tgid == x->tgid && string_eq(t->kept[i].id, id))
			forget(&t->kept[i]);
}

void tool_calls_request(struct tool_calls *t, const struct exchange *x)
{
	for (size_t i = x->conversation.repeated_from + x->conversation.repeated; i < x->nmessages;
	     i++)
		for (size_t k = 0; k < x->messages[i].nparts; k++) {
			const struct part *p = &x->messages[i].parts[k];

			if (p->kind == PART_TOOL_RESULT && p->id)
				end_call(t, x, p->id);
		}
}

/* ---- what serves them ---- */

static void tell(struct exchange *x, const struct call *c)
{
	set_string(&x->agent.parent_call, span_str(c->id));
	memcpy(x->agent.parent_conversation, c->conversation, sizeof(c->conversation));
	x->agent.inferred = true;
}

static bool hands_over(const struct call *c, struct key text)
{
	for (size_t i = 0; i < c->ntexts; i++)
		if (key_eq(c->texts[i], text))
			return true;
	return false;
}

/* How near the process that made the call is to the one that may serve it: the same, so many above
 * it, or elsewhere in what may be one tree of processes of one user. */
#define ELSEWHERE (ANCESTORS_TOLD + 1)
#define STRANGER  (ELSEWHERE + 1)

static unsigned distance(const struct call *c, const struct exchange *x)
{
	unsigned above = ancestors_distance(&x->ancestors, c->tgid);

	if (c->tgid == x->tgid || above)
		return c->tgid == x->tgid ? 0 : above;
	return c->uid != x->uid || ancestors_are_apart(&c->ancestors, &x->ancestors) ? STRANGER
										     : ELSEWHERE;
}

/* Of the nearest process; NULL where none or several of it do: two equal calls at once cannot be
 * told apart. */
static const struct call *call_with(const struct tool_calls *t, const struct exchange *x,
				    struct key text)
{
	const struct call *found = NULL;
	unsigned nearest = STRANGER;
	bool several = false;

	for (size_t i = 0; i < KEPT; i++) {
		const struct call *c = &t->kept[i];
		unsigned far = c->id ? distance(c, x) : STRANGER;

		if (far == STRANGER || far > nearest || !hands_over(c, text) ||
		    strcmp(c->conversation, x->conversation.id) == 0)
			continue;
		several = far == nearest;
		nearest = far;
		found = c;
	}
	return several ? NULL : found;
}

static const struct message *first_of_user(const struct exchange *x)
{
	for (size_t i = 0; i < x->nmessages; i++)
		if (string_eq(x->messages[i].role, "user"))
			return &x->messages[i];
	return NULL;
}

void tool_calls_begin(const struct tool_calls *t, struct exchange *x)
{
	const struct message *m = x->is_server ? NULL : first_of_user(x);

	for (size_t i = 0; m && i < m->nparts; i++) {
		const struct call *c;

		if (m->parts[i].kind != PART_TEXT || m->parts[i].text.len < TEXT_MIN)
			continue;
		c = call_with(t, x, key_of_text(buf_span(&m->parts[i].text)));
		if (c) {
			tell(x, c);
			return;
		}
	}
}

/* "mcp__files__read" and "files_read" call the tool "read"; some clients leave off nothing. */
static bool ends_with(const char *name, const char *tool)
{
	size_t n = strlen(name), m = strlen(tool);

	return m && n >= m && strcmp(name + n - m, tool) == 0 &&
	       (n == m || !isalnum((unsigned char)name[n - m - 1]));
}

static const struct part *arguments_of(const struct exchange *x)
{
	for (size_t i = 0; i < x->nmessages; i++)
		for (size_t k = 0; k < x->messages[i].nparts; k++)
			if (x->messages[i].parts[k].kind == PART_TOOL_CALL)
				return &x->messages[i].parts[k];
	return NULL;
}

static struct call *call_of(struct tool_calls *t, const struct exchange *x, const json_t *arguments)
{
	struct call *found = NULL;

	for (size_t i = 0; i < KEPT; i++) {
		struct call *c = &t->kept[i];

		if (!c->id || c->served || c->tgid != x->tgid || !c->arguments ||
		    !ends_with(c->name, x->rpc_name) ||
		    !json_equal(c->arguments, (json_t *)arguments))
			continue;
		if (found && strcmp(found->conversation, c->conversation) != 0)
			return NULL;
		found = found ? found : c;
	}
	return found;
}

void tool_calls_serve(struct tool_calls *t, struct exchange *x)
{
	const struct part *p = x->is_server || !x->rpc_name ? NULL : arguments_of(x);
	bool partial = false;
	struct call *c;
	json_t *v;

	if (!p || p->text.len > MATCHED_MAX)
		return;
	v = json_read(NULL, buf_span(&p->text), &partial);
	c = v && !partial ? call_of(t, x, v) : NULL;
	json_decref(v);
	if (!c)
		return;
	c->served = true;
	tell(x, c);
}
