/* search_knowledge: what the shop's documents say about it. */
#include "worker/agent/knowledge.h"
#include "worker/agent/tools/tools.h"

static const wk_arg_t search_args[] = {
    {.name = "query",
     .description = "what is asked, in the customer's words",
     .required = true,
     .max = 500},
    {NULL},
};

/* Outside of the transaction, as a service is asked. */
static void embed(wk_tool_call_t *call)
{
    va_str_t *embedding = wk_alloc(call->ctx->arena, sizeof(*embedding));
    *embedding = wk_knowledge_embedding(call->ctx, call->caller->organization,
                                        wk_arg_text(call->args, "query"));
    call->before = embedding;
}

static void put_passage(va_json_writer_t *w, const wk_passage_t *p)
{
    va_json_object(w);
    va_json_add_str(w, "title", p->title);
    va_json_add_str(w, "heading", p->heading);
    va_json_add_str(w, "text", p->text);
    va_json_add_bool(w, "confident", p->confident);
    va_json_object_end(w);
}

static bool search_knowledge(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_passages_t found;
    const va_str_t *embedding = call->before;
    if (!wk_knowledge_find(call->ctx, tx, wk_arg_text(call->args, "query"), *embedding, &found,
                           e)) {
        return false;
    }
    va_json_key(call->out, "passages");
    va_json_array(call->out);
    for (size_t i = 0; i < found.count; i++) {
        put_passage(call->out, &found.at[i]);
    }
    va_json_array_end(call->out);
    va_json_key(call->out, "sources");
    wk_knowledge_put_sources(call->out, &found);
    va_json_add_bool(call->out, "confident", found.count > 0 && found.at[0].confident);
    call->message = found.count > 0 ? found.at[0].sentence
                                    : wk_text(call->caller->language, "tool.knowledge_none");
    return true;
}

const wk_tool_t wk_tool_search_knowledge = {
    .name = "search_knowledge",
    .args = search_args,
    .before = embed,
    .run = search_knowledge,
};
