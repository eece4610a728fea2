/*
 * Ports of this program's own. Nobody else takes one of them, not even while nobody listens
 * there, as when a server was killed and is to come back.
 */
#ifndef T_PORTS_H
#define T_PORTS_H

/* One that was not given before. Ends the program when there is none. */
int t_free_port(void);

#endif
