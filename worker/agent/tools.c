#include "worker/agent/tools.h"

#include "core/base64.h"
#include "core/hmac.h"
#include "worker/agent/tools/tools.h"
#include "worker/effect.h"
#include "worker/json.h"
#include "worker/log.h"
#include "worker/store/customers.h"

static const wk_tool_t *const tools[] = {
    &wk_tool_get_store_hours,
    &wk_tool_get_business_info,
    &wk_tool_check_inventory,
    &wk_tool_get_product_recommendations,
    &wk_tool_lookup_order,
    &wk_tool_request_return,
    &wk_tool_check_availability,
    &wk_tool_book_appointment,
    &wk_tool_reschedule_appointment,
    &wk_tool_cancel_appointment,
    &wk_tool_take_message,
    &wk_tool_transfer_to_human,
    &wk_tool_switch_language,
    &wk_tool_skip_turn,
    &wk_tool_end_call,
    &wk_tool_voicemail_detection,
    &wk_tool_send_sms,
    &wk_tool_send_email,
    &wk_tool_send_checkout_link,
    &wk_tool_trigger_followup,
    &wk_tool_create_lead,
    &wk_tool_get_customer_history,
    &wk_tool_search_knowledge,
    &wk_tool_update_dashboard,
    &wk_tool_display_product,
};

#define N_TOOLS (sizeof(tools) / sizeof(*tools))

size_t wk_tools_count(void)
{
    return N_TOOLS;
}

const wk_tool_t *wk_tool_at(size_t i)
{
    return tools[i];
}

const wk_tool_t *wk_tool_find(va_str_t name)
{
    for (size_t i = 0; i < N_TOOLS; i++) {
        if (va_str_eq(name, va_str_c(tools[i]->name)) ||
            (tools[i]->also != NULL && va_str_eq(name, va_str_c(tools[i]->also)))) {
            return tools[i];
        }
    }
    return NULL;
}

va_str_t wk_tool_description(wk_arena_t *a, const wk_language_t *l, const wk_tool_t *tool)
{
    return wk_text(l, wk_printf(a, "tool.%s", tool->name).data);
}

/* ---------------------------------------------------------------- answers */

bool wk_tool_answer_waits(const va_json_t *body)
{
    va_str_t status = va_json_get_string(body, "status");
    return va_str_eq(status, VA_STR("waiting")) || va_str_eq(status, VA_STR("voicemail"));
}

bool wk_tool_ask_first(wk_tool_call_t *call)
{
    call->asks = true;
    return false;
}

bool wk_tool_refuse(wk_tool_call_t *call, int status, const char *code, va_str_t message)
{
    call->status = status;
    call->code = code;
    call->message = message;
    return true;
}

typedef struct {
    wk_tool_call_t call;
    wk_tool_caller_t caller;
    va_buf_t text;
    wk_tool_answer_t *answer;
    va_str_t once; /* the ledger's row of the caller's once */
    bool admitted;
} run_t;

static void begin_answer(run_t *r)
{
    va_buf_init(&r->text, wk_mem(r->call.ctx->arena), 512);
    r->call.out = va_json_writer_new(&r->text);
    va_json_object(r->call.out);
}

static bool end_answer(run_t *r, wk_error_t *e)
{
    wk_tool_call_t *call = &r->call;
    va_json_writer_t *w = call->out;
    bool refused = call->status != 0;
    if (call->calendar_stale) {
        va_json_add_bool(w, "calendar_stale", true);
    }
    va_json_add_bool(w, "success", !refused);
    va_json_add_str(w, "message", call->message);
    if (refused) {
        va_json_key(w, "error");
        va_json_object(w);
        va_json_add_c(w, "code", call->code);
        va_json_add_str(w, "message", call->message);
        va_json_object_end(w);
    }
    va_json_object_end(w);
    if (va_json_writer_end(w) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "tool %s: its answer cannot be written",
                        call->tool->name);
    }
    *r->answer = (wk_tool_answer_t){.status = refused ? call->status : 200,
                                    .body = va_buf_str(&r->text),
                                    .message = call->message,
                                    .stays = !refused || call->keeps};
    return true;
}

/* ---------------------------------------------------------------- who asks */

