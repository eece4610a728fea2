// Lines of figures, and the ratios between candidates of one run.
export const us = (seconds) => `${(seconds * 1e6).toFixed(1)} us`;
export const rate = (n) => `${Math.round(n).toLocaleString('en')}/s`;

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)];
}

export function table(title, rows) {
  console.log(`\n## ${title}`);
  const names = Object.keys(rows[0]);
  const width = names.map((name) => Math.max(name.length, ...rows.map((row) => String(row[name] ?? '').length)));
  const line = (cells) => cells.map((cell, i) => String(cell ?? '').padEnd(width[i])).join('  ').trimEnd();
  console.log(line(names));
  rows.forEach((row) => console.log(line(names.map((name) => row[name]))));
}

export function ratio(what, value, target) {
  const met = target === undefined ? '' : value >= target ? `, target ${target}: reached` : `, target ${target}: MISSED`;
  console.log(`ratio  ${what}: ${value.toFixed(2)}${met}`);
}

/** For figures that should be small. */
export function atMost(what, value, unit, target) {
  console.log(`figure ${what}: ${value.toFixed(1)} ${unit}, at most ${target}: ${value <= target ? 'reached' : 'MISSED'}`);
}

/** A ratio that should be small. */
export function worst(what, value, most) {
  console.log(`ratio  ${what}: ${value.toFixed(2)}, at most ${most}: ${value <= most ? 'reached' : 'MISSED'}`);
}
