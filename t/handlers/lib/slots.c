#include "t/handlers/lib/slots.h"

#include "t/handlers/lib/texts.h"

static const char *start_of(const char *length, const char *zone, const char *behind, int n)
{
    return t_sqlf(
        "SET LOCAL app.current_organization_id = '" DOWNTOWN "';"
        "SELECT to_char(starts_at AT TIME ZONE '%s', 'YYYY-MM-DD\"T\"HH24:MI') || '%s'"
        "  FROM free_slots('default', '%s', now() + interval '4 days',"
        "       now() + interval '20 days', '1 hour')"
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
