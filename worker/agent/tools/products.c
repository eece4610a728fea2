/* check_inventory, get_product_recommendations: what the shop has, and what suits. */
#include "worker/store/products.h"
#include "worker/agent/shop.h"
#include "worker/agent/tools/tools.h"
#include "worker/agent/wording.h"

#define MAX_FOUND       "20"
#define MAX_CANDIDATES  "200"
#define MAX_RECOMMENDED 5
#define MAX_SAID        3

static bool in_stock(const wk_rows_t *rows, size_t i)
{
    return wk_cell_int(rows, i, "available", 0) > 0 || !wk_cell_bool(rows, i, "tracked");
}

static va_str_t full_title(wk_arena_t *a, const wk_rows_t *rows, size_t i)
{
    va_str_t title = wk_cell(rows, i, "title"), variant = wk_cell(rows, i, "variant_title");
    return variant.len == 0 ? title
                            : wk_printf(a, "%.*s - %.*s", (int)title.len, title.data,
                                        (int)variant.len, variant.data);
}

void wk_tool_put_product(va_json_writer_t *w, wk_arena_t *a, const wk_rows_t *rows, size_t i)
{
    va_json_add_str(w, "product_id", wk_cell(rows, i, "product_id"));
    va_json_add_str(w, "variant_id", wk_cell(rows, i, "variant_id"));
    va_json_add_str(w, "title", full_title(a, rows, i));
    va_json_add_str(w, "product_type", wk_cell(rows, i, "product_type"));
    va_json_add_str(w, "price", wk_cell(rows, i, "price"));
    va_json_add_str(w, "currency", wk_cell(rows, i, "currency"));
    va_json_add_int(w, "available", wk_cell_int(rows, i, "available", 0));
    va_json_add_str(w, "sku", wk_cell(rows, i, "sku"));
    va_json_add_bool(w, "in_stock", in_stock(rows, i));
}

/* ---------------------------------------------------------------- check_inventory */

static const wk_arg_t inventory_args[] = {
    {.name = "product_id", .description = "product id, SKU, or words of its name", .max = 200},
    {.name = "query", .description = "the same as product_id", .max = 200},
    {.name = "variant_id", .description = "one variant: its id, size or colour", .max = 100},
    {NULL},
};

static va_str_t say_stock(const wk_tool_call_t *call, const wk_rows_t *rows)
{
    va_str_t items[MAX_SAID];
    wk_arena_t *a = call->ctx->arena;
    const wk_language_t *l = call->caller->language;
    size_t n = wk_rows_count(rows) < MAX_SAID ? wk_rows_count(rows) : MAX_SAID;
    for (size_t i = 0; i < n; i++) {
        va_str_t price =
            wk_word_money(a, l, wk_cell(rows, i, "price"), wk_cell(rows, i, "currency"));
        items[i] = wk_say(a, l, in_stock(rows, i) ? "tool.in_stock" : "tool.sold_out",
                          {"product", full_title(a, rows, i)}, {"price", price});
    }
    return wk_word_list_of(a, l, items, n);
}

static va_str_t asked_for(const va_json_t *args)
{
    va_str_t what = wk_arg_text(args, "product_id");
    return what.data != NULL ? what : wk_arg_text(args, "query");
}

static void ask_shop(wk_tool_call_t *call)
{
    call->shop_away = wk_shop_ask(call->before);
}

/* What the cache has, or that the shop has to be asked first. */
static bool find_products(wk_tx_t *tx, wk_tool_call_t *call, va_str_t what, wk_rows_t **rows,
                          wk_error_t *e)
{
    wk_shop_need_t *need = NULL;
    va_str_t params[] = {what, wk_arg_text(call->args, "variant_id"), VA_STR(MAX_FOUND)};
    if ((!call->asked && !wk_shop_see_products(tx, call->ctx, what, &need, e)) ||
        !wk_sql_last(tx, &wk_sql_products_find, params, rows, e)) {
        return false;
    }
    call->before = need;
    return need == NULL || !wk_shop_is_needed(need) || wk_tool_ask_first(call);
}

