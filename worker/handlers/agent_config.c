/*
 * agent_config.handle: who a shop's agent is, in which languages, and what it asks.
 * agent_config.voice: how its calls begin and end, by whom they are spoken and carried; a
 * plan's. A change is whole or not at all, done once, and noted in the audit log; the next call
 * begins with it, since each reads what stands.
 */
#include "worker/store/agent_config.h"
#include "worker/agent/engines.h"
#include "worker/effect.h"
#include "worker/handlers/audit.h"
#include "worker/handlers/caller.h"
#include "worker/handlers/handlers.h"
#include "worker/handlers/members.h"
#include "worker/handlers/reply.h"
#include "worker/handlers/request.h"
#include "worker/handlers/settings_shop.h"
#include "worker/handlers/settings_voice.h"
#include "worker/store/settings.h"

#define FREE_QUESTIONS 5
#define MAX_QUESTIONS  50
#define MAX_ENGINES    6
#define COUNT(array)   (sizeof(array) / sizeof(*(array)))

typedef struct part part_t;

typedef struct {
    wk_ctx_t *ctx;
    const part_t *part;
    const va_json_t *body; /* NULL: it is only read */
    va_str_t json;         /* what of it is written */
    wk_plan_gap_t gap;
    wk_rows_t *rows;
} config_t;

struct part {
    const char *name; /* of the answer's member, and in the audit log */
    bool asks_plan;   /* for WK_FEATURE_VOICE_SETTINGS */
    const wk_member_rule_t *rules;
    size_t n_rules;
    const wk_sql_t *read;
    bool (*write)(wk_tx_t *tx, config_t *config, wk_error_t *e);
};

/* ---------------------------------------------------------------- questions */

static const char *const formats[] = {"text", "email", "phone", NULL};

static const wk_member_rule_t question_rules[] = {
    {.name = "id", .check = wk_member_uuid},
    {.name = "question_text", .check = wk_member_text, .min = 1, .max = 300},
    {.name = "translations", .check = wk_member_translations, .min = 1, .max = 300},
    {.name = "expected_format", .check = wk_member_word, .of = formats},
    {.name = "is_required", .check = wk_member_bool},
    {.name = "maps_to_lead_field", .check = wk_member_id, .nullable = true},
    {.name = "is_essential_for_emergency", .check = wk_member_bool},
};

static bool is_question(const wk_catalogue_t *c, const va_json_t *q)
{
    return va_json_get(q, "question_text") != NULL &&
           wk_members_wrong(c, question_rules, COUNT(question_rules), q) == NULL;
}

static bool are_questions(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                          const va_json_t *value)
{
    bool ok = va_json_is(value, VA_JSON_ARRAY) && (double)value->count <= rule->max;
    for (const va_json_t *q = ok ? value->first : NULL; ok && q != NULL; q = q->next) {
        ok = is_question(c, q);
    }
    return ok;
}

static bool put_questions(wk_tx_t *tx, config_t *s, const va_json_t *list, wk_error_t *e)
{
    if ((list->count > FREE_QUESTIONS &&
         !wk_plan_require(tx, WK_FEATURE_MORE_QUESTIONS, &s->gap, e)) ||
        !wk_sql(tx, &wk_sql_agent_questions_drop, NULL, NULL, e)) {
        return false;
    }
    return wk_sql(tx, &wk_sql_agent_questions_put, &s->json, NULL, e) ||
           (e->code == WK_CONFLICT &&
            wk_refuse(e, WK_R_BAD_REQUEST, "Two of lead_questions have one id."));
}

/* ---------------------------------------------------------------- the agent */

static const char *const personalities[] = {"professional", "friendly", "casual", NULL};

#define TEXTS "a text of 1 to 500 bytes, or one by language"

static const char *const in_no_braces[] = {NULL};

static const wk_member_rule_t agent_rules[] = {
    {.name = "agent_name",
     .also = "agentName",
     .check = wk_member_line,
     .min = 1,
     .max = 100,
     .must = "one line of 1 to 100 bytes"},
    {.name = "persona_prompt",
     .also = "personaPrompt",
     .check = wk_member_text,
     .min = 1,
     .max = 2000,
     .must = "a text of 1 to 2000 bytes"},
    {.name = "system_prompt",
     .check = wk_member_text,
     .min = 1,
     .max = 6000,
     .nullable = true,
     .must = "a text of 1 to 6000 bytes, or null"},
    {.name = "voice_personality",
     .check = wk_member_word,
     .of = personalities,
     .must = "professional, friendly or casual"},
    {.name = "welcome_message",
     .also = "welcomeMessage",
     .check = wk_member_templates,
     .of = in_no_braces,
     .min = 1,
     .max = 500,
     .must = TEXTS ", with nothing in braces"},
    WK_SETTINGS_LANGUAGE_RULES,
    {.name = "language_detection", .check = wk_member_bool, .must = "true or false"},
    {.name = "language_confidence",
     .check = wk_member_number,
     .max = 1,
     .must = "a number from 0 to 1"},
    {.name = "llm_model",
     .check = wk_member_id,
     .nullable = true,
     .must = "the name of a model, or null"},
    {.name = "max_tokens",
     .check = wk_member_whole,
     .min = 1,
     .max = 4096,
     .must = "a whole number from 1 to 4096"},
    {.name = "emergency_words",
     .check = wk_member_phrases,
     .max = 100,
     .must = "lists by language, each of at most 100 texts of 1 to 60 bytes"},
    {.name = "lead_questions",
     .check = are_questions,
     .max = MAX_QUESTIONS,
     .must = "a list of at most 50 questions, each with question_text (1 to 300 bytes) and "
             "perhaps id, translations, expected_format (text, email or phone), is_required, "
             "maps_to_lead_field and is_essential_for_emergency"},
};

