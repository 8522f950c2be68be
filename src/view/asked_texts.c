/* SPDX-License-Identifier: MIT */
#include "view/asked_texts.h"

#include "base/xalloc.h"
#include "json/write.h"

static void add_part(struct buf *out, const struct part *p)
{
	if (p->kind != PART_TEXT)
		buf_addf(out, "[%s%s%s]\n", part_kind_name(p->kind), p->name ? " " : "",
			 p->name ? p->name : "");
	if (p->text.len)
		buf_add(out, buf_span(&p->text));
	else if (p->sha256[0])
		buf_adds(out, p->sha256);
	buf_addc(out, '\n');
}

void asked_message(struct buf *out, const struct message *m, bool role)
{
	if (role)
		buf_addf(out, "%s:\n", m->role ? m->role : "?");
	for (size_t i = 0; i < m->nparts; i++)
		add_part(out, &m->parts[i]);
}

void asked_tool(struct buf *out, const struct tool *t)
{
	AUTO_FREE char *schema = t->schema ? json_write_lines(t->schema, 2) : NULL;

	buf_addf(out, "%s: %s\n%s%s", t->name ? t->name : "?", t->description ? t->description : "",
		 schema ? schema : "", schema ? "\n" : "");
}

void asked_settings(struct buf *out, const struct exchange *x)
{
	buf_addf(out, "model %s\n", x->model_asked ? x->model_asked : "?");
	for (size_t i = 0; i < x->nparams; i++) {
		AUTO_FREE char *value = json_write_text(x->params[i].value);

		buf_addf(out, "%s %s\n", x->params[i].name, value ? value : "null");
	}
}

void asked_answer(struct buf *out, const struct exchange *x)
{
	for (size_t i = 0; i < x->nchoices; i++)
		asked_message(out, &x->choices[i].msg, false);
	if (x->error)
		buf_addf(out, "error: %s\n", x->error->message ? x->error->message : "?");
}
