/* SPDX-License-Identifier: MIT */
/* Doubly linked lists whose links are in the structs that they hold, so that nothing is allocated
 * and a struct leaves its list in one step. */
#ifndef SPY_BASE_LIST_H
#define SPY_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

/* A member of a list, and also the list itself: a ring through both. */
struct list {
	struct list *next, *prev;
};

/* The struct around a member. */
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_is_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_add_first(struct list *l, struct list *member)
{
	member->next = l->next;
	member->prev = l;
	l->next->prev = member;
	l->next = member;
}

/* It is a list of its own then, and may be removed again. */
static inline void list_remove(struct list *member)
{
	member->prev->next = member->next;
	member->next->prev = member->prev;
	list_init(member);
}

/* NULL when the list is empty. */
static inline struct list *list_first(const struct list *l)
{
	return list_is_empty(l) ? NULL : l->next;
}

static inline struct list *list_last(const struct list *l)
{
	return list_is_empty(l) ? NULL : l->prev;
}

/* The member after it; NULL: there is none. */
static inline struct list *list_after(const struct list *l, const struct list *member)
{
	return member->next == l ? NULL : member->next;
}

/* The body must not remove any member. */
#define list_each(at, l) for (struct list *at = (l)->next; at != (l); at = at->next)

#endif