static bool write_agent(wk_tx_t *tx, config_t *s, wk_error_t *e)
{
    const va_json_t *questions = va_json_get(s->body, "lead_questions");
    return wk_sql(tx, &wk_sql_agent_config_put, &s->json, NULL, e) &&
           wk_settings_languages_put(tx, s->body, s->json, e) &&
           (questions == NULL || put_questions(tx, s, questions, e));
}

static const part_t agent = {
    .name = "config",
    .rules = agent_rules,
    .n_rules = COUNT(agent_rules),
    .read = &wk_sql_agent_config,
    .write = write_agent,
};

/* ---------------------------------------------------------------- its voice */

static bool are_engines(const wk_member_rule_t *rule, const wk_catalogue_t *c,
                        const va_json_t *value)
{
    bool ok = va_json_is(value, VA_JSON_ARRAY) && value->count > 0 &&
              (double)value->count <= rule->max;
    (void)c;
    for (const va_json_t *name = ok ? value->first : NULL; ok && name != NULL;
         name = name->next) {
        ok = wk_engines_find(va_json_string(name)) != NULL && !wk_members_repeat(name);
    }
    return ok;
}

static const char *const in_greeting[] = {"hello", "shop", NULL};

static const wk_member_rule_t voice_rules[] = {
    WK_SETTINGS_VOICE_RULES,
    {.name = "voice_greeting_message",
     .also = "voiceGreetingMessage",
     .check = wk_member_templates,
     .of = in_greeting,
     .min = 1,
     .max = 500,
     .must = TEXTS ", with nothing in braces but {hello} and {shop}"},
    {.name = "voice_end_call_message",
     .also = "voiceEndCallMessage",
     .check = wk_member_templates,
     .of = in_no_braces,
     .min = 1,
     .max = 500,
     .must = TEXTS ", with nothing in braces"},
    {.name = "transfer_message",
     .check = wk_member_templates,
     .of = in_no_braces,
     .min = 1,
     .max = 500,
     .must = TEXTS ", with nothing in braces"},
    {.name = "twilio_voice",
     .also = "twilioVoice",
     .check = wk_member_id,
     .must = "the name of a voice"},
    {.name = "twilio_language",
     .also = "twilioLanguage",
     .check = wk_member_locale,
     .must = "a language as en-US"},
    {.name = "realtime_voice", .check = wk_member_id, .must = "the name of a voice"},
    {.name = "voices", .check = wk_member_ids, .must = "names of voices by language"},
    {.name = "engines",
     .check = are_engines,
     .max = MAX_ENGINES,
     .must = "a list of engines, each once"},
};

static bool write_voice(wk_tx_t *tx, config_t *s, wk_error_t *e)
{
    return wk_sql(tx, &wk_sql_agent_voice_put, &s->json, NULL, e) &&
           (va_json_get(s->body, "engines") == NULL ||
            wk_sql(tx, &wk_sql_agent_engines_put, &s->json, NULL, e));
}

static const part_t voice = {
    .name = "voice",
    .asks_plan = true,
    .rules = voice_rules,
    .n_rules = COUNT(voice_rules),
    .read = &wk_sql_agent_voice,
    .write = write_voice,
};

/* ---------------------------------------------------------------- reading, writing */

/* One change of a shop after the other; and a job that is run again writes nothing again. */
static bool put(wk_tx_t *tx, config_t *s, const wk_caller_t *caller, wk_error_t *e)
{
    bool first;
    return wk_sql(tx, &wk_sql_settings_lock, NULL, NULL, e) &&
           wk_effect_once(tx, "settings", s->ctx->job->id, &first, e) &&
           (!first || (s->part->write(tx, s, e) &&
                       wk_audit_settings(s->ctx, tx, caller, s->part->name, s->body, e)));
}

static bool config_tx(wk_tx_t *tx, const wk_caller_t *caller, void *arg, wk_error_t *e)
{
    config_t *s = arg;
    return (!s->part->asks_plan ||
            wk_plan_require(tx, WK_FEATURE_VOICE_SETTINGS, &s->gap, e)) &&
           (s->body == NULL || put(tx, s, caller, e)) &&
           wk_sql(tx, s->part->read, NULL, &s->rows, e);
}

static bool read_body(config_t *s, wk_error_t *e)
{
    wk_ctx_t *ctx = s->ctx;
    const wk_catalogue_t *c = wk_catalogue(ctx->config, e);
    return c != NULL && wk_request_json(ctx, &s->body, e) &&
           wk_members_read(ctx->arena, c, s->part->rules, s->part->n_rules, s->body, &s->json,
                           e);
}

static wk_outcome_t handle(wk_ctx_t *ctx, const part_t *part, va_reply_t *reply, wk_error_t *e)
{
    wk_document_t doc;
    config_t s = {.ctx = ctx, .part = part};
    bool reads = va_str_eq(ctx->job->http_method, VA_STR("GET"));
    if ((!reads && !read_body(&s, e)) ||
        !wk_caller_tx(ctx, WK_FROM_MANAGER, config_tx, &s, e)) {
        return wk_plan_reply_error(ctx, &s.gap, reply, e);
    }
    va_json_writer_t *w = wk_reply_begin(ctx, &doc);
    va_json_key(w, part->name);
    va_json_put_raw(w, wk_cell(s.rows, 0, "item"));
    return wk_reply_end(ctx, &doc, 200, reply, e);
}

wk_outcome_t wk_agent_config_handle(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    return handle(ctx, &agent, reply, e);
}

wk_outcome_t wk_agent_config_voice(wk_ctx_t *ctx, va_reply_t *reply, wk_error_t *e)
{
    return handle(ctx, &voice, reply, e);
}
