#include "worker/agent/agent_template.h"

#include <string.h>

#include "worker/file.h"

#define MAX_FILE 65536

/* ---------------------------------------------------------------- the file */

static bool read_file(wk_ctx_t *ctx, va_str_t kind, va_str_t *text, wk_error_t *e)
{
    va_str_t path = wk_printf(ctx->arena, "%s/%.*s.json", ctx->config->signup_templates,
                              (int)kind.len, kind.data);
    return wk_file_read(ctx->arena, path.data, MAX_FILE, text, e);
}

static bool parse(wk_ctx_t *ctx, va_str_t text, const va_json_t **file, wk_error_t *e)
{
    const va_json_limits_t limits = VA_JSON_LIMITS_DEFAULT;
    return (va_json_parse(wk_mem(ctx->arena), text, &limits, file) == VA_OK &&
            va_json_is(*file, VA_JSON_OBJECT)) ||
           wk_error(e, WK_INTERNAL, "the template of an agent is no JSON object");
}

/* Two languages at most are common, a handful would do no harm. */
static bool pick_languages(wk_ctx_t *ctx, const wk_catalogue_t *c, wk_agent_template_t *t,
                           wk_error_t *e)
{
    va_buf_t list;
    const va_json_t *wanted = va_json_get(t->file, "languages");
    va_buf_init(&list, wk_mem(ctx->arena), 64);
    va_json_writer_t *w = va_json_writer_new(&list);
    va_json_array(w);
    const va_json_t *l = va_json_is(wanted, VA_JSON_ARRAY) ? wanted->first : NULL;
    for (; l != NULL; l = l->next) {
        const wk_language_t *language = wk_catalogue_find(c, va_json_string(l));
        if (language != NULL) {
            va_json_put_str(w, wk_language_code(language));
            t->language = t->n_languages++ == 0 ? wk_language_code(language) : t->language;
        }
    }
    va_json_array_end(w);
    bool written = va_json_writer_end(w) == VA_OK;
    t->languages = wk_copy(ctx->arena, va_buf_str(&list));
    return (written && t->n_languages > 0) ||
           wk_error(e, WK_INTERNAL, "the template of an agent has no language that is spoken");
}

static bool copy_services(wk_ctx_t *ctx, wk_agent_template_t *t, wk_error_t *e)
{
    va_buf_t text;
    const va_json_t *services = va_json_get(t->file, "services");
    va_buf_init(&text, wk_mem(ctx->arena), 128);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_put_value(w, services);
    bool written = va_json_writer_end(w) == VA_OK;
    t->services = va_buf_str(&text);
    return (written && va_json_is(services, VA_JSON_OBJECT)) ||
           wk_error(e, WK_INTERNAL, "the template of an agent has no services");
}

bool wk_agent_template(wk_ctx_t *ctx, const wk_catalogue_t *c, va_str_t business_type,
                       wk_agent_template_t *t, wk_error_t *e)
{
    va_str_t text;
    *t = (wk_agent_template_t){.file = NULL};
    if (!read_file(ctx, business_type, &text, e) &&
        !read_file(ctx, VA_STR("general"), &text, e)) {
        return wk_error_wrap(e, "the template of an agent");
    }
    return parse(ctx, text, &t->file, e) && pick_languages(ctx, c, t, e) &&
           copy_services(ctx, t, e);
}

const va_json_t *wk_agent_template_tools(const wk_agent_template_t *t)
{
    const va_json_t *tools = va_json_get(t->file, "tools");
    return va_json_is(tools, VA_JSON_ARRAY) ? tools : NULL;
}

/* ---------------------------------------------------------------- the agent */

typedef struct {
    wk_ctx_t *ctx;
    const wk_agent_template_t *t;
    const wk_agent_wish_t *wish;
    va_json_writer_t *w;
} making_t;

va_str_t wk_agent_tag(wk_arena_t *a, va_str_t organization)
{
    return wk_printf(a, "voiceagent:%.*s", (int)organization.len, organization.data);
}

va_str_t wk_agent_title(wk_ctx_t *ctx, va_str_t business)
{
    return wk_printf(ctx->arena, "%.*s - %s", (int)business.len, business.data,
                     ctx->config->signup_assistant);
}

static void open_object(making_t *m, const char *name)
{
    va_json_key(m->w, name);
    va_json_object(m->w);
}

static void close_object(making_t *m)
{
    va_json_object_end(m->w);
}

