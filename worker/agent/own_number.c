#include "worker/agent/own_number.h"

#include <string.h>

#include "worker/agent/time_left.h"
#include "worker/agent/time_zone.h"
#include "worker/log.h"
#include "worker/store/signup.h"

#define LIST_MS   4000
#define BUY_MS    8000
#define TRIES     3  /* numbers that somebody else was faster at */
#define NAME_PART 26 /* of the 64 characters of a name; the id takes 36 */

/* ---------------------------------------------------------------- where */

/* Of a North American number; absent: another's. */
static va_str_t area_of(va_str_t phone)
{
    bool ours = phone.len == strlen("+14165550100") && phone.data[1] == '1';
    return ours ? va_str(phone.data + 2, 3) : VA_STR_NULL;
}

static bool is_canadian(va_str_t phone)
{
    static const char areas[] =
        " 204 226 236 249 250 257 263 289 306 343 354 365 367 368 382 387 403 416 418 428 431"
        " 437 438 450 460 468 474 506 514 519 537 548 568 579 581 584 587 604 613 639 647 672"
        " 683 705 709 742 753 778 780 782 807 819 825 867 873 879 902 905 942 ";
    char area[] = " 000 ";
    va_str_t said = area_of(phone);
    if (said.data == NULL) {
        return false;
    }
    memcpy(area + 1, said.data, said.len);
    return strstr(areas, area) != NULL;
}

va_str_t wk_country_of(wk_ctx_t *ctx, va_str_t timezone, va_str_t phone)
{
    va_str_t present = wk_zone_present_name(ctx->arena, timezone);
    va_str_t country = wk_zone_country(ctx->arena, present);
    if (country.data != NULL) {
        return country;
    }
    return is_canadian(phone) ? VA_STR("CA") : va_str_c(ctx->config->signup_country);
}

/* ---------------------------------------------------------------- found again */

/* Plain letters alone: it is compared with what the carrier keeps. */
static va_str_t name_of(wk_ctx_t *ctx, const wk_own_number_t *wish)
{
    va_buf_t name;
    va_buf_init(&name, wk_mem(ctx->arena), 64);
    for (size_t i = 0; i < wish->business.len && name.len < NAME_PART; i++) {
        char c = wish->business.data[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            va_buf_add_char(&name, c);
        }
    }
    va_buf_add_char(&name, name.len > 0 ? '-' : 'x');
    va_buf_add_str(&name, wish->organization);
    return va_buf_str(&name);
}

typedef struct {
    va_str_t list; /* JSON */
    wk_rows_t *rows;
} list_t;

static va_str_t write_list(wk_ctx_t *ctx, const va_str_t *texts, size_t n)
{
    va_buf_t text;
    va_buf_init(&text, wk_mem(ctx->arena), 512);
    va_json_writer_t *w = va_json_writer_new(&text);
    va_json_array(w);
    for (size_t i = 0; i < n; i++) {
        va_json_put_str(w, texts[i]);
    }
    va_json_array_end(w);
    return va_json_writer_end(w) == VA_OK ? va_buf_str(&text) : VA_STR("[]");
}

static bool unnoted_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    list_t *l = arg;
    return wk_sql_last(tx, &wk_sql_signup_unnoted_numbers, &l->list, &l->rows, e);
}

/* What the shop is known to have is none that was bought without being noted, whatever its
 * name. */
static bool leave_unnoted(wk_ctx_t *ctx, const wk_own_number_t *wish, wk_twilio_number_t *found,
                          size_t *n, wk_error_t *e)
{
    size_t left = 0;
    va_str_t sids[WK_TWILIO_FOUND];
    for (size_t i = 0; i < *n; i++) {
        sids[i] = found[i].sid;
    }
    list_t l = {.list = write_list(ctx, sids, *n)};
    if (*n == 0) {
        return true;
    }
    if (!wk_tx(ctx->db, ctx->arena, wish->organization, 0, unnoted_tx, &l, e)) {
        return false;
    }
    for (size_t i = 0; i < *n && left < wk_rows_count(l.rows); i++) {
        if (va_str_eq(found[i].sid, wk_cell(l.rows, left, "sid"))) {
            found[left++] = found[i];
        }
    }
    *n = left;
    return true;
}

static bool look(wk_ctx_t *ctx, const wk_own_number_t *wish, wk_twilio_number_t *found,
                 size_t *n, wk_error_t *e)
{
    int ms;
    return wk_time_left(wish->until_ms, LIST_MS, &ms, e) &&
           wk_twilio_numbers_named(ctx, ms, name_of(ctx, wish), found, n, e) &&
           leave_unnoted(ctx, wish, found, n, e);
}

