#include "worker/agent/context.h"

#include "worker/agent/wording.h"
#include "worker/store/context.h"

#define MAX_PROMPT  6000 /* bytes of a shop's own prompt */
#define MAX_PERSONA 2000
#define MAX_SUMMARY 2000
#define MAX_LINE    1500 /* of a fact */

/* ---------------------------------------------------------------- read */

static void forget(wk_context_t *context)
{
    context->summary = VA_STR_NULL;
    context->commitments = NULL;
    wk_caller_forget(&context->facts);
}

bool wk_context_read(wk_tx_t *tx, va_str_t customer, const wk_tool_caller_t *caller,
                     wk_context_t *context, wk_error_t *e)
{
    wk_rows_t *r;
    bool known = caller->level >= WK_LEVEL_PHONE;
    va_str_t params[] = {customer, known ? VA_STR("true") : VA_STR("false"), caller->call,
                         caller->visitor.session, caller->scope};
    if (!wk_sql(tx, &wk_sql_context, params, &r, e)) {
        return false;
    }
    if (wk_rows_count(r) != 1) {
        return wk_error(e, WK_NOT_FOUND, "the organization is gone");
    }
    *context =
        (wk_context_t){.agent_name = wk_cell(r, 0, "agent_name"),
                       .persona = wk_cell(r, 0, "persona"),
                       .system_prompt = wk_cell(r, 0, "system_prompt"),
                       .personality = wk_cell(r, 0, "personality"),
                       .model = wk_cell(r, 0, "model"),
                       .summary = wk_cell(r, 0, "summary"),
                       .max_tokens = wk_cell_int(r, 0, "max_tokens", 0),
                       .destinations = wk_cell_json(wk_tx_arena(tx), r, 0, "destinations"),
                       .policies = wk_cell_json(wk_tx_arena(tx), r, 0, "policies"),
                       .commitments = wk_cell_json(wk_tx_arena(tx), r, 0, "commitments"),
                       .questions = wk_cell_json(wk_tx_arena(tx), r, 0, "questions"),
                       .messages = wk_cell_json(wk_tx_arena(tx), r, 0, "messages"),
                       .appointments = wk_cell_json(wk_tx_arena(tx), r, 0, "appointments")};
    if (!wk_caller_facts(tx, caller->phone, VA_STR_NULL, &context->facts, e)) {
        return false;
    }
    if (!known) {
        forget(context);
    }
    return true;
}

/* ---------------------------------------------------------------- size */

/* English has four bytes to a token; other scripts take more bytes and more tokens. */
size_t wk_tokens(va_str_t text)
{
    return (text.len + 3) / 4;
}

/* ---------------------------------------------------------------- the system's message */

static void add_line(va_buf_t *text, va_str_t line)
{
    if (line.len > 0) {
        va_buf_add_c(text, text->len > 0 ? "\n" : "");
        va_buf_add_str(text, line);
    }
}

/* "name: value", for facts that are there. */
static void add_fact(va_buf_t *text, const char *name, va_str_t value)
{
    if (value.len > 0) {
        va_buf_add_c(text, "\n");
        va_buf_add_c(text, name);
        va_buf_add_c(text, ": ");
        va_buf_add_str(text, wk_cut_text(value, MAX_LINE));
    }
}

static va_str_t joined(wk_arena_t *a, const va_json_t *object)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 128);
    const va_json_t *m = va_json_is(object, VA_JSON_OBJECT) ? object->first : NULL;
    for (; m != NULL; m = m->next) {
        va_str_t value = va_json_string(m);
        if (value.len > 0) {
            va_buf_add_c(&text, text.len > 0 ? " " : "");
            va_buf_add_str(&text, m->name);
            va_buf_add_c(&text, ": ");
            va_buf_add_str(&text, value);
        }
    }
    return va_buf_str(&text);
}

