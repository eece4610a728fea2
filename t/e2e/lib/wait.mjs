// Waits for what happens by itself: no test guesses how long something takes.

/*
 * Calls test() until it gives something, and gives that. After limitMs it fails, naming
 * what it waited for; an error of test() ends the waiting at once.
 */
export async function waitFor(what, test, limitMs = 60000) {
  const end = Date.now() + limitMs;
  for (let pause = 5;; pause = Math.min(pause * 1.5, 200)) {
    const found = await test();
    if (found) return found;
    if (Date.now() > end) throw new Error(`waited ${limitMs / 1000} s for ${what}`);
    await new Promise((resolve) => {
      setTimeout(resolve, pause);
    });
  }
}
