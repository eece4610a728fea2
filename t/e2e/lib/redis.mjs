// Looks into Redis, with redis-cli.
import {run} from './command.mjs';
import {env} from './env.mjs';

// The answer to one command: redis('LLEN', 'va:{realtime}:in').
export async function redis(...args) {
  return JSON.parse(await run('redis-cli', ['-u', env.REDIS_URL, '--json', ...args.map(String)]));
}
