// Looks into Redis, with redis-cli. When a test file that uses it ends, Redis may have refused
// its users among our programs (conf/redis.acl) nothing.
import assert from 'node:assert/strict';

import {run} from './command.mjs';
import {env} from './env.mjs';

// The answer to one command: redis('LLEN', 'va:{realtime}:in').
export async function redis(...args) {
  const text = await run('redis-cli', ['-u', env.REDIS_URL, '--json', ...args.map(String)]);
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`Redis, ${args[0]}: ${text}`);
  }
}

// How often a command has been called, which INFO tells as lines.
export async function callsOf(command) {
  const text = await run('redis-cli', ['-u', env.REDIS_URL, 'INFO', 'commandstats']);
  return Number(new RegExp(`^cmdstat_${command}:calls=(\\d+)`, 'm').exec(text)?.[1] ?? 0);
}

// It is there, and has read its files.
export async function redisAnswers() {
  try {
    return await redis('PING') === 'PONG';
  } catch {
    return false;
  }
}

async function nothingWasRefused() {
  const refused = await redis('ACL', 'LOG', 128);
  await redis('ACL', 'LOG', 'RESET');  // not for the next file
  assert.deepEqual(refused.filter((r) => r.username.startsWith('voiceagent-')), []);
}

// The demonstration is no test, and does not report as one.
if (/\.test\.mjs$/.test(process.argv[1])) (await import('node:test')).after(nothingWasRefused);
