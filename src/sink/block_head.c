/* SPDX-License-Identifier: MIT */
/* The head line of a block: when, which call, who, to whom, which model, where in a conversation.
 * It never wraps: what matters least is left out first, names are cut. */
#include <ctype.h>
#include <stdlib.h>
#include <time.h>

#include "base/units.h"
#include "sink/block_int.h"

/* Columns of a name: at most, where room is short, and where nothing else helps. */
#define NAME_COLUMNS 32
#define NAME_LEAST   24
#define NAME_SHORT   14
/* Where a call went matters less than anything else. */
#define SPARE_HOST   4
#define HOST_COLUMNS 48
/* From here on there is room for the host of a provider as well. */
#define WIDE 100

struct field {
	enum ink ink;
	char own[80];	     /* our own text before the traffic */
	struct span traffic; /* borrowed */
	unsigned max;	     /* columns of it */
	char after[80];	     /* our own text after it */
	bool cuttable;	     /* its name may be cut */
	/* Fields of a higher number are left out first; 0: never. */
	int spare;
};

#define FIELDS_MAX 14

struct head {
	struct field fields[FIELDS_MAX];
	size_t count;
};

static struct field *add(struct head *h, enum ink ink, int spare)
{
	struct field *f = &h->fields[h->count++];

	*f = (struct field){ .ink = ink, .spare = spare };
	return f;
}

static void time_of_day(const struct exchange *x, char *out, size_t size)
{
	uint64_t ns = x->t.request_first ? x->t.request_first : x->t.response_first;
	int64_t wall = exchange_wall_ns(x, ns);
	time_t seconds = (time_t)(wall / 1000000000);
	struct tm tm;

	if (!wall || !localtime_r(&seconds, &tm))
		snprintf(out, size, "--:--:--");
	else
		strftime(out, size, "%H:%M:%S", &tm);
}

/* ---- fields ---- */

static void add_number(struct head *h, const struct exchange *x)
{
	char number[24], clock[16];
	struct field *f;

	time_of_day(x, clock, sizeof(clock));
	f = add(h, INK_META, 0);
	snprintf(f->own, sizeof(f->own), "%s", clock);
	snprintf(number, sizeof(number), "#%llu", (unsigned long long)x->id);
	f = add(h, INK_STRONG, 0);
	snprintf(f->own, sizeof(f->own), " %3s", number);
}

static void add_program(struct head *h, const struct exchange *x)
{
	struct field *f = add(h, INK_PLAIN, 0);

	snprintf(f->own, sizeof(f->own), " ");
	f->traffic = span_str(exchange_program(x));
	f->max = NAME_COLUMNS;
	f->cuttable = true;
	f = add(h, INK_META, 3);
	snprintf(f->own, sizeof(f->own), "[%u]", x->tgid);
}

static void add_user(struct head *h, const struct exchange *x)
{
	struct field *f;

	if (!x->user)
		return;
	f = add(h, INK_META, 2);
	snprintf(f->own, sizeof(f->own), " ");
	f->traffic = span_str(x->user);
	f->max = NAME_COLUMNS;
	f->cuttable = true;
}

/* The other leg of a call that a gateway passed on. */
static void add_leg(struct head *h, const char *word, const struct leg *l)
{
	struct field *f;

	if (!l->tgid)
		return;
	f = add(h, INK_META, 4);
	snprintf(f->own, sizeof(f->own), " %s ", word);
	f->traffic = span_str(l->program ? l->program : "?");
	f->max = NAME_COLUMNS;
	f->cuttable = true;
}

/* Whether the host says more than the model does: one of this network, or with a port of its own.
 */
static bool host_matters(const struct exchange *x)
{
	return x->other || x->is_server || x->cleartext || !x->host || !strchr(x->host, '.') ||
	       (x->port && x->port != 443) || strspn(x->host, "0123456789.") == strlen(x->host) ||
	       x->kind != EXCHANGE_LLM;
}

