/* SPDX-License-Identifier: MIT */
/* Memory of jansson's values for the thread that reads what is traced. To read an event is for the
 * most part to make and free small blocks, and an embedding is thousands of one size. A block that
 * is freed is kept here for the next of its size; of those that malloc keeps there are few.
 *
 * What jansson made only jansson can free: so json_dump_to (json/write.h) instead of json_dumps. */
#ifndef SPY_JSON_POOL_H
#define SPY_JSON_POOL_H

#include <stddef.h>

/* The most memory that the pool takes, none of which goes back; beyond it there is malloc. */
#define JSON_POOL_SIZE ((size_t)8 << 20)

/* To be called once. From then on small blocks of the calling thread are of the pool. Those of
 * other threads are not, but these may free any. */
void json_pool_begin(void);

#endif
