#include "worker/store/organizations.h"

const wk_sql_t wk_sql_shop_language = {
    "shop_language", "SELECT language FROM organizations WHERE id = current_organization()", 0};

const wk_sql_t wk_sql_number_is_ours = {
    "number_is_ours", "SELECT organization_by('number', $1) IS NOT NULL AS ours", 1};
