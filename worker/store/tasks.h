/* What a person has to do. */
#ifndef WK_STORE_TASKS_H
#define WK_STORE_TASKS_H

#include "worker/db.h"

/*
 * $1 kind, $2 key: the task is raised once, $3 priority, $4 title, $5 body or null,
 * $6 customer or null, $7 order or null, $8 session of the chat it comes from or null.
 */
extern const wk_sql_t wk_sql_task_raise;

/* $1 what keys begin with: such tasks have settled themselves. */
extern const wk_sql_t wk_sql_tasks_settled;

#endif
