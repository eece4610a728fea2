// Tests that do not concern each other, and wait for what takes its time: all of them begin with
// the first, and each is told by itself. named: {what it is: what it does}.
import {test} from 'node:test';

export function together(named) {
  const tests = Object.entries(named);
  let running;
  const begin = () => running ??= tests.map(([, act]) => {
    const ends = act();
    ends.catch(() => {});  // its own test tells it
    return ends;
  });
  tests.forEach(([name], i) => test(name, () => begin()[i]));
}
