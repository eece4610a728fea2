// Runs a simulated provider as a program.
import {realpathSync} from 'node:fs';
import {fileURLToPath} from 'node:url';

// The environment variable `name`, which must be set: `make up` writes it to .run/env.
export function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

// True when the file is the program, and not imported by a test.
export function isProgram(meta) {
  return process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(meta.url);
}

export async function run(sim, baseUrl) {
  const url = new URL(baseUrl);
  const server = await sim.listen(Number(url.port));
  const stop = () => {
    server.closeAllConnections?.();
    server.close(() => process.exit(0));
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  console.log(
      `${sim.name} on ${url.origin}, judged by ${sim.description ? sim.spec : 'own rules only'}`);
}