static const char *host_of(const struct exchange *x)
{
	if (x->other && x->other->script && exchange_is_stdio(x))
		return x->other->script;
	if (x->other)
		return x->other->process ? x->other->process : "?";
	if (x->is_server && x->peer)
		return x->peer;
	return x->host ? x->host : x->peer ? x->peer : "?";
}

static void add_text(struct field *f, const char *text)
{
	size_t len = strlen(f->after);

	snprintf(f->after + len, sizeof(f->after) - len, "%s", text);
}

/* The process at the other end, if it is traced too, else the host. */
static void add_other(struct head *h, const struct layouter *l)
{
	const struct exchange *x = l->x;
	struct field *f;

	if (!host_matters(x) && l->p->width && l->p->width < WIDE)
		return;
	f = add(h, INK_META, SPARE_HOST);
	snprintf(f->own, sizeof(f->own), " %s", x->is_server ? "" : page_sign(l->p, "→ ", "-> "));
	f->max = HOST_COLUMNS;
	f->traffic = span_str(host_of(x));
	if (x->other)
		snprintf(f->after, sizeof(f->after), "[%u]", x->other->tgid);
	else if (!x->is_server && x->host && x->port && x->port != (x->cleartext ? 80 : 443))
		snprintf(f->after, sizeof(f->after), ":%u", x->port);
	if (x->cleartext && !x->other && !exchange_is_stdio(x))
		add_text(f, " (no TLS)");
	if (x->is_server)
		add_text(f, page_sign(l->p, " ⇢", " =>"));
}

/* Whether s ends like `form`, where 9 stands for any digit. */
static bool ends_like(struct span s, const char *form)
{
	size_t n = strlen(form);
	struct span end = s.len > n ? span_from(s, s.len - n) : span_of(NULL, 0);

	for (size_t i = 0; i < end.len; i++)
		if (form[i] == '9' ? !isdigit(end.ptr[i]) : end.ptr[i] != (uint8_t)form[i])
			return false;
	return end.len > 0;
}

/* Without the version and the date at its end: -20250929-v1:0, -2025-09-29; and without the folder
 * that Google's have: models/. */
static struct span short_model(const char *model)
{
	static const char *const ends[] = { "-v9:9", "-99999999", "@99999999", "-9999-99-99" };
	const char *folder = strstr(model, "models/");
	struct span s = span_str(folder ? folder + strlen("models/") : model);

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (ends_like(s, ends[i]))
			s.len -= strlen(ends[i]);
	return s;
}

struct span block_model(const struct exchange *x)
{
	const char *model = exchange_model(x);

	return model ? short_model(model) : SPAN_LIT("model unknown");
}

static void add_what(struct head *h, const struct exchange *x)
{
	struct field *f = add(h, INK_STRONG, 0);

	snprintf(f->own, sizeof(f->own), "  ");
	f->max = HOST_COLUMNS;
	f->cuttable = true;
	switch (x->kind) {
	case EXCHANGE_LLM:
		f->traffic = block_model(x);
		break;
	case EXCHANGE_MCP:
	case EXCHANGE_ACP:
	case EXCHANGE_A2A:
	case EXCHANGE_RPC:
		snprintf(f->own, sizeof(f->own), "  %s ", exchange_kind_label(x->kind));
		f->traffic = span_str(x->rpc_method ? x->rpc_method : "(method not seen)");
		break;
	case EXCHANGE_HTTP:
		f->traffic = span_str(x->method ? x->method : "(request not seen)");
		break;
	}
}

/* What began this agent, or calls this tool. */
static void add_caller(struct head *h, const struct exchange *x)
{
	struct field *f;

	if (!x->agent.parent_conversation[0])
		return;
	f = add(h, INK_META, SPARE_HOST + 1);
	snprintf(f->own, sizeof(f->own), "  %s %.6s",
		 x->kind == EXCHANGE_LLM ? "sub-agent of" : "for", x->agent.parent_conversation);
}

