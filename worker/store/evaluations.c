#include "worker/store/evaluations.h"

const wk_sql_t wk_sql_evaluations_put = {
    "evaluations_put",
    "INSERT INTO evaluations (organization_id, call_id, criterion, result, rationale, source)"
    " SELECT DISTINCT ON (v.criterion) current_organization(), $1::uuid, v.criterion, v.result,"
    "        v.rationale, $2"
    "   FROM jsonb_to_recordset($3::jsonb) AS v (criterion text, result text, rationale text)"
    " ON CONFLICT ON CONSTRAINT evaluations_criterion DO UPDATE"
    "    SET result = excluded.result, rationale = excluded.rationale, source = "
    "excluded.source,"
    "        evaluated_at = now()"
    "  WHERE excluded.source IN ('elevenlabs', 'staff') OR evaluations.source IN ('rules', "
    "'llm')",
    3};