va_str_t wk_tool_talk(const wk_tool_call_t *call)
{
    const wk_tool_caller_t *caller = call->caller;
    if (caller->visitor.message.len > 0) {
        return caller->visitor.message;
    }
    bool is_talk = caller->level != WK_LEVEL_STAFF && caller->scope.len > 0;
    va_str_t by_itself = caller->wish.len > 0 ? caller->wish : caller->once;
    return is_talk ? caller->scope : by_itself.len > 0 ? by_itself : VA_STR("");
}

bool wk_tool_words_key(const wk_tool_call_t *call, const char *what, va_str_t words,
                       va_str_t *key, wk_error_t *e)
{
    uint8_t digest[32];
    char hex[2 * sizeof(digest)];
    va_str_t talk = wk_tool_talk(call);
    if (va_sha256(words, digest) != VA_OK) {
        return wk_error(e, WK_INTERNAL, "%s: the words cannot be hashed", what);
    }
    va_hex_encode(hex, digest, sizeof(digest));
    *key = wk_printf(call->ctx->arena, "%s:%.*s:%.*s", what, (int)talk.len, talk.data,
                     (int)sizeof(hex), hex);
    return true;
}

bool wk_tool_customer(wk_tx_t *tx, const wk_tool_call_t *call, va_str_t *customer,
                      wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {call->caller->phone, VA_STR("call")};
    *customer = call->caller->visitor.customer;
    if (call->caller->phone.data == NULL) {
        return true;
    }
    if (!wk_sql(tx, &wk_sql_customer_reach, params, &rows, e)) {
        return false;
    }
    *customer = wk_cell(rows, 0, "id");
    return true;
}

va_str_t wk_tool_who(const wk_tool_call_t *call)
{
    const wk_visitor_t *visitor = &call->caller->visitor;
    va_str_t named = wk_arg_text(call->args, "customer_name");
    va_str_t name = named.len > 0 ? named : visitor->name;
    va_str_t number = call->caller->phone.len > 0 ? call->caller->phone : visitor->phone;
    return name.len > 0 ? name : number;
}

/* ---------------------------------------------------------------- run */

bool wk_tool_claim(wk_tx_t *tx, wk_tool_call_t *call, va_str_t key, bool *first, wk_error_t *e)
{
    wk_effect_t effect;
    if (!wk_effect_claim(tx, call->tool->name, key, VA_STR_NULL, &effect, e)) {
        return false;
    }
    *first = effect.state == WK_EFFECT_NEW;
    call->effect = effect.id;
    if (!*first) {
        call->repeated = effect.result.data != NULL ? effect.result : VA_STR("{}");
    }
    return true;
}

/* Like wk_tool_claim(), beside what the tool claims itself. */
static bool claim_once(wk_tx_t *tx, run_t *r, wk_error_t *e)
{
    wk_effect_t effect;
    wk_tool_call_t *call = &r->call;
    if (!call->tool->effect || call->caller->once.data == NULL) {
        return true;
    }
    if (!wk_effect_claim(tx, call->tool->name, call->caller->once, VA_STR_NULL, &effect, e)) {
        return false;
    }
    r->once = effect.id;
    if (effect.state != WK_EFFECT_NEW) {
        call->repeated = effect.result.data != NULL ? effect.result : VA_STR("{}");
    }
    return true;
}

static bool finish(wk_tx_t *tx, const run_t *r, va_str_t effect, wk_effect_state_t state,
                   wk_error_t *e)
{
    return effect.data == NULL ||
           wk_effect_finish(tx, effect, state, VA_STR_NULL, r->answer->body, e);
}

static bool run_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    run_t *r = arg;
    wk_tool_call_t *call = &r->call;
    if (!claim_once(tx, r, e)) {
        return false;
    }
    if (call->repeated.data != NULL) {
        return true;
    }
    if (!call->tool->run(tx, call, e)) {
        return false;
    }
    if (call->repeated.data != NULL) {
        return r->once.data == NULL ||
               wk_effect_finish(tx, r->once, WK_EFFECT_DONE, VA_STR_NULL, call->repeated, e);
    }
    if (!end_answer(r, e)) {
        return false;
    }
    if (call->status != 0) {
        /* Else nothing of it stays. */
        return call->keeps && finish(tx, r, r->once, WK_EFFECT_FAILED, e);
    }
    return finish(tx, r, call->effect, WK_EFFECT_DONE, e) &&
           finish(tx, r, r->once, WK_EFFECT_DONE, e);
}

