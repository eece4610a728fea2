// The load generator: wrk, pinned, replaying requests prepared in a file.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const MILLISECONDS = { us: 0.001, ms: 1, s: 1000, m: 60000 };

function milliseconds(text) {
  const [, n, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(text);
  return Number(n) * MILLISECONDS[unit];
}

/** One closed-loop run; refused counts answers other than 2xx and 3xx, and broken sockets. */
export async function wrk({ core, url, connections, seconds, script, args = [] }) {
  const { stdout } = await run('taskset', ['-c', core, 'wrk', '-t1', `-c${connections}`,
    `-d${seconds}s`, '--latency', ...(script ? ['-s', script] : []), url,
    ...(args.length ? ['--', ...args] : [])], { maxBuffer: 1 << 24 });
  const latency = (p) => milliseconds(new RegExp(`^\\s+${p}%\\s+(\\S+)`, 'm').exec(stdout)[1]);
  const errors = /Non-2xx or 3xx responses: (\d+)/.exec(stdout);
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout);
  return {
    rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]),
    requests: Number(/(\d+) requests in/.exec(stdout)[1]),
    p50: latency(50), p99: latency(99),
    refused: (errors ? Number(errors[1]) : 0)
      + (sockets ? sockets.slice(1).reduce((sum, n) => sum + Number(n), 0) : 0),
  };
}
