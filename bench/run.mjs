// make bench: every suite in one run, each candidate beside its peers.
//   node bench/run.mjs [suite …]      BENCH_SECONDS=10 BENCH_RUNS=3
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stopAll } from './lib/process.mjs';
import { printMachine } from './lib/machine.mjs';
import { webhook } from './suites/webhook.mjs';
import { sse } from './suites/sse.mjs';
import { personalization } from './suites/personalization.mjs';
import { tools } from './suites/tools.mjs';
import { reminders } from './suites/reminders.mjs';
import { voice } from './suites/voice.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const suites = { webhook, personalization, tools, reminders, sse, voice };
const chosen = process.argv.slice(2).length ? process.argv.slice(2) : Object.keys(suites);
const dir = mkdtempSync(join(process.env.BENCH_DIR ?? tmpdir(), 'voiceagent-bench-'));
const seconds = Number(process.env.BENCH_SECONDS ?? 8);

const context = {
  root, dir, seconds, node: process.execPath,
  runs: Number(process.env.BENCH_RUNS ?? 3),
  // enough that no request repeats at 60,000 a second
  count: Number(process.env.BENCH_REQUESTS ?? 60000 * seconds),
  fsyncs: (process.env.BENCH_FSYNC ?? 'everysec,always').split(','),
  modules: {
    voiceagent: join(root, 'build/ngx_voiceagent_module.so'),
    body: join(root, 'build/bench/ngx_http_bench_body_module.so'),
    ndk: '/usr/lib/nginx/modules/ndk_http_module.so',
    lua: '/usr/lib/nginx/modules/ngx_http_lua_module.so',
    nchan: '/usr/lib/nginx/modules/ngx_nchan_module.so',
  },
};

printMachine();
try {
  for (const name of chosen) await suites[name](context);
} finally {
  await stopAll();
  if (!process.env.BENCH_KEEP) rmSync(dir, { recursive: true, force: true });
}
