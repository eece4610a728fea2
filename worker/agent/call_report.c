#include "worker/agent/call_report.h"

#include "worker/agent/promise.h"
#include "worker/json.h"

#define MAX_TURNS   5000
#define MAX_TEXT    20000        /* bytes of one turn: nobody says more without a pause */
#define MAX_UNIX    253402300799 /* the end of the year 9999 */
#define MAX_DOLLARS 999999       /* calls.cost_usd is numeric(12, 6) */

enum { CUSTOMER, AGENT };

/* ---------------------------------------------------------------- members */

/* The first of the pointers (NULL at the end) that names a scalar. */
static va_str_t any(const va_json_t *data, const char *const *pointers)
{
    va_str_t value = VA_STR_NULL;
    for (; *pointers != NULL && value.data == NULL; pointers++) {
        value = va_json_scalar(va_json_pointer(data, va_str_c(*pointers)));
    }
    return value;
}

#define ANY(data, ...) any((data), (const char *const[]){__VA_ARGS__, NULL})

/* A figure between 0 and max, without its fraction; any other is not believed. */
static int64_t figure(const va_json_t *data, const char *pointer, int64_t max,
                      int64_t otherwise)
{
    double d;
    const va_json_t *value = va_json_pointer(data, va_str_c(pointer));
    return va_json_double(value, &d) && d >= 0 && d <= (double)max ? (int64_t)d : otherwise;
}

/* Not as it was written: numeric refuses exponents that a double reads as 0. */
static va_str_t dollars(wk_arena_t *a, const va_json_t *data, const char *name)
{
    double d;
    const va_json_t *value = va_json_get(data, name);
    return va_json_double(value, &d) && d >= 0 && d <= MAX_DOLLARS ? wk_printf(a, "%.6f", d)
                                                                   : VA_STR_NULL;
}

static bool is_true(const va_json_t *data, const char *name)
{
    return va_json_bool(va_json_get(data, name), false);
}

static bool one_of(va_str_t word, const char *const *words)
{
    while (*words != NULL && !va_str_eq(word, va_str_c(*words))) {
        words++;
    }
    return *words != NULL;
}

static void read_call(wk_arena_t *a, const va_json_t *data, wk_report_t *r)
{
    const va_json_t *phone = va_json_pointer(data, VA_STR("/metadata/phone_call"));
    r->conversation = va_json_get_string(data, "conversation_id");
    r->agent_id = va_json_get_string(data, "agent_id");
    r->status = va_json_get_string(data, "status");
    r->call_sid = ANY(data, "/metadata/phone_call/call_sid", "/metadata/call_sid", "/call_sid");
    r->outbound = va_str_eq(va_json_get_string(phone, "direction"), VA_STR("outbound")) ||
                  va_str_eq(va_json_get_string(data, "direction"), VA_STR("outbound"));
    r->voicemail =
        r->outbound && va_str_eq(va_json_get_string(phone, "call_result"), VA_STR("voicemail"));
    r->shop_number = ANY(data, "/metadata/phone_call/agent_number", "/metadata/called_number",
                         "/called_number");
    r->customer_number = ANY(data, "/metadata/phone_call/external_number", "/phone_number",
                             "/metadata/caller_id");
    r->language = ANY(data, "/metadata/main_language", "/language");
    r->end_reason = ANY(data, "/metadata/termination_reason");
    r->started_at = figure(data, "/metadata/start_time_unix_secs", MAX_UNIX, 0);
    r->seconds = figure(data, "/metadata/call_duration_secs", INT32_MAX,
                        figure(data, "/duration", INT32_MAX, -1));
    r->credits = figure(data, "/metadata/cost", INT32_MAX, -1);
    r->has_audio = is_true(data, "has_audio");
    r->cost_usd = dollars(a, data, "cost_usd");
    r->failed = va_str_eq(ANY(data, "/analysis/call_successful"), VA_STR("failure"));
}

/* ---------------------------------------------------------------- turns */

/* NULL: none is told. */
static const va_json_t *result_of(const va_json_t *turn, const va_json_t *call)
{
    va_str_t id = va_json_get_string(call, "request_id");
    const va_json_t *places[] = {turn, turn->next};
    for (size_t i = 0; i < 2; i++) {
        const va_json_t *results = va_json_get(places[i], "tool_results");
        const va_json_t *result = va_json_is(results, VA_JSON_ARRAY) ? results->first : NULL;
        for (; result != NULL; result = result->next) {
            if (va_str_eq(va_json_get_string(result, "request_id"), id)) {
                return result;
            }
        }
    }
    return NULL;
}

/* What the tool answered; NULL: not as our tools do. */
static const va_json_t *answer_of(wk_arena_t *a, const va_json_t *result)
{
    const va_json_t *answer = wk_json_parse(a, va_json_get_string(result, "result_value"));
    return va_json_is(answer, VA_JSON_OBJECT) ? answer : NULL;
}

