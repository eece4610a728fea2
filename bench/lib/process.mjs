// Processes of a run: started pinned to a core, stopped, and asked what they cost.
import { spawn, execFileSync } from 'node:child_process';
import { readFileSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import net from 'node:net';

const TICKS = Number(execFileSync('getconf', ['CLK_TCK']).toString());
const children = new Set();

/** Starts a program on the given cores ("0", "1", "0,1"); its output goes to log. */
export function start(cores, command, args, { log, env = {}, ...options } = {}) {
  const out = openSync(log, 'a');
  const child = spawn('taskset', ['-c', cores, command, ...args], {
    stdio: ['ignore', out, out], env: { ...process.env, ...env }, ...options,
  });
  children.add(child);
  child.on('exit', () => children.delete(child));
  return child;
}

export async function stop(child, signal = 'SIGTERM') {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((done) => child.once('exit', done));
  child.kill(signal);
  await Promise.race([ended, sleep(5000).then(() => child.kill('SIGKILL'))]);
  await ended;
}

export async function stopAll() {
  await Promise.all([...children].map((child) => stop(child)));
}

/** A file of a process in /proc; empty when it has ended, as PostgreSQL's helpers do at any time. */
function about(pid, file) {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch (e) {
    if (e.code === 'ENOENT' || e.code === 'ESRCH') return '';
    throw e;
  }
}

/** The pids of a process and all below it. */
export function tree(pid) {
  const below = about(pid, `task/${pid}/children`).trim().split(/\s+/).filter(Boolean);
  return [pid, ...below.flatMap((child) => tree(Number(child)))];
}

/** User and system seconds a process has used so far; none when it has ended. */
export function cpu(pid) {
  const stat = about(pid, 'stat');
  if (stat === '') return { user: 0, system: 0 };
  const fields = stat.replace(/^.*\) /, '').split(' ');
  return { user: Number(fields[11]) / TICKS, system: Number(fields[12]) / TICKS };
}

export function cpuOf(pids) {
  return pids.map(cpu).reduce((a, b) => ({ user: a.user + b.user, system: a.system + b.system }),
    { user: 0, system: 0 });
}

/** Proportional set size in bytes: memory that is this process's own, shared parts by share. */
export function pss(pid) {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)[1]) * 1024;
}

/** Resolves when the TCP port takes connections. */
export async function listening(port, ms = 15000) {
  for (const end = Date.now() + ms; Date.now() < end; await sleep(50)) {
    const open = await new Promise((done) => {
      const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); done(true); });
      socket.on('error', () => done(false));
    });
    if (open) return;
  }
  throw new Error(`nothing listens on port ${port}`);
}
