// People who call and write, and people of a shop who take talks over.
import {call} from './http.mjs';

// Files of one system follow one another, and none of them takes ten numbers a second: none has
// one of another's, nor any that a test names (555…).
let next = 2000000 + Math.floor(Date.now() / 100) % 3000000;

// The number of somebody from whom nobody has heard: what was said before is known in the next talk.
export const stranger = () => `+1647${next++}`;

export const takeOver = (token, target, action, body) =>
    call('POST', `/api/takeover/${target}/${action}`, {token, body: body ?? {}});
