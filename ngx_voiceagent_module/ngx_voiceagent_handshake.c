
/*
 * Copyright (C) voiceagent authors
 */


/* how a request becomes a WebSocket (RFC 6455, 4.2) */


#include "ngx_voiceagent_websocket.h"

#include "core/base64.h"

#include <openssl/evp.h>


#define NGX_VOICEAGENT_NONCE      16
#define NGX_VOICEAGENT_SHA1       20
#define NGX_VOICEAGENT_WS_GUID    "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


static ngx_uint_t ngx_voiceagent_handshake_key_valid(ngx_table_elt_t *key);
static ngx_int_t ngx_voiceagent_handshake_version(ngx_http_request_t *r);
static ngx_int_t ngx_voiceagent_handshake_digest(ngx_http_request_t *r,
    ngx_str_t *accept);


ngx_int_t
ngx_voiceagent_handshake_check(ngx_http_request_t *r)
{
    ngx_table_elt_t   *version;
    static ngx_str_t   websocket = ngx_string("websocket");
    static ngx_str_t   upgrade = ngx_string("upgrade");

    if (r->method != NGX_HTTP_GET) {
        return NGX_HTTP_NOT_ALLOWED;
    }

    if (r->http_version != NGX_HTTP_VERSION_11
        || r->headers_in.content_length_n > 0
        || r->headers_in.chunked
        || !ngx_voiceagent_header_lists(r, "upgrade", &websocket)
        || !ngx_voiceagent_header_lists(r, "connection", &upgrade)
        || !ngx_voiceagent_handshake_key_valid(
                            ngx_voiceagent_header(r, "sec-websocket-key")))
    {
        return ngx_voiceagent_send_error(r, NGX_HTTP_BAD_REQUEST,
                                         "bad_request",
                                         "A WebSocket has to be asked for.");
    }

    version = ngx_voiceagent_header(r, "sec-websocket-version");

    if (version == NULL || version->value.len != 2
        || ngx_strncmp(version->value.data, "13", 2) != 0)
    {
        return ngx_voiceagent_handshake_version(r);
    }

    return NGX_OK;
}


static ngx_uint_t
ngx_voiceagent_handshake_key_valid(ngx_table_elt_t *key)
{
    size_t   len;
    uint8_t  nonce[VA_BASE64_MAX(VA_BASE64_LEN(NGX_VOICEAGENT_NONCE))];

    return key != NULL
           && key->value.len == VA_BASE64_LEN(NGX_VOICEAGENT_NONCE)
           && va_base64_decode(nonce, &len, ngx_voiceagent_va(&key->value))
              == VA_OK
           && len == NGX_VOICEAGENT_NONCE;
}


/* the one version there is (RFC 6455, 4.4) */

static ngx_int_t
ngx_voiceagent_handshake_version(ngx_http_request_t *r)
{
    static ngx_str_t  name = ngx_string("Sec-WebSocket-Version");
    static ngx_str_t  value = ngx_string("13");

    if (ngx_voiceagent_add_header(r, &name, &value) != NGX_OK) {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    return ngx_voiceagent_send_error(r, 426, "upgrade_required",
                                     "Only version 13 is spoken here.");
}


ngx_int_t
ngx_voiceagent_handshake_accept(ngx_http_request_t *r, ngx_str_t *protocol)
{
    ngx_int_t         rc;
    ngx_str_t         accept;
    static ngx_str_t  upgrade = ngx_string("Upgrade");
    static ngx_str_t  websocket = ngx_string("websocket");
    static ngx_str_t  sec_accept = ngx_string("Sec-WebSocket-Accept");
    static ngx_str_t  sec_protocol = ngx_string("Sec-WebSocket-Protocol");

    if (ngx_voiceagent_handshake_digest(r, &accept) != NGX_OK
        || ngx_voiceagent_add_header(r, &upgrade, &websocket) != NGX_OK
        || ngx_voiceagent_add_header(r, &sec_accept, &accept) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    if (protocol->len
        && ngx_voiceagent_header_lists(r, "sec-websocket-protocol", protocol)
        && ngx_voiceagent_add_header(r, &sec_protocol, protocol) != NGX_OK)
    {
        return NGX_HTTP_INTERNAL_SERVER_ERROR;
    }

    /* nginx adds "Connection: upgrade" to this status */

    r->headers_out.status = NGX_HTTP_SWITCHING_PROTOCOLS;
    ngx_str_set(&r->headers_out.status_line, "101 Switching Protocols");

    rc = ngx_http_send_header(r);

    if (rc == NGX_ERROR || rc > NGX_OK) {
        return rc;
    }

    /* what postpone_output kept; the filters of bodies are not for this */

    return r->out && ngx_http_write_filter(r, NULL) == NGX_ERROR ? NGX_ERROR
                                                                 : NGX_OK;
}


static ngx_int_t
ngx_voiceagent_handshake_digest(ngx_http_request_t *r, ngx_str_t *accept)
{
    u_char            text[VA_BASE64_LEN(NGX_VOICEAGENT_NONCE)
                           + sizeof(NGX_VOICEAGENT_WS_GUID)];
    u_char            digest[EVP_MAX_MD_SIZE];
    ngx_str_t         binary;
    ngx_table_elt_t  *key;

    key = ngx_voiceagent_header(r, "sec-websocket-key");

    (void) ngx_cpymem(ngx_cpymem(text, key->value.data, key->value.len),
                      NGX_VOICEAGENT_WS_GUID,
                      sizeof(NGX_VOICEAGENT_WS_GUID) - 1);

    accept->data = ngx_pnalloc(r->pool,
                               ngx_base64_encoded_length(NGX_VOICEAGENT_SHA1));

    if (accept->data == NULL
        || EVP_Digest(text, sizeof(text) - 1, digest, NULL, EVP_sha1(), NULL)
           != 1)
    {
        return NGX_ERROR;
    }

    binary.data = digest;
    binary.len = NGX_VOICEAGENT_SHA1;

    ngx_encode_base64(accept, &binary);

    return NGX_OK;
}
