#include "t/handlers/lib/slots.h"

#include "t/handlers/lib/texts.h"

/* From the opening of a working day on, four days ahead or the Monday behind that: what a test
 * gets depends not on the time at which it runs, nor on the day for that day's hours (n < 9).
 */
static const char *start_of(const char *length, const char *zone, const char *behind, int n)
{
    return t_sqlf(
        "SET LOCAL app.current_organization_id = '" DOWNTOWN "';"
        "WITH near AS (SELECT (now() AT TIME ZONE 'America/Toronto')::date + 4 AS day),"
        " first AS (SELECT (day + CASE extract(isodow FROM day)"
        "                             WHEN 6 THEN 2 WHEN 7 THEN 1 ELSE 0 END)::timestamp"
        "                  AT TIME ZONE 'America/Toronto' AS at FROM near)"
        "SELECT to_char(starts_at AT TIME ZONE '%s', 'YYYY-MM-DD\"T\"HH24:MI') || '%s'"
        "  FROM first, free_slots('default', '%s', at, at + interval '16 days', '1 hour')"
        " ORDER BY starts_at OFFSET %d LIMIT 1",
        zone, behind, length, n);
}

const char *t_free_slot_of(const char *length, int n)
{
    return start_of(length, "America/Toronto", "", n);
}

const char *t_free_slot(int n)
{
    return t_free_slot_of("1 hour", n);
}

const char *t_free_instant(int n)
{
    return start_of("1 hour", "UTC", ":00Z", n);
}