/* A member of the template under the platform's name for it. */
static void put(making_t *m, const char *name, const char *from)
{
    const va_json_t *value = va_json_get(m->t->file, from);
    if (value != NULL) {
        va_json_key(m->w, name);
        va_json_put_value(m->w, value);
    }
}

static va_str_t filled(making_t *m, va_str_t text)
{
    return wk_fill(
        m->ctx->arena, text,
        (const wk_param_t[]){{"assistant", va_str_c(m->ctx->config->signup_assistant)},
                             {NULL, VA_STR_NULL}});
}

static va_str_t prompt(making_t *m)
{
    va_buf_t text;
    const va_json_t *lines = va_json_get(m->t->file, "prompt");
    va_buf_init(&text, wk_mem(m->ctx->arena), 4096);
    const va_json_t *line = va_json_is(lines, VA_JSON_ARRAY) ? lines->first : NULL;
    for (; line != NULL; line = line->next) {
        va_buf_add_str(&text, va_json_string(line));
        va_buf_add_char(&text, '\n');
    }
    return filled(m, va_buf_str(&text));
}

static va_str_t first_message(making_t *m, va_str_t language)
{
    const va_json_t *texts = va_json_get(m->t->file, "first_message");
    return filled(m, va_json_string(va_json_get_n(texts, language)));
}

static void begin_builtin(making_t *m, const char *name)
{
    open_object(m, name);
    va_json_add_c(m->w, "type", "system");
    va_json_add_c(m->w, "name", name);
    va_json_add_c(m->w, "description", "");
    open_object(m, "params");
    va_json_add_c(m->w, "system_tool_type", name);
}

static void end_builtin(making_t *m)
{
    close_object(m);
    close_object(m);
}

static void put_transfer(making_t *m, va_str_t number, const char *when)
{
    va_json_object(m->w);
    open_object(m, "transfer_destination");
    va_json_add_c(m->w, "type", "phone");
    va_json_add_str(m->w, "phone_number", number);
    close_object(m);
    va_json_add_c(m->w, "transfer_type", "conference");
    va_json_add_c(m->w, "condition", when);
    close_object(m);
}

static void put_transfers(making_t *m)
{
    const char *backup = m->ctx->config->signup_backup;
    begin_builtin(m, "transfer_to_number");
    va_json_key(m->w, "transfers");
    va_json_array(m->w);
    put_transfer(m, m->wish->owner_phone,
                 "The caller asks for a person or the owner, or has something urgent that you "
                 "cannot settle.");
    if (backup != NULL) {
        put_transfer(m, va_str_c(backup), "The owner was tried and did not answer.");
    }
    va_json_array_end(m->w);
    end_builtin(m);
}

static void put_builtins(making_t *m)
{
    open_object(m, "built_in_tools");
    begin_builtin(m, "end_call");
    end_builtin(m);
    if (m->t->n_languages > 1) {
        begin_builtin(m, "language_detection");
        end_builtin(m);
    }
    begin_builtin(m, "voicemail_detection");
    va_json_add_c(m->w, "voicemail_message", "{{voicemail_message}}");
    end_builtin(m);
    put_transfers(m);
    close_object(m);
}

static void put_agent(making_t *m)
{
    open_object(m, "agent");
    va_json_add_str(m->w, "first_message", first_message(m, m->t->language));
    va_json_add_str(m->w, "language", m->t->language);
    open_object(m, "dynamic_variables");
    va_json_key(m->w, "dynamic_variable_placeholders");
    va_json_put_raw(m->w, m->wish->variables);
    close_object(m);
    open_object(m, "prompt");
    va_json_add_str(m->w, "prompt", prompt(m));
    put(m, "llm", "llm");
    put(m, "temperature", "temperature");
    put(m, "max_tokens", "max_tokens");
    va_json_add_str(m->w, "timezone", m->wish->timezone);
    va_json_key(m->w, "tool_ids");
    va_json_put_raw(m->w, m->wish->tools);
    put_builtins(m);
    close_object(m);
    close_object(m);
}

