/* A thread steps back for a bulk job and comes back, or none does. */
#define _GNU_SOURCE /* gettid */
#include "worker/priority.h"

#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static int niceness(void)
{
    return getpriority(PRIO_PROCESS, (id_t)gettid());
}

static void *niceness_of_another(void *arg)
{
    *(int *)arg = niceness();
    return NULL;
}

static void only_the_thread_steps_back(void **state)
{
    int other = -1, usual = niceness();
    pthread_t thread;
    (void)state;
    if (geteuid() != 0) {
        skip();
    }
    wk_priority_init();
    assert_int_equal(niceness(), usual);
    assert_int_equal(pthread_create(&thread, NULL, niceness_of_another, &other), 0);
    pthread_join(thread, NULL);
    wk_priority_step_back(true);
    assert_true(niceness() > usual);
    assert_int_equal(other, usual);
    wk_priority_step_back(false);
    assert_int_equal(niceness(), usual);
}

/* As somebody who may not come back: 0 when the niceness stayed as it was. */
static int stay(void)
{
    struct rlimit none = {0, 0};
    struct passwd *nobody = getpwnam("nobody");
    int usual = niceness();
    if (nobody == NULL || setrlimit(RLIMIT_NICE, &none) != 0 ||
        (geteuid() == 0 && setuid(nobody->pw_uid) != 0)) {
        return 2;
    }
    wk_priority_init();
    wk_priority_step_back(true);
    return niceness() != usual;
}

static void nobody_steps_back_who_cannot_return(void **state)
{
    int status;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(stay());
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_steps_back_who_cannot_return),
        cmocka_unit_test(only_the_thread_steps_back),
    };
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