static bool refuse_now(run_t *r, int status, const char *code, va_str_t message, wk_error_t *e)
{
    wk_tool_refuse(&r->call, status, code, message);
    (void)end_answer(r, e);
    return false;
}

/* The first answer once more; its message is a member of it. */
static void answer_again(run_t *r)
{
    va_str_t body = r->call.repeated;
    const va_json_t *first = wk_json_parse(r->call.ctx->arena, body);
    (void)va_json_writer_end(r->call.out); /* what this call had begun to say */
    bool refused = va_json_is(va_json_get(first, "error"), VA_JSON_OBJECT);
    *r->answer = (wk_tool_answer_t){.status = refused ? 409 : 200,
                                    .body = body,
                                    .message = va_json_get_string(first, "message"),
                                    .repeated = true,
                                    .stays = true};
}

/* What the caller may not ask, or asks wrongly, is refused before anything is done. */
static bool admit(run_t *r, wk_error_t *e)
{
    va_str_t problem;
    wk_tool_call_t *call = &r->call;
    if (!wk_args_check(call->ctx->arena, call->catalogue, call->tool->args, call->args,
                       &problem)) {
        return refuse_now(r, 400, "bad_request", problem, e);
    }
    if (r->caller.level < call->tool->level) {
        return refuse_now(r, 403, "verification_needed",
                          wk_text(r->caller.language, "tool.not_verified"), e);
    }
    return true;
}

/* In the transaction in which the caller was found, which is the tool's own if it can be. */
static bool first_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    run_t *r = arg;
    const wk_tool_t *tool = r->call.tool;
    if (!admit(r, e)) {
        return false;
    }
    r->admitted = true;
    return tool->before != NULL && !tool->sees_need ? wk_tool_ask_first(&r->call)
                                                    : run_tx(tx, r, e);
}

/* No transaction is open while somebody outside is asked. */
static bool ask_and_run(run_t *r, wk_error_t *e)
{
    wk_tool_call_t *call = &r->call;
    call->tool->before(call);
    call->asked = true;
    return wk_tx(call->ctx->db, call->ctx->arena, r->caller.organization, 0, run_tx, r, e);
}

static void note_call(const run_t *r)
{
    wk_log(WK_INFO, "a tool was called", WK_C("tool", r->call.tool->name),
           WK_C("channel", r->caller.channel), WK_I("status", r->answer->status));
}

bool wk_tool_run_at(wk_ctx_t *ctx, const wk_catalogue_t *c, const wk_tool_t *tool,
                    wk_tool_open_fn open, void *door, const va_json_t *args,
                    wk_tool_answer_t *answer, wk_error_t *e)
{
    run_t r = {.call = {.ctx = ctx, .catalogue = c, .tool = tool, .args = args},
               .answer = answer};
    r.call.caller = &r.caller;
    *answer = (wk_tool_answer_t){.status = 0};
    begin_answer(&r);
    bool ok = open(door, &r.caller, first_tx, &r, e);
    if (r.call.asks) {
        ok = ask_and_run(&r, e);
    }
    bool refused = r.call.status != 0 && answer->status != 0;
    if (!ok && !refused) {
        (void)va_json_writer_end(r.call.out);
        return r.admitted ? wk_error_wrap(e, "tool %s", tool->name) : false;
    }
    if (r.call.repeated.data != NULL) {
        answer_again(&r);
    }
    if (r.admitted) {
        note_call(&r);
    }
    return true;
}

typedef struct {
    wk_ctx_t *ctx;
    const wk_tool_caller_t *caller;
} known_t;

static bool open_known(void *door, wk_tool_caller_t *caller, wk_tx_fn fn, void *arg,
                       wk_error_t *e)
{
    const known_t *k = door;
    *caller = *k->caller;
    return wk_tx(k->ctx->db, k->ctx->arena, caller->organization, 0, fn, arg, e);
}

bool wk_tool_run(wk_ctx_t *ctx, const wk_catalogue_t *c, const wk_tool_t *tool,
                 const wk_tool_caller_t *caller, const va_json_t *args,
                 wk_tool_answer_t *answer, wk_error_t *e)
{
    known_t known = {ctx, caller};
    return wk_tool_run_at(ctx, c, tool, open_known, &known, args, answer, e);
}