static bool refuse_unknown(wk_tool_call_t *call, va_str_t what)
{
    if (call->shop_away) {
        return wk_tool_refuse(call, 503, "unavailable",
                              wk_text(call->caller->language, "tool.shop_away"));
    }
    return wk_tool_refuse(call, 404, "not_found",
                          wk_tool_say(call, "tool.no_product", {"product", what}));
}

static bool check_inventory(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows;
    int64_t total = 0;
    va_str_t what = asked_for(call->args);
    if (what.data == NULL) {
        return wk_tool_refuse(
            call, 400, "bad_request",
            VA_STR("product_id is missing: an id, a SKU, or words of the name."));
    }
    if (!find_products(tx, call, what, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) == 0) {
        return refuse_unknown(call, what);
    }
    va_json_add_str(call->out, "product_title", wk_cell(rows, 0, "title"));
    va_json_add_str(call->out, "product_type", wk_cell(rows, 0, "product_type"));
    va_json_add_str(call->out, "vendor", wk_cell(rows, 0, "vendor"));
    va_json_key(call->out, "inventory");
    va_json_array(call->out);
    for (size_t i = 0; i < wk_rows_count(rows); i++) {
        int64_t available = wk_cell_int(rows, i, "available", 0);
        total += available > 0 ? available : 0;
        va_json_object(call->out);
        wk_tool_put_product(call->out, call->ctx->arena, rows, i);
        va_json_object_end(call->out);
    }
    va_json_array_end(call->out);
    va_json_add_int(call->out, "total_available", total);
    call->message = say_stock(call, rows);
    if (call->shop_away) {
        wk_shop_tell_age(call, rows);
    }
    return true;
}

const wk_tool_t wk_tool_check_inventory = {
    .name = "check_inventory",
    .args = inventory_args,
    .before = ask_shop,
    .sees_need = true,
    .run = check_inventory,
};

/* ---------------------------------------------------------------- recommendations */

static const char *const bike_types[] = {"mountain_bike", "road_bike", "e_bike",
                                         "hybrid_bike",   "city_bike", "gravel_bike",
                                         "kids_bike",     "accessory", NULL};
static const char *const experience[] = {"beginner", "intermediate", "expert", NULL};

static const wk_arg_t recommend_args[] = {
    {.name = "bike_type", .description = "kind of bike", .words = bike_types},
    {.name = "riding_style",
     .description = "what it is for: city, commuting, trail, road, racing"},
    {.name = "budget_max", WK_ARG_NUMBER, "the most to spend", .min = 0, .max = 100000},
    {.name = "experience_level", .description = "of the rider", .words = experience},
    {.name = "height_cm", WK_ARG_NUMBER, "of the rider", .min = 60, .max = 230},
    {NULL},
};

/*
 * The same in the objects of the bike store guide, which schemas for models do without: they
 * count where the plain member is missing.
 */
static const wk_arg_t range_args[] = {
    {.name = "min", WK_ARG_NUMBER, "the least to spend", .min = 0, .max = 100000},
    {.name = "max", WK_ARG_NUMBER, "the most to spend", .min = 0, .max = 100000},
    {NULL},
};
static const wk_arg_t measure_args[] = {
    {.name = "height", WK_ARG_NUMBER, "of the rider, cm", .min = 60, .max = 230},
    {NULL},
};

/* NULL: it is not there. False: it does not fit, and the call is refused. */
static bool read_part(wk_tool_call_t *call, const char *name, const wk_arg_t *args,
                      const va_json_t **part)
{
    va_str_t problem = VA_STR("It must be an object.");
    const va_json_t *given = va_json_get(call->args, name);
    *part = given == NULL || va_json_is(given, VA_JSON_NULL) ? NULL : given;
    if (*part == NULL ||
        (va_json_is(given, VA_JSON_OBJECT) &&
         wk_args_check(call->ctx->arena, call->catalogue, args, given, &problem))) {
        return true;
    }
    wk_tool_refuse(
        call, 400, "bad_request",
        wk_printf(call->ctx->arena, "%s: %.*s", name, (int)problem.len, problem.data));
    return false;
}

typedef struct {
    va_str_t least, most; /* to spend; absent: any */
    double height;        /* 0: not told */
} limits_t;

