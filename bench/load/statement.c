/* Prints a statement of our worker's by its name, so that a peer asks the same. */
#include <stdio.h>
#include <string.h>

#include "worker/store/appointments.h"
#include "worker/store/calendar.h"
#include "worker/store/calls.h"
#include "worker/store/personalization.h"
#include "worker/store/products.h"
#include "worker/store/shop.h"
#include "worker/store/sql.h"

static const wk_sql_t *const statements[] = {
    &wk_sql_personalization, &wk_sql_call_caller,      &wk_sql_shop_products_due,
    &wk_sql_products_find,   &wk_sql_calendars_to_ask, &wk_sql_service,
    &wk_sql_slots,
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc == 2 && i < sizeof(statements) / sizeof(*statements); i++) {
        if (strcmp(statements[i]->name, argv[1]) == 0) {
            return puts(statements[i]->text) < 0;
        }
    }
    fputs("usage: statement NAME\n", stderr);
    return 2;
}
