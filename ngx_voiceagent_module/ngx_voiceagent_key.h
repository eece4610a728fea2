
/*
 * Copyright (C) voiceagent authors
 */


#ifndef _NGX_VOICEAGENT_KEY_H_INCLUDED_
#define _NGX_VOICEAGENT_KEY_H_INCLUDED_


#include "ngx_voiceagent_module.h"


/* where keys come from, and what its file was like when it was read last */

typedef struct {
    ngx_str_t                      file;         /* empty: value */
    ngx_str_t                      value;
    time_t                         mtime;
    off_t                          size;
    ngx_file_uniq_t                uniq;
} ngx_voiceagent_key_source_t;


/* ngx_voiceagent_key_file.c */

/* the text is the caller's to free; level: of what is logged on failure */

ngx_int_t ngx_voiceagent_source_read(ngx_voiceagent_key_source_t *source,
    u_char **text, size_t *len, ngx_uint_t level, ngx_log_t *log);

/* as if it had never been read: it has changed */

void ngx_voiceagent_source_unread(ngx_voiceagent_key_source_t *source);

/* the file is another than was read */

ngx_uint_t ngx_voiceagent_source_changed(ngx_voiceagent_key_source_t *source,
    ngx_log_t *log);


#endif /* _NGX_VOICEAGENT_KEY_H_INCLUDED_ */
