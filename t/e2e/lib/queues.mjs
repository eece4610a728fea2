// How much stands in the queues, by the keys of docs/protocol.md.
import {redis} from './redis.mjs';
import {waitFor} from './wait.mjs';

const QUEUES = ['realtime', 'default', 'bulk'];

// Jobs that were accepted and have not ended; KEYS: a queue's prefix a line.
const COUNT = `
  local open, dead = 0, 0
  for _, q in ipairs(ARGV) do
    open = open + redis.call('LLEN', q .. 'in') + redis.call('ZCARD', q .. 'held')
         + redis.call('ZCARD', q .. 'later') + redis.call('ZCARD', q .. 'parked')
    for _, key in ipairs(redis.call('KEYS', q:gsub('[{}]', '?') .. 'ready:*')) do
      open = open + redis.call('LLEN', key)
    end
    dead = dead + redis.call('ZCARD', q .. 'dead')
  end
  return {open, dead}`;

// {open, dead} of all queues.
export async function depth() {
  const [open, dead] =
      await redis('EVAL', COUNT, 0, ...QUEUES.map((queue) => `va:{${queue}}:`));
  return {open, dead};
}

// Every accepted job has ended.
export async function drained(limitMs) {
  await waitFor('the queues to be empty', async () => (await depth()).open === 0, limitMs);
}

// The keys in which a job would stand: none, when all have ended.
export async function jobKeys() {
  const keys = await redis('KEYS', 'va:{*}:*');
  return keys.filter((key) => !/:(?:seen|res|wait):|:bell$|:reaped$/.test(key));
}

// Why each dead job died.
export async function deadJobs() {
  const all = await Promise.all(QUEUES.map(async (queue) => {
    const ids = await redis('ZRANGE', `va:{${queue}}:dead`, 0, 20);
    return Promise.all(ids.map(
        async (id) =>
            (await redis('HMGET', `va:{${queue}}:job:${id}`, 'type', 'reason')).join(': ')));
  }));
  return all.flat();
}
