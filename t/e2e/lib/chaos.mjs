// Kills what the system is made of while it works, and starts it again.
import {alive, childrenOf, jobProcesses, kill, nginxWorkers, pidOf, signal, startAgain, whileStopped} from './processes.mjs';
import {depth} from './queues.mjs';
import {redisAnswers} from './redis.mjs';
import {waitFor} from './wait.mjs';

const pause = (ms) => new Promise((resolve) => {
  setTimeout(resolve, ms);
});

const STOP_MS = 60000;  // the workers end what they have begun

export class Chaos {
  #random;
  #ended = false;
  #frozen = false;  // the workers are stopped, and left alone
  #starting;        // resolves when the workers run that are being started
  redisKills = [];  // jobs that were accepted and not done at each
  workerKills = 0;
  nginxKills = 0;
  supervisorStarts = 0;

  constructor(random) {
    this.#random = random;
  }

  // Until rest(): every second a worker of nginx or a process of the workers is killed.
  async killWorkers() {
    for (let next = Date.now() + 1000; !this.#ended; next += 1000) {
      await pause(next - Date.now());
      await this.#superviseAsTheHostDoes();
      const kind = this.#frozen || this.#random.chance(0.5) ? 'nginx' : 'worker';
      const victims = kind === 'nginx' ? nginxWorkers() : jobProcesses();
      if (victims.length === 0 || this.#ended) continue;
      signal(this.#random.pick(victims), 'SIGKILL');
      this[`${kind}Kills`]++;
    }
  }

  // The workers' supervisor gives up after many deaths; the host's service manager does not.
  async #superviseAsTheHostDoes() {
    if (this.#frozen || alive(pidOf('worker'))) return;
    this.#starting = startAgain('worker');
    await this.#starting;
    this.supervisorStarts++;
  }

  // backlog: the workers are held until so many jobs stand in the queues.
  async killRedis({backlog = 0} = {}) {
    await this.#held(backlog > 0, async () => {
      if (backlog > 0)
        await waitFor(`${backlog} jobs in flight`, async () => (await depth()).open >= backlog, 120000);
      this.redisKills.push((await depth()).open);
      await kill(pidOf('redis'));
      await pause(300 + this.#random.below(700));
      await startAgain('redis');
      await waitFor('Redis to answer', redisAnswers);
    });
  }

  async #held(yes, work) {
    if (!yes) return work();
    this.#frozen = true;
    try {
      await this.#starting;
      const supervisor = pidOf('worker');
      // First the one that starts others: one more of them would do the jobs.
      return await whileStopped([supervisor], () => whileStopped(childrenOf(supervisor), work));
    } finally {
      this.#frozen = false;
    }
  }

  // It is over, and what must run does. A supervisor that has seen many deaths gives up at the
  // next, or is about to end already: the one that takes its place has seen none.
  async rest() {
    this.#ended = true;
    await startAgain('redis');
    await kill(pidOf('worker'), 'SIGTERM', STOP_MS);
    for (const name of ['worker', 'nginx']) await startAgain(name);
  }
}
