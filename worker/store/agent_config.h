/* How a shop's agent speaks, what it asks, and who carries its calls. */
#ifndef WK_STORE_AGENT_CONFIG_H
#define WK_STORE_AGENT_CONFIG_H

#include "worker/db.h"

/* item (JSON): the agent, its languages and its questions. */
extern const wk_sql_t wk_sql_agent_config;

/* item (JSON): voices, engines, and what is said at the beginning and the end of a call. */
extern const wk_sql_t wk_sql_agent_voice;

/*
 * $1 JSON of columns' names and values; what is not named stays. A text by language may be one
 * text: it is that of the shop's language. Another speech without voices leaves none.
 */
extern const wk_sql_t wk_sql_agent_config_put, wk_sql_agent_voice_put;

/* $1 JSON with language, languages. One row: done; none: the language would not be one of them.
 */
extern const wk_sql_t wk_sql_agent_languages_put;

/* $1 JSON with engines. */
extern const wk_sql_t wk_sql_agent_engines_put;

/* The shop's questions go, and come: $1 JSON with lead_questions, first to last. */
extern const wk_sql_t wk_sql_agent_questions_drop, wk_sql_agent_questions_put;

#endif