static void add_turn(struct head *h, const struct layouter *l)
{
	const struct conversation *k = &l->x->conversation;
	struct field *f;

	if (!k->id[0])
		return;
	f = add(h, INK_META, 0);
	snprintf(f->own, sizeof(f->own), "  %s%.6s t%s%u%s", page_sign(l->p, "⟨", "<"), k->id,
		 k->turns_before ? page_sign(l->p, "≥", ">=") : "", k->turn + k->turns_before,
		 page_sign(l->p, "⟩", ">"));
	if (k->parent[0]) {
		f = add(h, INK_META, SPARE_HOST + 1);
		snprintf(f->own, sizeof(f->own), " from %.6s t%u", k->parent, k->parent_turn);
	}
	if (l->news.retry_of) {
		f = add(h, INK_WARN, 0);
		snprintf(f->own, sizeof(f->own), "  retry %u of #%llu", l->news.retries,
			 (unsigned long long)l->news.retry_of);
	} else if (k->retry) {
		f = add(h, INK_WARN, 0);
		snprintf(f->own, sizeof(f->own), "  retry");
	} else if (l->news.has_gap) {
		f = add(h, INK_META, 1);
		snprintf(f->own, sizeof(f->own), "  +%s", text_duration(l->news.gap_ns).text);
	}
}

/* ---- fitting ---- */

static unsigned columns_of(const struct page *p, const struct field *f)
{
	unsigned traffic = page_columns(p, span_first(f->traffic, 4 * (size_t)f->max));

	return page_columns(p, span_str(f->own)) + page_columns(p, span_str(f->after)) +
	       (traffic < f->max ? traffic : f->max);
}

static unsigned all_columns(const struct page *p, const struct head *h)
{
	unsigned n = 0;

	for (size_t i = 0; i < h->count; i++)
		n += columns_of(p, &h->fields[i]);
	return n;
}

/* Cuts the longest name by `over` columns, down to `least`. False: none is longer. */
static bool cut_name(const struct page *p, struct head *h, unsigned over, unsigned least)
{
	struct field *longest = NULL;
	unsigned most = least;

	for (size_t i = 0; i < h->count; i++) {
		struct field *f = &h->fields[i];
		unsigned columns = page_columns(p, span_first(f->traffic, 4 * (size_t)f->max));

		columns = columns < f->max ? columns : f->max;
		if (f->cuttable && columns > most) {
			most = columns;
			longest = f;
		}
	}
	if (!longest)
		return false;
	longest->max = most > over + least ? most - over : least;
	return true;
}

/* Leaves out the field that matters least, of those from `spare` on. False: there is none. */
static bool leave_out(struct head *h, int spare)
{
	struct field *least = NULL;

	for (size_t i = 0; i < h->count; i++)
		if (h->fields[i].spare >= spare && (!least || h->fields[i].spare > least->spare))
			least = &h->fields[i];
	if (least)
		*least = (struct field){ .ink = INK_PLAIN };
	return least != NULL;
}

/* One step to make the line shorter by `over` columns. False: nothing more can go. */
static bool give_up(const struct page *p, struct head *h, unsigned over)
{
	return leave_out(h, SPARE_HOST) || cut_name(p, h, over, NAME_LEAST) || leave_out(h, 1) ||
	       cut_name(p, h, over, NAME_SHORT);
}

void block_head(struct layouter *l)
{
	const struct exchange *x = l->x;
	struct head h = { .count = 0 };
	bool more = true;

	add_number(&h, x);
	if (x->is_server)
		add_other(&h, l);
	add_program(&h, x);
	add_user(&h, x);
	add_leg(&h, "via", &l->x->via);
	add_leg(&h, "for", &l->x->made_for);
	if (!x->is_server)
		add_other(&h, l);
	add_what(&h, x);
	add_turn(&h, l);
	add_caller(&h, x);
	page_row(l->p, INK_PLAIN, NULL);
	while (more && all_columns(l->p, &h) > page_room(l->p))
		more = give_up(l->p, &h, all_columns(l->p, &h) - page_room(l->p));
	for (size_t i = 0; i < h.count; i++) {
		page_put(l->p, h.fields[i].ink, h.fields[i].own);
		page_traffic(l->p, h.fields[i].ink, h.fields[i].traffic, h.fields[i].max);
		page_put(l->p, h.fields[i].ink, h.fields[i].after);
	}
}
