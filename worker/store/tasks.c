#include "worker/store/tasks.h"

const wk_sql_t wk_sql_task_raise = {
    "task_raise",
    "INSERT INTO tasks (organization_id, kind, key, priority, title, body, customer_id, order_id,"
    "                   data)"
    " VALUES (current_organization(), $1, $2, $3, $4, $5, $6::uuid, $7::uuid,"
    "         jsonb_strip_nulls(jsonb_build_object('chat_session', $8::text)))"
    " ON CONFLICT ON CONSTRAINT tasks_key DO NOTHING",
    8};

const wk_sql_t wk_sql_tasks_settled = {
    "tasks_settled",
    "UPDATE tasks SET status = 'done', done_at = now()"
    " WHERE status = 'open' AND starts_with(key, $1)",
    1};