/* Sound as the carrier has it. */
static void put_sound(making_t *m)
{
    open_object(m, "asr");
    va_json_add_c(m->w, "quality", "high");
    va_json_add_c(m->w, "provider", "elevenlabs");
    va_json_add_c(m->w, "user_input_audio_format", "ulaw_8000");
    va_json_key(m->w, "keywords");
    va_json_array(m->w);
    va_json_put_str(m->w, m->wish->business);
    va_json_array_end(m->w);
    close_object(m);
    open_object(m, "tts");
    put(m, "model_id", m->t->n_languages > 1 ? "multilingual_speech_model" : "speech_model");
    put(m, "voice_id", "voice");
    va_json_add_c(m->w, "agent_output_audio_format", "ulaw_8000");
    put(m, "stability", "stability");
    put(m, "similarity_boost", "similarity_boost");
    put(m, "speed", "speed");
    close_object(m);
}

static void put_conversation(making_t *m)
{
    static const char *const events[] = {"audio", "interruption", "user_transcript",
                                         "agent_response", "agent_response_correction"};
    open_object(m, "turn");
    put(m, "turn_timeout", "turn_timeout");
    close_object(m);
    open_object(m, "conversation");
    put(m, "max_duration_seconds", "max_duration_seconds");
    va_json_key(m->w, "client_events");
    va_json_array(m->w);
    for (size_t i = 0; i < sizeof(events) / sizeof(*events); i++) {
        va_json_put_c(m->w, events[i]);
    }
    va_json_array_end(m->w);
    close_object(m);
}

/* The languages it may go over to, beside its own. */
static void put_presets(making_t *m)
{
    const va_json_t *l = va_json_get(m->t->file, "first_message")->first;
    open_object(m, "language_presets");
    for (; l != NULL; l = l->next) {
        va_str_t quoted = wk_printf(m->ctx->arena, "\"%.*s\"", (int)l->name.len, l->name.data);
        if (va_str_eq(l->name, m->t->language) ||
            strstr(m->t->languages.data, quoted.data) == NULL) {
            continue;
        }
        va_json_key_n(m->w, l->name);
        va_json_object(m->w);
        open_object(m, "overrides");
        open_object(m, "agent");
        va_json_add_str(m->w, "first_message", first_message(m, l->name));
        va_json_add_str(m->w, "language", l->name);
        close_object(m);
        close_object(m);
        close_object(m);
    }
    close_object(m);
}

/* What each call is told may override; who calls is asked of us. */
static void put_platform(making_t *m)
{
    va_str_t url = wk_printf(m->ctx->arena, "%s/api/webhooks/elevenlabs/twilio-personalization",
                             m->ctx->config->public_url);
    open_object(m, "platform_settings");
    open_object(m, "auth");
    va_json_add_bool(m->w, "enable_auth", true);
    close_object(m);
    open_object(m, "overrides");
    va_json_add_bool(m->w, "enable_conversation_initiation_client_data_from_webhook", true);
    open_object(m, "conversation_config_override");
    open_object(m, "agent");
    va_json_add_bool(m->w, "first_message", true);
    va_json_add_bool(m->w, "language", true);
    close_object(m);
    close_object(m);
    close_object(m);
    open_object(m, "workspace_overrides");
    open_object(m, "conversation_initiation_client_data_webhook");
    va_json_add_str(m->w, "url", url);
    open_object(m, "request_headers");
    open_object(m, "Authorization");
    va_json_add_str(m->w, "secret_id", m->wish->secret);
    close_object(m);
    close_object(m);
    close_object(m);
    close_object(m);
    close_object(m);
}

bool wk_agent_body(wk_ctx_t *ctx, const wk_agent_template_t *t, const wk_agent_wish_t *wish,
                   va_str_t *body, wk_error_t *e)
{
    va_buf_t text;
    making_t m = {.ctx = ctx, .t = t, .wish = wish};
    if (!va_json_is(va_json_get(t->file, "first_message"), VA_JSON_OBJECT)) {
        return wk_error(e, WK_INTERNAL, "the template of an agent has no first_message");
    }
    va_buf_init(&text, wk_mem(ctx->arena), 16384);
    m.w = va_json_writer_new(&text);
    va_json_object(m.w);
    va_json_add_str(m.w, "name", wish->title);
    va_json_key(m.w, "tags");
    va_json_array(m.w);
    va_json_put_str(m.w, wk_agent_tag(ctx->arena, wish->organization));
    va_json_array_end(m.w);
    open_object(&m, "conversation_config");
    put_agent(&m);
    put_sound(&m);
    put_conversation(&m);
    put_presets(&m);
    close_object(&m);
    put_platform(&m);
    close_object(&m);
    if (va_json_writer_end(m.w) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "an agent that cannot be written");
    }
    *body = va_buf_str(&text);
    return true;
}
