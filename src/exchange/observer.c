/* SPDX-License-Identifier: MIT */
#include "exchange/observer.h"

void observers_add(struct observers *o, const struct observer *ops, void *arg)
{
	if (o->count == OBSERVERS_MAX)
		return;
	o->items[o->count].ops = ops;
	o->items[o->count++].arg = arg;
}

void observers_opened(const struct observers *o, struct exchange *x)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->items[i].ops->opened)
			o->items[i].ops->opened(o->items[i].arg, x);
}

void observers_request(const struct observers *o, struct exchange *x)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->items[i].ops->request)
			o->items[i].ops->request(o->items[i].arg, x);
}

void observers_response(const struct observers *o, struct exchange *x)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->items[i].ops->response)
			o->items[i].ops->response(o->items[i].arg, x);
}

void observers_superseded(const struct observers *o, struct exchange *x)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->items[i].ops->superseded)
			o->items[i].ops->superseded(o->items[i].arg, x);
}

void observers_ended(const struct observers *o, struct exchange *x)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->items[i].ops->ended)
			o->items[i].ops->ended(o->items[i].arg, x);
}

void observers_delta(const struct observers *o, struct exchange *x, const struct exchange_delta *d)
{
	for (size_t i = 0; i < o->count; i++)
		if (o->items[i].ops->delta)
			o->items[i].ops->delta(o->items[i].arg, x, d);
}
