#include "worker/voice/chat_memory.h"

#include <stdlib.h>

#include "core/json.h"
#include "worker/voice/chat_earlier.h"

#define CALLS   8 /* of one utterance */
#define RUNNING "{\"success\":false,\"message\":\"It is still running.\"}"

typedef struct {
    wk_bytes_t id, name, arguments, output;
    bool answered;
} call_t;

typedef struct {
    const char *role;
    char item[WK_PLAYOUT_ITEM_MAX]; /* of the agent's */
    wk_bytes_t text;
    call_t *calls; /* CALLS of them; NULL: none */
    size_t n_calls;
} entry_t;

struct wk_chat_memory {
    entry_t entries[WK_CHAT_MEMORY_MAX]; /* a ring */
    size_t n;                            /* ever */
    wk_earlier_t earlier;                /* those before */
};

/* ---------------------------------------------------------------- entries */

static void free_entry(entry_t *entry)
{
    for (size_t i = 0; i < entry->n_calls; i++) {
        wk_bytes_free(&entry->calls[i].id);
        wk_bytes_free(&entry->calls[i].name);
        wk_bytes_free(&entry->calls[i].arguments);
        wk_bytes_free(&entry->calls[i].output);
    }
    free(entry->calls);
    wk_bytes_free(&entry->text);
    *entry = (entry_t){.role = NULL};
}

wk_chat_memory_t *wk_chat_memory_new(void)
{
    wk_chat_memory_t *m = calloc(1, sizeof(*m));
    if (m == NULL) {
        abort();
    }
    return m;
}

void wk_chat_memory_free(wk_chat_memory_t *m)
{
    for (size_t i = 0; i < WK_CHAT_MEMORY_MAX; i++) {
        free_entry(&m->entries[i]);
    }
    wk_earlier_free(&m->earlier);
    free(m);
}

static size_t oldest(const wk_chat_memory_t *m)
{
    return m->n > WK_CHAT_MEMORY_MAX ? m->n - WK_CHAT_MEMORY_MAX : 0;
}

static const entry_t *entry_at(const wk_chat_memory_t *m, size_t i)
{
    return &m->entries[i % WK_CHAT_MEMORY_MAX];
}

static void put_aside(wk_chat_memory_t *m, const entry_t *entry)
{
    va_str_t text = wk_bytes_str(&entry->text);
    if (text.len > 0) {
        wk_earlier_add(&m->earlier, va_str_c(entry->role), text);
    }
    for (size_t i = 0; i < entry->n_calls; i++) {
        const call_t *call = &entry->calls[i];
        wk_earlier_add(&m->earlier, wk_bytes_str(&call->name), wk_bytes_str(&call->arguments));
        if (call->answered) {
            wk_earlier_add(&m->earlier, VA_STR("tool"), wk_bytes_str(&call->output));
        }
    }
}

static entry_t *new_entry(wk_chat_memory_t *m, const char *role)
{
    entry_t *entry = &m->entries[m->n % WK_CHAT_MEMORY_MAX];
    if (m->n++ >= WK_CHAT_MEMORY_MAX) {
        put_aside(m, entry);
    }
    free_entry(entry);
    entry->role = role;
    return entry;
}

static void add_entry(wk_chat_memory_t *m, const char *role, va_str_t text)
{
    entry_t *entry = new_entry(m, role);
    wk_bytes_add(&entry->text, text.data, text.len);
}

void wk_chat_user(wk_chat_memory_t *m, va_str_t text)
{
    add_entry(m, "user", text);
}

void wk_chat_system(wk_chat_memory_t *m, va_str_t text)
{
    add_entry(m, "system", text);
}

/* ---------------------------------------------------------------- the agent's */

/* Its number, as entry_at() takes it; m->n: it is not remembered. */
static size_t find(const wk_chat_memory_t *m, va_str_t item)
{
    for (size_t i = m->n; i > oldest(m); i--) {
        if (va_str_eq(va_str_c(entry_at(m, i - 1)->item), item)) {
            return i - 1;
        }
    }
    return m->n;
}

static entry_t *agent_entry(wk_chat_memory_t *m, va_str_t item)
{
    size_t at = find(m, item);
    if (at < m->n) {
        return &m->entries[at % WK_CHAT_MEMORY_MAX];
    }
    entry_t *entry = new_entry(m, "assistant");
    size_t len = item.len < sizeof(entry->item) ? item.len : sizeof(entry->item) - 1;
    memcpy(entry->item, item.data, len);
    entry->item[len] = '\0';
    return entry;
}

void wk_chat_agent(wk_chat_memory_t *m, va_str_t item, va_str_t text)
{
    wk_bytes_add(&agent_entry(m, item)->text, text.data, text.len);
}

va_str_t wk_chat_said(const wk_chat_memory_t *m, va_str_t item)
{
    size_t at = find(m, item);
    return at < m->n ? wk_bytes_str(&entry_at(m, at)->text) : VA_STR("");
}

