// A private Redis on core 1, and the few commands the suites need.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { start, stop, tree } from './process.mjs';

export async function redis({ dir, name, fsync = 'everysec', port = 0 }) {
  const home = join(dir, name);
  mkdirSync(home, { recursive: true });
  const socket = join(home, 'redis.sock');
  const child = start('1', 'redis-server', ['--port', String(port), '--unixsocket', socket, '--dir', home,
    '--appendonly', 'yes', '--appendfsync', fsync, '--save', '', '--maxmemory-policy', 'noeviction',
    '--auto-aof-rewrite-percentage', '0'], { log: join(home, 'redis.log') });
  const command = (...args) => execFileSync('redis-cli', ['-s', socket, ...args]).toString().trim();
  for (let i = 0; i < 200 && !existsSync(socket); i += 1) await sleep(50);
  if (command('PING') !== 'PONG') throw new Error(`Redis does not answer: ${home}/redis.log`);
  return {
    socket, command, pid: tree(child.pid).at(-1),
    load: (script) => command('SCRIPT', 'LOAD', readFileSync(script, 'utf8')),
    stop: () => stop(child),
  };
}