static bool release(wk_ctx_t *ctx, const wk_own_number_t *wish, const wk_twilio_number_t *found,
                    size_t n, wk_error_t *e)
{
    int ms;
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        wk_log(WK_WARN, "a number that nobody needs is given back",
               WK_S("organization", wish->organization), WK_S("sid", found[i].sid));
        ok = wk_time_left(wish->until_ms, LIST_MS, &ms, e) &&
             wk_twilio_number_release(ctx, ms, found[i].sid, e);
    }
    return ok;
}

/* *number stays absent when none was bought; of two the second is given back. */
static bool find(wk_ctx_t *ctx, const wk_own_number_t *wish, wk_twilio_number_t *number,
                 wk_error_t *e)
{
    size_t n;
    wk_twilio_number_t found[WK_TWILIO_FOUND];
    *number = (wk_twilio_number_t){VA_STR_NULL, VA_STR_NULL};
    if (!look(ctx, wish, found, &n, e)) {
        return false;
    }
    if (n == 0) {
        return true;
    }
    *number = found[0];
    return release(ctx, wish, found + 1, n - 1, e);
}

bool wk_own_number_release(wk_ctx_t *ctx, const wk_own_number_t *wish, wk_error_t *e)
{
    size_t n;
    wk_twilio_number_t found[WK_TWILIO_FOUND];
    return look(ctx, wish, found, &n, e) && release(ctx, wish, found, n, e);
}

bool wk_own_number_give_back(wk_ctx_t *ctx, const wk_own_number_t *wish,
                             const wk_twilio_number_t *number, wk_error_t *e)
{
    return release(ctx, wish, number, 1, e);
}

/* ---------------------------------------------------------------- bought */

/* Not those that a shop here has or had, whatever the carrier believes. */
static bool free_tx(wk_tx_t *tx, void *arg, wk_error_t *e)
{
    list_t *sale = arg;
    return wk_sql_last(tx, &wk_sql_signup_free_numbers, &sale->list, &sale->rows, e);
}

static bool for_sale(wk_ctx_t *ctx, const wk_own_number_t *wish, va_str_t area, list_t *sale,
                     wk_error_t *e)
{
    int ms;
    size_t n;
    va_str_t numbers[WK_TWILIO_FOUND];
    if (!wk_time_left(wish->until_ms, LIST_MS, &ms, e) ||
        !wk_twilio_numbers_for_sale(ctx, ms, wk_country_of(ctx, wish->timezone, wish->phone),
                                    area, numbers, &n, e)) {
        return false;
    }
    sale->list = write_list(ctx, numbers, n);
    return wk_tx(ctx->db, ctx->arena, VA_STR_NULL, 0, free_tx, sale, e);
}

/* Its neighbours first, then any of the country. */
static bool search(wk_ctx_t *ctx, const wk_own_number_t *wish, list_t *sale, wk_error_t *e)
{
    va_str_t area = area_of(wish->phone);
    if (area.data != NULL && !for_sale(ctx, wish, area, sale, e)) {
        return false;
    }
    if ((area.data == NULL || wk_rows_count(sale->rows) == 0) &&
        !for_sale(ctx, wish, VA_STR_NULL, sale, e)) {
        return false;
    }
    return wk_rows_count(sale->rows) > 0 ||
           wk_error(e, WK_REFUSED, "Twilio: no number is for sale");
}

/* An answer that was not heard: the carrier is asked at once. */
static bool settle(wk_ctx_t *ctx, const wk_own_number_t *wish, wk_twilio_number_t *number,
                   wk_error_t *e)
{
    wk_error_t failure = *e;
    if (find(ctx, wish, number, e) && number->sid.data != NULL) {
        return true;
    }
    *e = failure;
    return false;
}

static bool buy(wk_ctx_t *ctx, const wk_own_number_t *wish, const list_t *sale,
                wk_twilio_number_t *number, wk_error_t *e)
{
    int ms;
    va_str_t name = name_of(ctx, wish);
    wk_error(e, WK_REFUSED, "Twilio: each number was sold to somebody else");
    for (size_t i = 0; i < wk_rows_count(sale->rows) && i < TRIES; i++) {
        number->number = wk_cell(sale->rows, i, "number");
        if (!wk_time_left(wish->until_ms, BUY_MS, &ms, e)) {
            return false;
        }
        if (wk_twilio_number_buy(ctx, ms, number->number, name, &number->sid, e)) {
            return true;
        }
        if (!wk_twilio_number_gone(e)) {
            return e->code == WK_UNKNOWN && settle(ctx, wish, number, e);
        }
    }
    return false;
}

bool wk_own_number_get(wk_ctx_t *ctx, const wk_own_number_t *wish, wk_twilio_number_t *number,
                       wk_error_t *e)
{
    list_t sale = {.rows = NULL};
    if (wish->sought) {
        if (!find(ctx, wish, number, e)) {
            e->code = WK_UNKNOWN; /* nobody was asked for another */
            return false;
        }
        if (number->sid.data != NULL) {
            return true;
        }
    }
    return search(ctx, wish, &sale, e) && buy(ctx, wish, &sale, number, e);
}