static bool read_limits(wk_tool_call_t *call, limits_t *l)
{
    const va_json_t *range, *measures;
    if (!read_part(call, "budget_range", range_args, &range) ||
        !read_part(call, "physical_measurements", measure_args, &measures)) {
        return false;
    }
    l->most = wk_arg_text(call->args, "budget_max");
    l->most = l->most.data != NULL || range == NULL ? l->most : wk_arg_text(range, "max");
    l->least = range != NULL ? wk_arg_text(range, "min") : VA_STR_NULL;
    l->height = wk_arg_number(call->args, "height_cm",
                              measures != NULL ? wk_arg_number(measures, "height", 0) : 0);
    return true;
}

/* What fits a product, each a reason of its own. */
typedef struct {
    size_t row;
    int score;
    va_str_t reasons[5];
    size_t n_reasons;
} match_t;

typedef struct {
    wk_tool_call_t *call;
    const wk_rows_t *rows;
    va_str_t style, level;
    double height;
    bool budget;
} wish_t;

static void add_reason(const wish_t *w, match_t *m, int points, const char *text, va_str_t word)
{
    m->score += points;
    m->reasons[m->n_reasons++] = wk_tool_say(w->call, text, {"word", word});
}

static bool lists(const va_json_t *attributes, const char *name, va_str_t word)
{
    const va_json_t *list = va_json_get(attributes, name);
    const va_json_t *item = va_json_is(list, VA_JSON_ARRAY) ? list->first : NULL;
    while (item != NULL && !va_str_ieq(va_json_string(item), word)) {
        item = item->next;
    }
    return word.len > 0 && item != NULL;
}

static bool fits_height(const va_json_t *attributes, double height)
{
    double from, to;
    const va_json_t *range = va_json_get(attributes, "height_cm");
    return height > 0 && va_json_is(range, VA_JSON_ARRAY) && range->count == 2 &&
           va_json_double(range->first, &from) && va_json_double(range->first->next, &to) &&
           height >= from && height <= to;
}

static match_t match(const wish_t *w, size_t row)
{
    match_t m = {.row = row};
    const va_json_t *attributes = wk_cell_json(w->call->ctx->arena, w->rows, row, "attributes");
    if (in_stock(w->rows, row)) {
        add_reason(w, &m, 30, "tool.reason_stock", VA_STR_NULL);
    }
    if (lists(attributes, "riding_style", w->style)) {
        add_reason(w, &m, 30, "tool.reason_style", w->style);
    }
    if (w->budget) {
        add_reason(w, &m, 20, "tool.reason_budget", VA_STR_NULL);
    }
    if (lists(attributes, "experience", w->level)) {
        add_reason(w, &m, 10, "tool.reason_level", w->level);
    }
    if (fits_height(attributes, w->height)) {
        add_reason(w, &m, 10, "tool.reason_height", VA_STR_NULL);
    }
    return m;
}

/* Best first; among equals the order of the query. */
static void rank(match_t *matches, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        match_t m = matches[i];
        size_t k = i;
        while (k > 0 && matches[k - 1].score < m.score) {
            matches[k] = matches[k - 1];
            k--;
        }
        matches[k] = m;
    }
}

static void put_titles(const wish_t *w, const char *name, const wk_rows_t *rows,
                       const match_t *matches, size_t from, size_t to)
{
    va_json_key(w->call->out, name);
    va_json_array(w->call->out);
    for (size_t i = from; i < to; i++) {
        size_t row = matches != NULL ? matches[i].row : i;
        va_json_put_str(w->call->out, full_title(w->call->ctx->arena, rows, row));
    }
    va_json_array_end(w->call->out);
}

static void put_recommendation(const wish_t *w, const match_t *matches, size_t n, size_t i,
                               const wk_rows_t *accessories)
{
    va_json_writer_t *out = w->call->out;
    size_t others = i + 3 < n ? i + 3 : n;
    size_t extra = wk_rows_count(accessories) < 3 ? wk_rows_count(accessories) : 3;
    va_json_object(out);
    wk_tool_put_product(out, w->call->ctx->arena, w->rows, matches[i].row);
    va_json_add_int(out, "compatibility_score", matches[i].score);
    va_json_key(out, "reasons");
    va_json_array(out);
    for (size_t k = 0; k < matches[i].n_reasons; k++) {
        va_json_put_str(out, matches[i].reasons[k]);
    }
    va_json_array_end(out);
    put_titles(w, "alternatives", w->rows, matches, i + 1 < n ? i + 1 : n, others);
    put_titles(w, "accessories", accessories, NULL, 0, extra);
    va_json_object_end(out);
}

