#include "ports.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * The blocks and their locks are those of the module's tests (t/lib/VoiceAgent/Process.pm).
 * They lie below the ports the kernel gives to clients.
 */
enum { FIRST_PORT = 31000, BLOCK = 10, BLOCKS = 100 };

static bool is_free(int port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool free = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
                bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
                listen(fd, 1) == 0;
    close(fd);
    return free;
}

/* The lock is held until the end of this program and of its forks. */
static bool lock_block(int block)
{
    char path[64];
    snprintf(path, sizeof(path), "/tmp/voiceagent-ports-%u", getuid());
    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        return false;
    }
    snprintf(path, sizeof(path), "/tmp/voiceagent-ports-%u/%d", getuid(), block);
    int fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        close(fd);
        fd = -1;
    }
    return fd >= 0;
}

/* The first port of a block, the next that is not taken. */
static int reserve(void)
{
    static int block;
    while (block < BLOCKS) {
        if (lock_block(block++)) {
            return FIRST_PORT + (block - 1) * BLOCK;
        }
    }
    printf("Bail out! no free ports: %s\n", strerror(errno));
    exit(EXIT_FAILURE);
}

int t_free_port(void)
{
    static int next, end;
    for (;;) {
        if (next == end) {
            next = reserve();
            end = next + BLOCK;
        }
        int port = next++;
        if (is_free(port)) {
            return port;
        }
    }
}
