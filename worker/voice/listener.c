#include "worker/voice/listener.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "worker/voice/session.h"

#define BACKLOG 128

struct wk_listener {
    union {
        uv_handle_t handle;
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
    } socket;
    wk_voice_t *voice;
    char address[512];
    char path[480]; /* of a unix socket; empty: none */
};

static void on_waiting(uv_stream_t *stream, int status)
{
    wk_listener_t *l = stream->data;
    if (status == 0) {
        wk_session_accept(l->voice, stream);
    }
}

/* nginx' workers have another user: who may pass the folder may connect, with an admission. */
static int open_unix(wk_listener_t *l, const char *folder)
{
    snprintf(l->path, sizeof(l->path), "%s/voice.%d.sock", folder, (int)getpid());
    snprintf(l->address, sizeof(l->address), "unix:%s", l->path);
    unlink(l->path); /* of a dead process that had our number */
    uv_pipe_init(l->voice->loop, &l->socket.pipe, 0);
    int rc = uv_pipe_bind(&l->socket.pipe, l->path);
    return rc == 0 ? uv_pipe_chmod(&l->socket.pipe, UV_READABLE | UV_WRITABLE) : rc;
}

static int note_port(wk_listener_t *l, const char *address)
{
    struct sockaddr_storage own;
    int len = sizeof(own);
    int rc = uv_tcp_getsockname(&l->socket.tcp, (struct sockaddr *)&own, &len);
    bool v6 = own.ss_family == AF_INET6;
    uint16_t port =
        v6 ? ((struct sockaddr_in6 *)&own)->sin6_port : ((struct sockaddr_in *)&own)->sin_port;
    snprintf(l->address, sizeof(l->address), v6 ? "[%s]:%d" : "%s:%d", address, ntohs(port));
    return rc;
}

/* Any free port of the address. */
static int open_tcp(wk_listener_t *l, const char *address)
{
    struct sockaddr_storage to;
    int rc = uv_ip4_addr(address, 0, (struct sockaddr_in *)&to);
    rc = rc != 0 ? uv_ip6_addr(address, 0, (struct sockaddr_in6 *)&to) : rc;
    uv_tcp_init(l->voice->loop, &l->socket.tcp);
    rc = rc == 0 ? uv_tcp_bind(&l->socket.tcp, (const struct sockaddr *)&to, 0) : rc;
    return rc == 0 ? note_port(l, address) : rc;
}

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

void wk_listener_close(wk_listener_t *l)
{
    if (l->path[0] != '\0') {
        unlink(l->path);
    }
    uv_close(&l->socket.handle, on_closed);
}

wk_listener_t *wk_listener_open(wk_voice_t *voice, wk_error_t *e)
{
    const char *where = voice->config->voice_listen;
    wk_listener_t *l = calloc(1, sizeof(*l));
    if (l == NULL) {
        abort();
    }
    l->voice = voice;
    int rc = where[0] == '/' ? open_unix(l, where) : open_tcp(l, where);
    l->socket.handle.data = l;
    rc = rc == 0 ? uv_listen(&l->socket.stream, BACKLOG, on_waiting) : rc;
    if (rc != 0) {
        wk_error(e, WK_INTERNAL, "voice: %s: %s", where, uv_strerror(rc));
        wk_listener_close(l);
        return NULL;
    }
    return l;
}

const char *wk_listener_address(const wk_listener_t *l)
{
    return l->address;
}
