// People who call and write, and people of a shop who take talks over.
import {randomInt} from 'node:crypto';

import {call} from './http.mjs';

let next = randomInt(2000000, 9000000);

// The number of somebody from whom nobody has heard: what was said before is known in the next talk.
export const stranger = () => `+1647${next++}`;

export const takeOver = (token, target, action, body) =>
    call('POST', `/api/takeover/${target}/${action}`, {token, body: body ?? {}});
