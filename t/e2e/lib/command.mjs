// A program's standard output; a failure carries what it wrote to standard error.
import {spawn} from 'node:child_process';

export function run(command, args, {input = '', env = process.env} = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {env, stdio: 'pipe'});
    const out = [];
    const err = [];
    child.stdout.on('data', (d) => out.push(d));
    child.stderr.on('data', (d) => err.push(d));
    child.on('error', reject);
    child.stdin.on('error', () => {});  // it may end without reading
    child.on('close', (code) => {
      if (code === 0)
        resolve(Buffer.concat(out).toString());
      else
        reject(new Error(`${command} ended with ${code}: ${Buffer.concat(err)}`));
    });
    child.stdin.end(input);
  });
}