/* "manager (Complaints and escalations)": names and what they are for, no numbers. */
static va_str_t destinations(wk_arena_t *a, const va_json_t *list)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), 128);
    const va_json_t *d = va_json_is(list, VA_JSON_ARRAY) ? list->first : NULL;
    for (; d != NULL; d = d->next) {
        va_str_t name = va_json_get_string(d, "name");
        va_str_t about = va_json_get_string(d, "description");
        va_str_t rules = va_json_get_string(d, "rules");
        if (name.len > 0) {
            va_buf_add_c(&text, text.len > 0 ? ", " : "");
            va_buf_add_str(&text, name);
            va_buf_add_c(&text, about.len > 0 ? " (" : "");
            va_buf_add_str(&text, about.len > 0 ? about : VA_STR(""));
            va_buf_add_c(&text, rules.len > 0 ? ": " : "");
            va_buf_add_str(&text, rules.len > 0 ? rules : VA_STR(""));
            va_buf_add_c(&text, about.len > 0 ? ")" : "");
        }
    }
    return va_buf_str(&text);
}

static const va_json_t *element(const va_json_t *row, size_t i)
{
    const va_json_t *value = row != NULL ? row->first : NULL;
    while (value != NULL && i-- > 0) {
        value = value->next;
    }
    return value;
}

/* In the order of the shop, each with the form its answer takes and whether it may stay open.
 */
static void add_questions(wk_arena_t *a, const wk_language_t *en, const wk_language_t *l,
                          const wk_context_t *x, va_buf_t *text)
{
    const va_json_t *row = x->questions != NULL ? x->questions->first : NULL;
    add_line(text, row != NULL ? wk_text(en, "prompt.questions") : VA_STR_NULL);
    for (; row != NULL; row = row->next) {
        va_str_t own = va_json_string(va_json_get_n(element(row, 1), wk_language_code(l)));
        va_str_t format = va_json_string(element(row, 2));
        va_buf_add_c(text, "\n- ");
        va_buf_add_str(text, own.len > 0 ? own : va_json_string(element(row, 0)));
        va_buf_add_c(text, " (");
        va_buf_add_str(
            text,
            wk_text_if_any(
                en, wk_printf(a, "prompt.format.%.*s", (int)format.len, format.data).data));
        va_buf_add_c(text, va_json_bool(element(row, 3), true) ? ")" : ", optional)");
    }
}

static void add_shop(wk_arena_t *a, const wk_language_t *l, const wk_context_t *x,
                     va_buf_t *text)
{
    const wk_caller_facts_t *f = &x->facts;
    wk_week_t week = wk_week(f->hours);
    add_fact(text, "shop", f->name);
    add_fact(text, "phone", f->phone);
    add_fact(text, "website", f->website);
    add_fact(text, "today", wk_word_date(a, l, f->today));
    add_fact(text, "date", f->today);
    add_fact(text, "time", f->clock);
    add_fact(text, "open now", f->open ? VA_STR("yes") : VA_STR("no"));
    add_fact(text, "hours", wk_word_week(a, l, &week));
    add_fact(text, "about", f->description);
    add_fact(text, "services", f->services);
    add_fact(text, "policies", joined(a, x->policies));
}

static void add_customer(wk_arena_t *a, const wk_language_t *l, const wk_context_t *x,
                         va_buf_t *text)
{
    const wk_caller_facts_t *f = &x->facts;
    add_fact(text, "customer", f->customer_name);
    add_fact(text, "customer's number", f->caller);
    add_fact(text, "tier", f->tier.len > 0 ? wk_word_for(a, l, "tier", f->tier) : f->tier);
    add_fact(text, "customer since", f->customer_since);
    add_fact(text, "promised and still open", wk_word_commitments(a, x->commitments));
    add_fact(text, "summary of earlier talks", wk_cut_text(x->summary, MAX_SUMMARY));
}

/* "Returns (Store policies): thirty days…", one a line. */
static void add_knowledge(const wk_language_t *l, const wk_context_t *x, va_buf_t *text)
{
    const wk_passages_t *found = &x->knowledge;
    add_line(text, found->count > 0 ? wk_text(l, "prompt.knowledge") : VA_STR_NULL);
    for (size_t i = 0; i < found->count; i++) {
        const wk_passage_t *p = &found->at[i];
        va_buf_add_c(text, "\n- ");
        va_buf_add_str(text, p->title);
        va_buf_add_c(text, p->heading.len > 0 ? ", " : "");
        va_buf_add_str(text, p->heading.len > 0 ? p->heading : VA_STR(""));
        va_buf_add_c(text, ": ");
        va_buf_add_str(text, wk_cut_text(p->text, MAX_LINE));
    }
}

