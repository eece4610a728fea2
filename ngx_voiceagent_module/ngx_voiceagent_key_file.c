
/*
 * Copyright (C) voiceagent authors
 */


/* files of secrets and of key sets: read whole, and looked at for a change */


#include "ngx_voiceagent_key.h"


#define NGX_VOICEAGENT_KEY_FILE_MAX  65536


ngx_int_t
ngx_voiceagent_source_read(ngx_voiceagent_key_source_t *source, u_char **text,
    size_t *len, ngx_uint_t level, ngx_log_t *log)
{
    off_t            size;
    u_char          *p;
    ssize_t          n;
    ngx_fd_t         fd;
    ngx_file_info_t  fi;

    if (source->file.len == 0) {
        p = ngx_alloc(source->value.len + 1, log);
        if (p == NULL) {
            return NGX_ERROR;
        }

        ngx_memcpy(p, source->value.data, source->value.len);

        *text = p;
        *len = source->value.len;

        return NGX_OK;
    }

    fd = ngx_open_file(source->file.data, NGX_FILE_RDONLY, NGX_FILE_OPEN, 0);
    if (fd == NGX_INVALID_FILE) {
        ngx_log_error(level, log, ngx_errno, ngx_open_file_n " \"%V\" failed",
                      &source->file);
        return NGX_ERROR;
    }

    p = NULL;

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_log_error(level, log, ngx_errno, ngx_fd_info_n " \"%V\" failed",
                      &source->file);
        goto failed;
    }

    size = ngx_file_size(&fi);

    if (size > NGX_VOICEAGENT_KEY_FILE_MAX) {
        ngx_log_error(level, log, 0, "\"%V\" is too large", &source->file);
        goto failed;
    }

    source->mtime = ngx_file_mtime(&fi);
    source->uniq = ngx_file_uniq(&fi);
    source->size = size;

    p = ngx_alloc((size_t) size + 1, log);
    if (p == NULL) {
        goto failed;
    }

    n = ngx_read_fd(fd, p, (size_t) size);
    if (n != (ssize_t) size) {
        ngx_log_error(level, log, n == -1 ? ngx_errno : 0,
                      ngx_read_fd_n " \"%V\" failed", &source->file);
        goto failed;
    }

    (void) ngx_close_file(fd);

    *text = p;
    *len = (size_t) size;

    return NGX_OK;

failed:

    ngx_free(p);
    (void) ngx_close_file(fd);

    return NGX_ERROR;
}


void
ngx_voiceagent_source_unread(ngx_voiceagent_key_source_t *source)
{
    source->size = -1;
}


ngx_uint_t
ngx_voiceagent_source_changed(ngx_voiceagent_key_source_t *source,
    ngx_log_t *log)
{
    ngx_file_info_t  fi;

    if (source->file.len == 0) {
        return 0;
    }

    if (ngx_file_info(source->file.data, &fi) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_WARN, log, ngx_errno,
                      ngx_file_info_n " \"%V\" failed: its keys stay as they "
                      "are", &source->file);
        return 0;
    }

    return ngx_file_mtime(&fi) != source->mtime
           || ngx_file_uniq(&fi) != source->uniq
           || ngx_file_size(&fi) != source->size;
}
