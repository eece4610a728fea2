// A candidate under load: several runs, each from the beginning, of which the median
// counts; and what a request cost each process.
import { wrk } from './wrk.mjs';
import { cpuOf } from './process.mjs';
import { rate } from './report.mjs';

const WARM = { connections: 8, seconds: 1 };

function usage(pids) {
  return Object.fromEntries(Object.entries(pids).map(([name, list]) => {
    const { user, system } = cpuOf(list);
    return [name, user + system];
  }));
}

async function run(context, candidate, { url, script, warm, requests, connections }) {
  const load = { core: '1', url, script };
  await wrk({ ...load, ...WARM, args: [warm] });
  const pids = candidate.pids(); // after the warm-up: whatever is forked or connected on demand is there
  const before = usage(pids);
  const result = await wrk({ ...load, connections, seconds: context.seconds, args: [requests] });
  const after = usage(pids);
  const cpu = Object.fromEntries(Object.keys(pids).map(
    (name) => [name, (after[name] - before[name]) / result.requests]));
  return { ...result, cpu: { ...cpu, load: result.cpu }, ...candidate.result?.(result) };
}

/**
 * `begin(i)` starts the candidate for run i and answers { pids() of its processes by
 * name, stop(), result(figures) } where result may add figures, or refuse the run.
 */
export async function measure(context, name, begin, load) {
  const results = [];
  for (let i = 0; i < context.runs; i += 1) {
    const candidate = await begin(i);
    try {
      results.push(await run(context, candidate, load));
    } finally {
      await candidate.stop();
    }
  }
  results.sort((a, b) => a.rate - b.rate);
  const middle = results[Math.floor(results.length / 2)];
  return { name, ...middle, spread: `${rate(results[0].rate)} .. ${rate(results.at(-1).rate)}` };
}