static void put_factors(const wish_t *w)
{
    va_json_writer_t *out = w->call->out;
    va_json_key(out, "personalization_factors");
    va_json_array(out);
    if (w->style.len > 0) {
        va_json_put_c(out, "riding_style");
    }
    if (w->budget) {
        va_json_put_c(out, "budget_compatibility");
    }
    if (w->level.len > 0) {
        va_json_put_c(out, "experience_level");
    }
    if (w->height > 0) {
        va_json_put_c(out, "physical_fit");
    }
    va_json_array_end(out);
}

static va_str_t say_recommended(const wish_t *w, const match_t *matches, size_t n)
{
    va_str_t items[MAX_SAID];
    wk_arena_t *a = w->call->ctx->arena;
    const wk_language_t *l = w->call->caller->language;
    n = n < MAX_SAID ? n : MAX_SAID;
    for (size_t i = 0; i < n; i++) {
        size_t row = matches[i].row;
        va_str_t price = wk_word_money(a, l, wk_cell(w->rows, row, "price"),
                                       wk_cell(w->rows, row, "currency"));
        items[i] = wk_say(a, l, in_stock(w->rows, row) ? "tool.in_stock" : "tool.sold_out",
                          {"product", full_title(a, w->rows, row)}, {"price", price});
    }
    return wk_tool_say(w->call, "tool.recommended",
                       {"products", wk_word_list_of(a, l, items, n)});
}

static bool find_candidates(wk_tx_t *tx, wk_tool_call_t *call, const limits_t *limits,
                            wk_rows_t **rows, wk_rows_t **accessories, wk_error_t *e)
{
    va_str_t type = wk_arg_word(call->args, "bike_type", bike_types);
    va_str_t params[] = {type, limits->most,
                         va_str_eq(type, VA_STR("accessory")) ? VA_STR("true")
                                                              : VA_STR("false"),
                         VA_STR(MAX_CANDIDATES), limits->least};
    va_str_t extra[] = {VA_STR_NULL, VA_STR_NULL, VA_STR("true"), VA_STR("3"), VA_STR_NULL};
    return wk_sql(tx, &wk_sql_products_candidates, params, rows, e) &&
           wk_sql(tx, &wk_sql_products_candidates, extra, accessories, e);
}

static bool recommend(wk_tx_t *tx, wk_tool_call_t *call, wk_error_t *e)
{
    wk_rows_t *rows, *accessories;
    limits_t limits;
    if (!read_limits(call, &limits)) {
        return true;
    }
    if (!find_candidates(tx, call, &limits, &rows, &accessories, e)) {
        return false;
    }
    size_t n = wk_rows_count(rows);
    if (n == 0) {
        return wk_tool_refuse(call, 404, "not_found",
                              wk_text(call->caller->language, "tool.nothing_suits"));
    }
    wish_t w = {.call = call,
                .rows = rows,
                .style = wk_arg_text(call->args, "riding_style"),
                .level = wk_arg_word(call->args, "experience_level", experience),
                .height = limits.height,
                .budget = limits.most.data != NULL || limits.least.data != NULL};
    match_t *matches = wk_alloc(call->ctx->arena, n * sizeof(*matches));
    for (size_t i = 0; i < n; i++) {
        matches[i] = match(&w, i);
    }
    rank(matches, n);
    va_json_key(call->out, "recommendations");
    va_json_array(call->out);
    for (size_t i = 0; i < n && i < MAX_RECOMMENDED; i++) {
        put_recommendation(&w, matches, n, i, accessories);
    }
    va_json_array_end(call->out);
    va_json_add_int(call->out, "total_matches", (int64_t)n);
    put_factors(&w);
    call->message = say_recommended(&w, matches, n);
    return true;
}

const wk_tool_t wk_tool_get_product_recommendations = {
    .name = "get_product_recommendations",
    .args = recommend_args,
    .run = recommend,
};
