// The load generator: wrk, pinned, replaying requests prepared in a file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { cpu } from './process.mjs';

const MILLISECONDS = { us: 0.001, ms: 1, s: 1000, m: 60000 };
const SAMPLE_MS = 100;

function milliseconds(figure) {
  const [, n, unit] = /^([\d.]+)(us|ms|s|m)$/.exec(figure);
  return Number(n) * MILLISECONDS[unit];
}

/**
 * The share of a core a process uses, over the second half of its run: its beginning
 * goes into reading the requests.
 */
function watch(pid, seconds) {
  const samples = [];
  const begin = performance.now();
  const timer = setInterval(() => {
    const at = performance.now();
    if (at - begin < seconds * 500) return;
    try {
      const { user, system } = cpu(pid);
      samples.push({ at, used: user + system });
    } catch {
      clearInterval(timer); // it has ended
    }
  }, SAMPLE_MS);
  return () => {
    clearInterval(timer);
    const [first, last] = [samples[0], samples.at(-1)];
    return samples.length > 1 ? (last.used - first.used) / (last.at - first.at) * 1000 : 0;
  };
}

async function output(args, seconds) {
  const child = spawn('taskset', args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const share = watch(child.pid, seconds);
  const [stdout] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { stdout, share: share() };
}

/**
 * One closed-loop run; refused counts answers other than 2xx and 3xx, and broken
 * sockets; cpu is the generator's own time a request.
 */
export async function wrk({ core, url, connections, seconds, script, args = [] }) {
  const { stdout, share } = await output(['-c', core, 'wrk', '-t1', `-c${connections}`,
    `-d${seconds}s`, '--latency', ...(script ? ['-s', script] : []), url,
    ...(args.length ? ['--', ...args] : [])], seconds);
  const latency = (p) => milliseconds(new RegExp(`^\\s+${p}%\\s+(\\S+)`, 'm').exec(stdout)[1]);
  const errors = /Non-2xx or 3xx responses: (\d+)/.exec(stdout);
  const sockets = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(stdout);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]);
  return {
    rate,
    cpu: share / rate,
    requests: Number(/(\d+) requests in/.exec(stdout)[1]),
    p50: latency(50), p99: latency(99),
    refused: (errors ? Number(errors[1]) : 0)
      + (sockets ? sockets.slice(1).reduce((sum, n) => sum + Number(n), 0) : 0),
  };
}