/*
 * A tool that was called and did not fail. A refusal of ours, and that it takes longer, are
 * told by the body of what is no error to the platform.
 */
static bool succeeded(const va_json_t *call, const va_json_t *result, const va_json_t *answer)
{
    if (result == NULL) {
        return va_json_bool(va_json_get(call, "tool_has_been_called"), true);
    }
    return !is_true(result, "is_error") && va_json_bool(va_json_get(answer, "success"), true) &&
           !va_str_eq(va_json_get_string(answer, "status"), VA_STR("pending"));
}

static void note_tool(wk_report_t *r, va_str_t name)
{
    static const char *const bookings[] = {"book_appointment", NULL};
    static const char *const transfers[] = {"transfer_to_number", "transfer_to_human",
                                            "transfer_call", "transfer_to_agent", NULL};
    r->booked = r->booked || one_of(name, bookings);
    r->transferred = r->transferred || one_of(name, transfers);
    r->voicemail =
        r->voicemail || (r->outbound && va_str_eq(name, VA_STR("voicemail_detection")));
}

static void read_deed(wk_arena_t *a, const va_json_t *turn, const va_json_t *call,
                      wk_report_turn_t *t, wk_report_t *r)
{
    va_str_t name = va_json_get_string(call, "tool_name");
    const va_json_t *result = result_of(turn, call), *answer = answer_of(a, result);
    if (succeeded(call, result, answer)) {
        note_tool(r, name);
        t->done |= wk_promise_done_by(wk_strdup(a, name), answer);
    }
}