va_str_t wk_context_instructions(wk_arena_t *a, const wk_catalogue_t *c, const wk_language_t *l,
                                 const wk_context_t *x, const char *channel)
{
    va_buf_t text;
    const wk_language_t *en = wk_catalogue_pick(c, VA_STR("en"), VA_STR_NULL);
    va_str_t personality =
        wk_printf(a, "prompt.personality.%.*s", (int)x->personality.len, x->personality.data);
    va_buf_init(&text, wk_mem(a), 4096);
    add_line(&text, x->system_prompt.len > 0
                        ? wk_cut_text(x->system_prompt, MAX_PROMPT)
                        : wk_say(a, en, "prompt.role", {"agent", x->agent_name},
                                 {"shop", x->facts.name}));
    add_line(&text, wk_cut_text(x->persona, MAX_PERSONA));
    add_line(&text, wk_text_if_any(en, personality.data));
    add_line(&text, wk_text_if_any(en, wk_printf(a, "prompt.channel.%s", channel).data));
    add_line(&text, wk_say(a, en, "prompt.rules", {"language", wk_language_code(l)}));
    add_line(&text, wk_say(a, en, "prompt.transfer",
                           {"destinations", destinations(a, x->destinations)}));
    add_questions(a, en, l, x, &text);
    add_line(&text, wk_text(en, "prompt.facts"));
    add_shop(a, l, x, &text);
    add_customer(a, l, x, &text);
    add_knowledge(en, x, &text);
    return va_buf_str(&text);
}

/* ---------------------------------------------------------------- the thread */

static va_str_t message(wk_arena_t *a, const char *role, va_str_t content)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(a), content.len + 64);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_object(w);
    va_json_add_c(w, "role", role);
    va_json_add_str(w, "content", content);
    va_json_object_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("{}");
}

static va_str_t item(const va_json_t *row, size_t i)
{
    return va_json_scalar(element(row, i));
}

/* What was said in another channel says so. */
static va_str_t thread_message(wk_arena_t *a, const wk_language_t *l, const va_json_t *row,
                               const char *channel)
{
    bool customer = va_str_eq(item(row, 1), VA_STR("customer"));
    va_str_t content = item(row, 3);
    if (!va_str_eq(item(row, 2), va_str_c(channel))) {
        va_str_t where = wk_word_for(a, l, "channel", item(row, 2));
        content = wk_printf(a, "[%.*s] %.*s", (int)where.len, where.data, (int)content.len,
                            content.data);
    }
    return message(a, customer ? "user" : "assistant", content);
}

va_str_t wk_context_messages(wk_arena_t *a, const wk_catalogue_t *c, const wk_language_t *l,
                             const wk_context_t *context, const char *channel, va_str_t text,
                             size_t tokens)
{
    va_buf_t out;
    va_str_t before[WK_CONTEXT_MESSAGES];
    size_t n = 0;
    va_str_t system = message(a, "system", wk_context_instructions(a, c, l, context, channel));
    va_str_t own = message(a, "user", text);
    size_t used = wk_tokens(system) + wk_tokens(own);
    const va_json_t *row = context->messages != NULL ? context->messages->first : NULL;
    for (; row != NULL && n < WK_CONTEXT_MESSAGES; row = row->next) {
        va_str_t line = thread_message(a, l, row, channel);
        used += wk_tokens(line);
        if (used > tokens) {
            break;
        }
        before[n++] = line;
    }
    va_buf_init(&out, wk_mem(a), used * 4 + 64);
    va_buf_add_str(&out, system);
    while (n > 0) {
        va_buf_add_char(&out, ',');
        va_buf_add_str(&out, before[--n]);
    }
    va_buf_add_char(&out, ',');
    va_buf_add_str(&out, own);
    return va_buf_str(&out);
}
