#include "worker/agent/reception_facts.h"

#include <stdlib.h>

#include "worker/store/reception.h"

static void read_shop(wk_tx_t *tx, const wk_rows_t *r, wk_reception_facts_t *f)
{
    va_str_t confidence = wk_cell(r, 0, "language_confidence");
    f->shop = wk_cell(r, 0, "name");
    f->phone = wk_cell(r, 0, "phone");
    f->language = wk_cell(r, 0, "language");
    f->languages = wk_cell_json(wk_tx_arena(tx), r, 0, "languages");
    f->address = wk_cell_json(wk_tx_arena(tx), r, 0, "address");
    f->policies = wk_cell_json(wk_tx_arena(tx), r, 0, "policies");
    f->promotions = wk_cell_json(wk_tx_arena(tx), r, 0, "promotions");
    f->prices = wk_cell_json(wk_tx_arena(tx), r, 0, "prices");
    f->durations = wk_cell_json(wk_tx_arena(tx), r, 0, "durations");
    f->services = wk_cell_json(wk_tx_arena(tx), r, 0, "services");
    f->currency = wk_cell(r, 0, "currency");
    f->directions = wk_cell(r, 0, "directions");
    f->agent_name = wk_cell(r, 0, "agent_name");
    f->language_detection = wk_cell_bool(r, 0, "language_detection");
    f->language_confidence = strtod(confidence.data, NULL);
    f->plan = wk_cell(r, 0, "plan");
    f->engine = wk_cell(r, 0, "engine");
    f->business_type = wk_cell(r, 0, "business_type");
    f->page_number = wk_cell(r, 0, "page_number");
    f->emergency_words = wk_cell_json(wk_tx_arena(tx), r, 0, "emergency_words");
    f->today = wk_cell(r, 0, "today");
    f->open = wk_cell_bool(r, 0, "open");
    f->closing = wk_cell(r, 0, "closing");
    f->next_opening = wk_cell(r, 0, "next_opening");
    f->week = wk_cell_json(wk_tx_arena(tx), r, 0, "week");
    f->exceptions = wk_cell_json(wk_tx_arena(tx), r, 0, "exceptions");
    f->day = wk_cell_json(wk_tx_arena(tx), r, 0, "day");
}

static void read_customer(wk_tx_t *tx, const wk_rows_t *r, wk_reception_facts_t *f)
{
    f->order_id = wk_cell(r, 0, "order_id");
    f->order_number = wk_cell(r, 0, "order_number");
    f->order_status = wk_cell(r, 0, "status");
    f->tracking_number = wk_cell(r, 0, "tracking_number");
    f->tracking_company = wk_cell(r, 0, "tracking_company");
    f->tracking_url = wk_cell(r, 0, "tracking_url");
    f->expected = wk_cell(r, 0, "expected");
    f->order_count = wk_cell_int(r, 0, "order_count", 0);
    f->appointments = wk_cell_json(wk_tx_arena(tx), r, 0, "appointments");
    f->texted = wk_cell_json(wk_tx_arena(tx), r, 0, "texted");
    f->ready = wk_cell_bool(r, 0, "ready");
    f->open_callback = wk_cell_bool(r, 0, "open_callback");
    f->knows = wk_cell_bool(r, 0, "knows");
}

bool wk_reception_facts(wk_tx_t *tx, va_str_t customer, va_str_t number,
                        const wk_reading_t *reading, va_str_t at, wk_reception_facts_t *facts,
                        wk_error_t *e)
{
    wk_rows_t *rows;
    va_str_t params[] = {customer, number, reading->order_number, reading->day, at};
    *facts = (wk_reception_facts_t){.open = false};
    if (!wk_sql(tx, &wk_sql_reception, params, &rows, e)) {
        return false;
    }
    if (wk_rows_count(rows) != 1) {
        return wk_error(e, WK_NOT_FOUND, "the organization is gone");
    }
    read_shop(tx, rows, facts);
    read_customer(tx, rows, facts);
    facts->day_asked = reading->day;
    return true;
}
