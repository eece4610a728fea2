// The settings of the running system, from .run/env (or VA_RUN_DIR).
import {readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
export const RUN_DIR = process.env.VA_RUN_DIR ?? path.join(ROOT, '.run');

// NAME=value, the value plain or in single quotes as a shell reads them.
function read(file) {
  let text;
  try {
    text = readFileSync(file, 'utf8');
  } catch (e) {
    throw new Error(`no system to talk to: ${
        e.message}. Start one with \`make up\`, or run the test with t/run.`);
  }
  const unquote = (v) => v.replace(/'([^']*)'|\\(.)/g, (_, quoted, escaped) => quoted ?? escaped);
  const lines = text.split('\n').filter((line) => line.includes('='));
  return Object.fromEntries(lines.map((line) => {
    const at = line.indexOf('=');
    return [line.slice(0, at), unquote(line.slice(at + 1))];
  }));
}

export const env = read(path.join(RUN_DIR, 'env'));

// sim/lib/client.mjs reads where the system is, and whom it trusts, from the environment.
Object.assign(process.env, env);
