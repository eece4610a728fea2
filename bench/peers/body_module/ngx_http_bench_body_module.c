
/*
 * The least a webhook can cost in nginx: the body is read, 200 is answered.
 */


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>


static char *ngx_http_bench_body(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
static ngx_int_t ngx_http_bench_body_handler(ngx_http_request_t *r);
static void ngx_http_bench_body_read(ngx_http_request_t *r);


static ngx_command_t  ngx_http_bench_body_commands[] = {

    { ngx_string("bench_read_body"),
      NGX_HTTP_LOC_CONF|NGX_CONF_NOARGS,
      ngx_http_bench_body,
      0,
      0,
      NULL },

      ngx_null_command
};


static ngx_http_module_t  ngx_http_bench_body_module_ctx = {
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
};


ngx_module_t  ngx_http_bench_body_module = {
    NGX_MODULE_V1,
    &ngx_http_bench_body_module_ctx,       /* module context */
    ngx_http_bench_body_commands,          /* module directives */
    NGX_HTTP_MODULE,                       /* module type */
    NULL, NULL, NULL, NULL, NULL, NULL, NULL,
    NGX_MODULE_V1_PADDING
};


static char *
ngx_http_bench_body(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
    ngx_http_core_loc_conf_t  *clcf;

    clcf = ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);
    clcf->handler = ngx_http_bench_body_handler;

    return NGX_CONF_OK;
}


static ngx_int_t
ngx_http_bench_body_handler(ngx_http_request_t *r)
{
    ngx_int_t  rc;

    rc = ngx_http_read_client_request_body(r, ngx_http_bench_body_read);

    return rc >= NGX_HTTP_SPECIAL_RESPONSE ? rc : NGX_DONE;
}


static void
ngx_http_bench_body_read(ngx_http_request_t *r)
{
    ngx_str_t                  type = ngx_string("text/xml");
    ngx_str_t                  text = ngx_string("<Response/>");
    ngx_http_complex_value_t   cv;

    ngx_memzero(&cv, sizeof(ngx_http_complex_value_t));
    cv.value = text;

    ngx_http_finalize_request(r, ngx_http_send_response(r, NGX_HTTP_OK, &type,
                                                        &cv));
}