static va_str_t read_tools(wk_arena_t *a, const va_json_t *turn, wk_report_turn_t *t,
                           wk_report_t *r)
{
    va_buf_t text;
    const va_json_t *calls = va_json_get(turn, "tool_calls");
    va_buf_init(&text, wk_mem(a), 64);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    const va_json_t *call = va_json_is(calls, VA_JSON_ARRAY) ? calls->first : NULL;
    for (; call != NULL; call = call->next) {
        va_str_t name = va_json_get_string(call, "tool_name");
        if (name.len > 0) {
            va_json_put_str(w, name);
            read_deed(a, turn, call, t, r);
        }
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("[]");
}

static void read_turn(wk_arena_t *a, const va_json_t *turn, wk_report_t *r)
{
    static const char *const customers[] = {"user", "customer", NULL};
    wk_report_turn_t *t = &r->turns[r->n_turns++];
    double at = 0;
    bool customer = one_of(ANY(turn, "/role", "/speaker"), customers);
    t->speaker = customer ? VA_STR("customer") : VA_STR("agent");
    t->text =
        wk_cut_text(wk_clean_text(a, ANY(turn, "/message", "/text", "/content")), MAX_TEXT);
    t->text = t->text.data != NULL ? t->text : VA_STR("");
    t->done = 0;
    t->tools = read_tools(a, turn, t, r);
    t->interrupted = is_true(turn, "interrupted");
    if (va_json_double(va_json_get(turn, "time_in_call_secs"), &at) && at >= 0 && at < 1e6) {
        t->offset_ms = (int64_t)(at * 1000);
    }
    r->customer_spoke = r->customer_spoke || (customer && t->text.len > 0);
}

static void read_turns(wk_arena_t *a, const va_json_t *data, wk_report_t *r)
{
    const va_json_t *list = va_json_get(data, "transcript");
    size_t n = va_json_is(list, VA_JSON_ARRAY) ? list->count : 0;
    r->turns = wk_alloc(a, (n + 1) * sizeof(*r->turns));
    const va_json_t *turn = n > 0 ? list->first : NULL;
    for (; turn != NULL && r->n_turns < MAX_TURNS; turn = turn->next) {
        read_turn(a, turn, r);
    }
    if (va_json_is(list, VA_JSON_STRING)) { /* the guide's: all of it in one text */
        r->turns[r->n_turns++] =
            (wk_report_turn_t){.speaker = VA_STR("customer"),
                               .text = wk_cut_text(wk_clean_text(a, list->text), MAX_TEXT),
                               .tools = VA_STR("[]")};
        r->customer_spoke = list->text.len > 0;
    }
}

static void mask_turns(wk_arena_t *a, const wk_redactor_t *redactor, wk_report_t *r)
{
    wk_turn_t *turns = wk_alloc(a, (r->n_turns + 1) * sizeof(*turns));
    for (size_t i = 0; i < r->n_turns; i++) {
        bool customer = va_str_eq(r->turns[i].speaker, VA_STR("customer"));
        turns[i] = (wk_turn_t){r->turns[i].text, customer ? CUSTOMER : AGENT};
    }
    wk_redact_turns(redactor, a, turns, r->n_turns);
    for (size_t i = 0; i < r->n_turns; i++) {
        r->turns[i].text = turns[i].text;
    }
}

/* ---------------------------------------------------------------- analysis */

static va_str_t value_type(const va_json_t *value)
{
    int64_t n;
    switch (value->type) {
    case VA_JSON_TRUE:
    case VA_JSON_FALSE:
        return VA_STR("boolean");
    case VA_JSON_NUMBER:
        return va_json_int(value, &n) ? VA_STR("integer") : VA_STR("number");
    default:
        return VA_STR("string");
    }
}

/* {id: {data_collection_id, value}} of the platform, [{field_name, field_value}] of the guide.
 */
static void read_data(wk_arena_t *a, const wk_redactor_t *redactor, const va_json_t *analysis,
                      wk_report_t *r)
{
    const va_json_t *list = va_json_get(analysis, "data_collection_results");
    list = list != NULL ? list : va_json_get(analysis, "data_collection");
    if (!va_json_is(list, VA_JSON_OBJECT) && !va_json_is(list, VA_JSON_ARRAY)) {
        return;
    }
    r->data = wk_alloc(a, (list->count + 1) * sizeof(*r->data));
    for (const va_json_t *entry = list->first; entry != NULL; entry = entry->next) {
        const va_json_t *value = va_json_get(entry, "value");
        value = value != NULL ? value : va_json_get(entry, "field_value");
        va_str_t name = ANY(entry, "/data_collection_id", "/field_name");
        va_str_t text = va_json_scalar(value);
        name = name.len > 0 ? name : entry->name;
        if (name.len > 0 && text.len > 0) {
            r->data[r->n_data++] = (wk_report_datum_t){
                wk_clean_text(a, name), wk_redact(redactor, a, wk_clean_text(a, text)),
                value_type(value)};
        }
    }
}

static void read_evaluations(wk_arena_t *a, const wk_redactor_t *redactor,
                             const va_json_t *analysis, wk_report_t *r)
{
    static const char *const results[] = {"success", "failure", "unknown", NULL};
    const va_json_t *list = va_json_get(analysis, "evaluation_criteria_results");
    if (!va_json_is(list, VA_JSON_OBJECT)) {
        return;
    }
    r->evaluations = wk_alloc(a, (list->count + 1) * sizeof(*r->evaluations));
    for (const va_json_t *entry = list->first; entry != NULL; entry = entry->next) {
        va_str_t result = va_json_get_string(entry, "result");
        if (one_of(result, results)) {
            r->evaluations[r->n_evaluations++] = (wk_report_evaluation_t){
                wk_clean_text(a, entry->name), result,
                wk_redact(redactor, a,
                          wk_clean_text(a, va_json_get_string(entry, "rationale")))};
        }
    }
}

static bool read_analysis(wk_arena_t *a, const wk_redactor_t *redactor, const va_json_t *data,
                          wk_report_t *r, wk_error_t *e)
{
    const va_json_t *analysis = va_json_get(data, "analysis");
    va_str_t summary = ANY(analysis, "/transcript_summary", "/summary");
    r->summary = wk_redact(redactor, a, wk_clean_text(a, summary));
    r->end_reason = wk_redact(redactor, a, wk_clean_text(a, r->end_reason));
    read_data(a, redactor, analysis, r);
    read_evaluations(a, redactor, analysis, r);
    r->analysis = va_json_is(analysis, VA_JSON_OBJECT) ? wk_redact_json(redactor, a, analysis)
                                                       : VA_STR("{}");
    return r->analysis.data != NULL ||
           wk_error(e, WK_INVALID, "an analysis that cannot be written");
}

bool wk_report_read(wk_arena_t *a, const wk_redactor_t *redactor, const va_json_t *data,
                    wk_report_t *r, wk_error_t *e)
{
    *r = (wk_report_t){.seconds = -1};
    read_call(a, data, r);
    if (r->conversation.len == 0) {
        return wk_error(e, WK_INVALID, "a report without a conversation");
    }
    read_turns(a, data, r);
    mask_turns(a, redactor, r);
    return read_analysis(a, redactor, data, r, e);
}

va_str_t wk_report_datum(const wk_report_t *r, const char *const *names)
{
    for (; *names != NULL; names++) {
        for (size_t i = 0; i < r->n_data; i++) {
            if (va_str_ieq(r->data[i].name, va_str_c(*names))) {
                return r->data[i].value;
            }
        }
    }
    return VA_STR_NULL;
}

va_str_t wk_report_transcript(wk_arena_t *a, const wk_report_t *r)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 4096);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < r->n_turns; i++) {
        va_json_object(w);
        va_json_add_str(w, "speaker", r->turns[i].speaker);
        va_json_add_str(w, "text", r->turns[i].text);
        va_json_add_int(w, "offset_ms", r->turns[i].offset_ms);
        va_json_object_end(w);
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("[]");
}
