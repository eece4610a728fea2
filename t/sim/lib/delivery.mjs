// Requests to the application that are sent again until they are taken.
import {request} from './client.mjs';

/*
 * Sends what make(attempt) gives ({headers, body}; attempt counts from 0) to url, and
 * again after each of the pauses (ms) while again(attempt) says so. Returns the delivery's
 * record, which is completed as the answers come: attempts (status or error), ok.
 */
export function deliver(sim, {kind, url, make, pauses, limits = {}, again = failed}) {
  const first = make(0);
  const record = sim.delivery({kind, url, ...first, attempts: []});
  const attempt = async ({headers, body}) => {
    const met = await request(url, {method: 'POST', headers, body, ...limits})
                    .then(({status}) => ({status}), (e) => ({error: e.message}));
    record.attempts.push(met);
    record.ok = !failed(met);
    const n = record.attempts.length;
    const pause = pauses[n - 1];
    if (pause !== undefined && again(met)) sim.later(pause, () => attempt(make(n)));
  };
  sim.later(0, () => attempt(first));
  return record;
}

const failed = ({status}) => !(status >= 200 && status < 300);
