/* What the tests with many clients begin with: a Redis, a publisher, room for their sockets. */
#ifndef T_LOAD_FIXTURE_H
#define T_LOAD_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "t/load/lib/feed.h"
#include "t/load/lib/nginx.h"
#include "t/load/lib/streams.h"

/* The server block of the tests: one location a filter, named by it. */
#define T_EVENTS(location, filter, more)                                                       \
    "location " location " { voiceagent_public on; voiceagent_events org=$arg_org " filter     \
    " ping=500ms drain=2s; " more " }\n"

extern t_redis_t t_store;
extern t_publisher_t t_publisher;

/* For cmocka's group: every write of the Redis is on disk before it is answered. */
int t_load_setup(void **state);

/* False, with a word about it, when this process may not open that many files. */
bool t_room_for(size_t files);

#endif
