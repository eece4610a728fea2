#include "worker/stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "worker/clock.h"
#include "worker/log.h"

static atomic_bool requested;
static int wake = -1; /* readable for good once the end was asked for */

bool wk_stop_init(void)
{
    if (wake >= 0) {
        close(wake);
    }
    atomic_store(&requested, false);
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return wake >= 0;
}

void wk_stop_request(void)
{
    const uint64_t one = 1;
    atomic_store(&requested, true);
    (void)!write(wake, &one, sizeof(one)); /* fails only when readable already */
}

bool wk_stop_requested(void)
{
    return atomic_load(&requested);
}

bool wk_stop_sleep(int ms)
{
    int64_t until = wk_monotonic_ms() + ms;
    for (;;) {
        int64_t left = until - wk_monotonic_ms();
        if (left <= 0 || wk_stop_requested()) {
            return wk_stop_requested();
        }
        struct pollfd p = {wake, POLLIN, 0};
        poll(&p, 1, (int)left);
    }
}

static void worker_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGUSR1);
    sigaddset(set, SIGCHLD);
}

void wk_stop_block_signals(void)
{
    sigset_t set;
    worker_signals(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
}

bool wk_stop_wait_signal(int ms)
{
    sigset_t set;
    struct timespec limit = {ms / 1000, (long)(ms % 1000) * 1000000};
    worker_signals(&set);
    int signal = ms < 0 ? sigwaitinfo(&set, NULL) : sigtimedwait(&set, NULL, &limit);
    if (signal == SIGUSR1) {
        wk_log_reopen();
    } else if (signal == SIGTERM || signal == SIGINT) {
        wk_stop_request();
    }
    return wk_stop_requested();
}
