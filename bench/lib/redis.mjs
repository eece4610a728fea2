// A private Redis on core 1, and the few commands the suites need.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start, stop, tree } from './process.mjs';

const TOUCHED = { values: 500000, bytes: 1000 };

/**
 * One that is as if it had been running: memory that was touched before is given out
 * again, and no benchmark waits for the kernel's first pages instead of for Redis.
 */
export async function redis({ dir, name, fsync = 'everysec', port = 0 }) {
  const home = join(dir, name);
  mkdirSync(home, { recursive: true });
  const socket = join(home, 'redis.sock');
  const child = start('1', 'redis-server', ['--port', String(port), '--unixsocket', socket, '--dir', home,
    '--appendonly', 'yes', '--appendfsync', fsync, '--save', '', '--maxmemory-policy', 'noeviction',
    '--auto-aof-rewrite-percentage', '0', '--enable-debug-command', 'local', '--jemalloc-bg-thread', 'no'], { log: join(home, 'redis.log'),
    env: { MALLOC_CONF: 'dirty_decay_ms:-1,muzzy_decay_ms:-1' } });
  const command = (...args) => execFileSync('redis-cli', ['-s', socket, ...args]).toString().trim();
  for (let i = 0; i < 200 && !existsSync(socket); i += 1) await sleep(50);
  if (command('PING') !== 'PONG') throw new Error(`Redis does not answer: ${home}/redis.log`);
  command('DEBUG', 'POPULATE', String(TOUCHED.values), 'touched', String(TOUCHED.bytes));
  command('FLUSHALL', 'SYNC');
  return {
    socket, command, pid: tree(child.pid).at(-1),
    load: (script) => command('SCRIPT', 'LOAD', readFileSync(script, 'utf8')),
    stop: () => stop(child),
  };
}