void wk_chat_cut(wk_chat_memory_t *m, const wk_cut_t *cut)
{
    size_t at = find(m, cut->item);
    if (at < m->n) {
        wk_bytes_t *text = &m->entries[at % WK_CHAT_MEMORY_MAX].text;
        text->len = wk_playout_heard_part(wk_bytes_str(text), cut).len;
    }
}

/* ---------------------------------------------------------------- tools */

void wk_chat_call(wk_chat_memory_t *m, va_str_t item, va_str_t id, va_str_t name,
                  va_str_t arguments)
{
    entry_t *entry = agent_entry(m, item);
    if (entry->calls == NULL && (entry->calls = calloc(CALLS, sizeof(call_t))) == NULL) {
        abort();
    }
    if (entry->n_calls < CALLS) {
        call_t *call = &entry->calls[entry->n_calls++];
        wk_bytes_add(&call->id, id.data, id.len);
        wk_bytes_add(&call->name, name.data, name.len);
        wk_bytes_add(&call->arguments, arguments.data, arguments.len);
    }
}

void wk_chat_result(wk_chat_memory_t *m, va_str_t id, va_str_t output)
{
    for (size_t i = m->n; i > oldest(m); i--) {
        entry_t *entry = &m->entries[(i - 1) % WK_CHAT_MEMORY_MAX];
        for (size_t k = 0; k < entry->n_calls; k++) {
            call_t *call = &entry->calls[k];
            if (!call->answered && va_str_eq(wk_bytes_str(&call->id), id)) {
                call->answered = true;
                wk_bytes_add(&call->output, output.data, output.len);
                return;
            }
        }
    }
}

va_str_t wk_chat_last_result(const wk_chat_memory_t *m)
{
    const entry_t *last = m->n > 0 ? entry_at(m, m->n - 1) : NULL;
    const call_t *call =
        last != NULL && last->n_calls > 0 ? &last->calls[last->n_calls - 1] : NULL;
    return call != NULL && call->answered ? wk_bytes_str(&call->output) : VA_STR_NULL;
}

va_str_t wk_chat_last_user(const wk_chat_memory_t *m)
{
    for (size_t i = m->n; i > oldest(m); i--) {
        const entry_t *entry = entry_at(m, i - 1);
        if (strcmp(entry->role, "user") == 0) {
            return wk_bytes_str(&entry->text);
        }
    }
    return VA_STR_NULL;
}

/* ---------------------------------------------------------------- telling */

static void put_message(va_json_writer_t *w, const char *role, va_str_t text)
{
    va_json_object(w);
    va_json_add_c(w, "role", role);
    va_json_add_str(w, "content", text);
    va_json_object_end(w);
}

static void put_calls(va_json_writer_t *w, const entry_t *entry)
{
    va_json_key(w, "tool_calls");
    va_json_array(w);
    for (size_t i = 0; i < entry->n_calls; i++) {
        const call_t *call = &entry->calls[i];
        va_json_object(w);
        va_json_add_str(w, "id", wk_bytes_str(&call->id));
        va_json_add_c(w, "type", "function");
        va_json_key(w, "function");
        va_json_object(w);
        va_json_add_str(w, "name", wk_bytes_str(&call->name));
        va_json_add_str(w, "arguments", wk_bytes_str(&call->arguments));
        va_json_object_end(w);
        va_json_object_end(w);
    }
    va_json_array_end(w);
}

static void put_results(va_json_writer_t *w, const entry_t *entry)
{
    for (size_t i = 0; i < entry->n_calls; i++) {
        const call_t *call = &entry->calls[i];
        va_json_object(w);
        va_json_add_c(w, "role", "tool");
        va_json_add_str(w, "tool_call_id", wk_bytes_str(&call->id));
        va_json_add_str(w, "content",
                        call->answered ? wk_bytes_str(&call->output) : VA_STR(RUNNING));
        va_json_object_end(w);
    }
}

/* An utterance of which nothing was heard was not made. */
static void put_entry(va_json_writer_t *w, const entry_t *entry)
{
    va_str_t text = wk_bytes_str(&entry->text);
    if (entry->n_calls == 0) {
        if (text.len > 0) {
            put_message(w, entry->role, text);
        }
        return;
    }
    va_json_object(w);
    va_json_add_c(w, "role", entry->role);
    va_json_add_str(w, "content", text.len > 0 ? text : VA_STR_NULL);
    put_calls(w, entry);
    va_json_object_end(w);
    put_results(w, entry);
}

va_str_t wk_chat_messages(wk_arena_t *a, const wk_chat_memory_t *m, va_str_t system,
                          va_str_t now)
{
    va_buf_t out;
    va_buf_init(&out, wk_mem(a), system.len + 4096);
    va_json_writer_t *w = va_json_writer_new(&out);
    va_json_array(w);
    put_message(w, "system", system);
    va_str_t earlier = wk_earlier_text(a, &m->earlier);
    if (earlier.len > 0) {
        put_message(w, "user", earlier); /* a caller's words are no instructions */
    }
    for (size_t i = oldest(m); i < m->n; i++) {
        put_entry(w, entry_at(m, i));
    }
    if (now.len > 0) {
        put_message(w, "system", now);
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&out) : VA_STR_NULL;
}
