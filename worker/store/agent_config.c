#include "worker/store/agent_config.h"

#include "worker/store/kept.h"

/* Laid out by hand: clang-format breaks SQL in the middle of a word. */
/* clang-format off */

/* An id is one service's: another that speaks knows none of them. */
#define KEPT_VOICES                                                                            \
    "voices = CASE WHEN $1::jsonb ? 'voices' THEN $1::jsonb -> 'voices'"                       \
    "              WHEN $1::jsonb ? 'speech'"                                                  \
    "                   AND speech IS DISTINCT FROM $1::jsonb ->> 'speech' THEN '{}'::jsonb"   \
    "              ELSE voices END"
#define KEPT_TEXTS(column)                                                                     \
    column " = CASE jsonb_typeof($1::jsonb -> '" column "')"                                   \
    "          WHEN 'object' THEN $1::jsonb -> '" column "'"                                   \
    "          WHEN 'string' THEN " column " || jsonb_build_object("                           \
    "              (SELECT language FROM organizations WHERE id = current_organization()),"    \
    "              $1::jsonb -> '" column "')"                                                 \
    "          ELSE " column " END"
#define LIST(name)                                                                             \
    "ARRAY(SELECT l.word FROM jsonb_array_elements_text($1::jsonb -> '" name "')"              \
    "        WITH ORDINALITY AS l (word, n) ORDER BY l.n)"

const wk_sql_t wk_sql_agent_config = {
    "agent_config",
    "SELECT json_build_object("
    "    'agent_name', g.agent_name, 'persona_prompt', g.persona_prompt,"
    "    'system_prompt', g.system_prompt, 'voice_personality', g.voice_personality,"
    "    'welcome_message', g.welcome_message,"
    "    'language', o.language, 'languages', o.languages,"
    "    'language_detection', g.language_detection,"
    "    'language_confidence', g.language_confidence, 'llm_model', g.llm_model,"
    "    'max_tokens', g.max_tokens, 'emergency_words', g.emergency_words,"
    "    'lead_questions', (SELECT coalesce(json_agg(row_to_json(q) ORDER BY q.position), '[]')"
    "        FROM (SELECT id, position, question_text, translations, expected_format,"
    "                     is_required, maps_to_lead_field, is_essential_for_emergency"
    "                FROM lead_questions) q)) AS item"
    "  FROM organizations o JOIN agent_configs g ON g.organization_id = o.id"
    " WHERE o.id = current_organization()",
    0};

const wk_sql_t wk_sql_agent_voice = {
    "agent_voice",
    "SELECT json_build_object("
    "    'voice_greeting_message', g.voice_greeting_message,"
    "    'voice_end_call_message', g.voice_end_call_message,"
    "    'transfer_message', g.transfer_message, 'twilio_voice', g.twilio_voice,"
    "    'twilio_language', g.twilio_language, 'realtime_voice', g.realtime_voice,"
    "    'voices', g.voices, 'engines', o.engines, 'speech', g.speech,"
    "    'vad_threshold', g.vad_threshold, 'prefix_padding_ms', g.prefix_padding_ms,"
    "    'silence_ms', g.silence_ms) AS item"
    "  FROM organizations o JOIN agent_configs g ON g.organization_id = o.id"
    " WHERE o.id = current_organization()",
    0};

const wk_sql_t wk_sql_agent_config_put = {
    "agent_config_put",
    "UPDATE agent_configs SET "
    KEPT("agent_name", "text") ", " KEPT("persona_prompt", "text") ", "
    KEPT_OR_NULL("system_prompt") ", " KEPT("voice_personality", "text") ", "
    KEPT_TEXTS("welcome_message") ", "
    KEPT("language_detection", "bool") ", " KEPT("language_confidence", "numeric") ", "
    KEPT_OR_NULL("llm_model") ", " KEPT("max_tokens", "int") ", " KEPT_JSON("emergency_words")
    " WHERE organization_id = current_organization()",
    1};

const wk_sql_t wk_sql_agent_voice_put = {
    "agent_voice_put",
    "UPDATE agent_configs SET "
    KEPT_TEXTS("voice_greeting_message") ", " KEPT_TEXTS("voice_end_call_message") ", "
    KEPT_TEXTS("transfer_message") ", " KEPT("twilio_voice", "text") ", "
    KEPT("twilio_language", "text") ", " KEPT("realtime_voice", "text") ", "
    KEPT_VOICES ", " KEPT_OR_NULL("speech") ", " KEPT("vad_threshold", "numeric") ", "
    KEPT("prefix_padding_ms", "int") ", " KEPT("silence_ms", "int")
    " WHERE organization_id = current_organization()",
    1};

const wk_sql_t wk_sql_agent_languages_put = {
    "agent_languages_put",
    "UPDATE organizations o SET language = n.language, languages = n.languages"
    "  FROM (SELECT coalesce($1::jsonb ->> 'language', language) AS language,"
    "               CASE WHEN $1::jsonb ? 'languages' THEN " LIST("languages")
    "                    ELSE languages END AS languages"
    "          FROM organizations WHERE id = current_organization()) n"
    " WHERE o.id = current_organization() AND n.language = ANY (n.languages) RETURNING o.id",
    1};

const wk_sql_t wk_sql_agent_engines_put = {
    "agent_engines_put",
    "UPDATE organizations SET engines = " LIST("engines") " WHERE id = current_organization()",
    1};

const wk_sql_t wk_sql_agent_questions_drop = {
    "agent_questions_drop",
    "DELETE FROM lead_questions WHERE organization_id = current_organization()", 0};

const wk_sql_t wk_sql_agent_questions_put = {
    "agent_questions_put",
    "INSERT INTO lead_questions (organization_id, id, question_text, translations,"
    "                            expected_format, position, is_required, maps_to_lead_field,"
    "                            is_essential_for_emergency)"
    " SELECT current_organization(), coalesce((q.it ->> 'id')::uuid, gen_random_uuid()),"
    "        q.it ->> 'question_text', coalesce(q.it -> 'translations', '{}'),"
    "        coalesce(q.it ->> 'expected_format', 'text'), q.n,"
    "        coalesce((q.it ->> 'is_required')::bool, true), q.it ->> 'maps_to_lead_field',"
    "        coalesce((q.it ->> 'is_essential_for_emergency')::bool, false)"
    "   FROM jsonb_array_elements($1::jsonb -> 'lead_questions') WITH ORDINALITY AS q (it, n)",
    1};

/* clang-format on */
