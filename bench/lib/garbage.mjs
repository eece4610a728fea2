// The benchmark's own memory is tidied up before a measured part, not in it: what V8's threads
// take of the processors for that makes every candidate's answers late.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');

export const collectGarbage = runInNewContext('gc');
