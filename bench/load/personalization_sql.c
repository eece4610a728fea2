/* Prints the statement our worker asks for a caller's facts, so that a peer asks the same. */
#include <stdio.h>

#include "worker/store/personalization.h"
#include "worker/store/sql.h"

int main(void)
{
    return puts(wk_sql_personalization.text) < 0;
}
