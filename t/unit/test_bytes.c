/* Bytes that are taken in front, and out of the middle. */
#include "worker/voice/bytes.h"

#include "t/unit/support.h"

static void what_is_cut_out_is_gone(void **state)
{
    wk_bytes_t b = {0};
    (void)state;
    wk_bytes_add(&b, "x\none\ntwo\nthree\n", 16);
    wk_bytes_take(&b, 2);
    wk_bytes_cut(&b, 4, 4);
    assert_str(wk_bytes_str(&b), "one\nthree\n");
    wk_bytes_cut(&b, 4, 6);
    assert_str(wk_bytes_str(&b), "one\n");
    wk_bytes_cut(&b, 0, 4);
    assert_int_equal(wk_bytes_str(&b).len, 0);
    wk_bytes_add(&b, "four", 4);
    assert_str(wk_bytes_str(&b), "four");
    wk_bytes_free(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {TEST(what_is_cut_out_is_gone)};
    return RUN("bytes", tests);
}
