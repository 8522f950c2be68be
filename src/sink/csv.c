/* SPDX-License-Identifier: MIT */
/* One line for each exchange with what accounting asks, for spreadsheets and databases. What is
 * unknown is empty, never 0. A call that was seen at both ends is one line, its client's, so that
 * sums are right. */
#include <stdlib.h>

#include "base/xalloc.h"
#include "exchange/account.h"
#include "sink/csv_cell.h"
#include "sink/ledger.h"
#include "sink/sink.h"

#define LINE_MAX_BYTES (64 << 10)

struct sink {
	FILE *out;
};

static void wait_seconds(struct buf *o, int64_t ms)
{
	if (ms != COUNT_UNKNOWN)
		buf_addf(o, "%lld.%03d", (long long)(ms / 1000), (int)(ms % 1000));
}

static void dollars(struct buf *o, const struct account *a)
{
	if (a->priced)
		csv_dollars(o, a->usd);
}

static void alert(void *arg, const char *text)
{
	struct buf *all = arg;

	buf_addf(all, "%s%s", all->len ? "; " : "", text);
}

static void alerts(struct buf *o, const struct exchange *x)
{
	AUTO_FREE char *text = NULL;
	struct buf all;

	buf_init(&all, LINE_MAX_BYTES / 2);
	ledger_alerts(x, alert, &all);
	text = buf_take(&all);
	csv_text(o, x->alerts.count ? text : NULL);
}

static void row(struct buf *o, const struct exchange *x, const struct account *a)
{
#define COLUMN(name, cell)                                                                         \
	cell;                                                                                      \
	buf_addc(o, ',');
#include "sink/csv_columns.def"
#undef COLUMN
	o->ptr[o->len - 1] = '\n';
}

static int csv_end(struct sink *s, const struct exchange *x, struct error *reterr)
{
	struct account a;
	struct buf line;

	if (x->twin_of || x->via.tgid)
		return 0;
	buf_init(&line, LINE_MAX_BYTES);
	exchange_account(x, &a);
	row(&line, x, &a);
	fwrite(line.ptr, 1, line.len, s->out);
	buf_done(&line);
	return 0;
}

static int csv_open(struct sink **ret, const struct sink_config *c, struct error *reterr)
{
	static const char *const names[] = {
#define COLUMN(name, cell) #name,
#include "sink/csv_columns.def"
#undef COLUMN
	};
	size_t n = sizeof(names) / sizeof(*names);

	for (size_t i = 0; i < n; i++)
		fprintf(c->out, "%s%s", names[i], i + 1 < n ? "," : "\n");
	*ret = xcalloc(1, sizeof(**ret));
	(*ret)->out = c->out;
	return 0;
}

static void csv_free(struct sink *s)
{
	free(s);
}

const struct sink_ops sink_csv = {
	.name = "csv",
	.help = "a table: tokens, costs and times of each exchange",
	.wants = SINK_WRITES,
	.open = csv_open,
	.end = csv_end,
	.free = csv_free,
};
