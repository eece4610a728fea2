/*
 * A TCP proxy in a thread, before a server under test: counts round trips, and breaks
 * connections when told to.
 */
#ifndef T_PROXY_H
#define T_PROXY_H

typedef struct t_proxy t_proxy_t;

/* Forwards connections to 127.0.0.1:target. */
t_proxy_t *t_proxy_start(int target);
void t_proxy_stop(t_proxy_t *p);
int t_proxy_port(const t_proxy_t *p);

/* How often a client spoke after the server had (or first), on all connections. */
long t_proxy_round_trips(const t_proxy_t *p);

/*
 * The n-th time from now that a client speaks, the connection is cut: before the server
 * hears it, or (after) when it has, but before its answer.
 */
void t_proxy_cut_before(t_proxy_t *p, long n);
void t_proxy_cut_after(t_proxy_t *p, long n);

#endif
