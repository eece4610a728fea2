/*
 * For LD_PRELOAD: a non-blocking stream socket passes one byte a call, and none at every
 * other call, so that whoever forgets how far he came loses his place. It needs
 * level-triggered events (poll): of what is left nobody else would tell again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { IN, OUT, WAYS };
enum { DESCRIPTORS = 65536 };

static bool waits[WAYS][DESCRIPTORS];

/* The kernel is asked each time: numbers of descriptors are used again. */
static bool is_slow(int fd)
{
    int saved = errno;
    int type = 0;
    socklen_t len = sizeof(type);
    bool slow = fd >= 0 && fd < DESCRIPTORS &&
                getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_STREAM &&
                (fcntl(fd, F_GETFL) & O_NONBLOCK) != 0;
    errno = saved;
    return slow;
}

/* Whether this call is one that finds the socket not ready. */
static bool must_wait(int fd, int way)
{
    waits[way][fd] = !waits[way][fd];
    if (!waits[way][fd]) {
        errno = EAGAIN;
        return true;
    }
    return false;
}

ssize_t recv(int fd, void *to, size_t size, int flags)
{
    if ((flags & MSG_PEEK) == 0 && size > 0 && is_slow(fd)) {
        if (must_wait(fd, IN)) {
            return -1;
        }
        size = 1;
    }
    return syscall(SYS_recvfrom, fd, to, size, flags, NULL, NULL);
}

/*
 * What is sent on an empty buffer and small enough never to be taken in part: nginx's
 * interim answer (ngx_http_test_expect), and a question to a Sentinel.
 */
static bool is_whole(const char *from, size_t size)
{
    static const char *const beginnings[] = {"HTTP/1.1 100 Continue", "SENTINEL "};

    for (size_t i = 0; i < sizeof(beginnings) / sizeof(*beginnings); i++) {
        size_t len = strlen(beginnings[i]);
        if (size >= len && memcmp(from, beginnings[i], len) == 0) {
            return true;
        }
    }
    return false;
}

ssize_t send(int fd, const void *from, size_t size, int flags)
{
    if (size > 0 && !is_whole(from, size) && is_slow(fd)) {
        if (must_wait(fd, OUT)) {
            return -1;
        }
        size = 1;
    }
    return syscall(SYS_sendto, fd, from, size, flags, NULL, 0);
}

ssize_t read(int fd, void *to, size_t size)
{
    return is_slow(fd) ? recv(fd, to, size, 0) : syscall(SYS_read, fd, to, size);
}

ssize_t write(int fd, const void *from, size_t size)
{
    return is_slow(fd) ? send(fd, from, size, 0) : syscall(SYS_write, fd, from, size);
}

static const struct iovec *first_filled(const struct iovec *part, int n)
{
    for (; n > 0; part++, n--) {
        if (part->iov_len > 0) {
            return part;
        }
    }
    return NULL;
}

ssize_t readv(int fd, const struct iovec *parts, int n)
{
    const struct iovec *part = first_filled(parts, n);
    return part != NULL && is_slow(fd) ? recv(fd, part->iov_base, part->iov_len, 0)
                                       : syscall(SYS_readv, fd, parts, n);
}

ssize_t writev(int fd, const struct iovec *parts, int n)
{
    const struct iovec *part = first_filled(parts, n);
    return part != NULL && is_slow(fd) ? send(fd, part->iov_base, part->iov_len, 0)
                                       : syscall(SYS_writev, fd, parts, n);
}
