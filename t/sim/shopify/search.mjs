/*
 * Shopify's search syntax: `name:"#1042" email:a@b.c`, `status:open OR status:closed`,
 * `-tag:vip`, `created_at:>=2026-01-01`. A bare word is looked for in every filter, by its
 * beginning; a filter nobody knows is ignored, as the service does, so that a misspelt
 * one finds everything.
 */
const TERM = /(-|NOT )?(?:([a-z_]+):)?(<=|>=|<|>)?(?:"((?:[^"\\]|\\.)*)"|([^\s"()]+))/y;

export function searcher(query, filters) {
  const choices = alternatives(query).map((terms) => terms.map((t) => testOf(t, filters)));
  return (item) => choices.some((tests) => tests.every((test) => test(item)));
}

// The terms of each side of an OR.
function alternatives(query) {
  const sides = [[]];
  for (const term of terms(query.trim())) {
    if (term.word === 'OR' && !term.field)
      sides.push([]);
    else if (term.word !== 'AND' || term.field)
      sides.at(-1).push(term);
  }
  return sides;
}

function* terms(text) {
  let at = 0;
  while (at < text.length) {
    TERM.lastIndex = at;
    const hit = TERM.exec(text);
    if (hit) {
      const [all, not, field, operator = '=', quoted, bare] = hit;
      yield {not: Boolean(not), field, operator, word: quoted?.replace(/\\(.)/g, '$1') ?? bare};
      at += all.length;
    } else {
      at++;  // a space, a bracket
    }
  }
}

function testOf({not, field, operator, word}, filters) {
  if (field && !filters[field]) return () => true;
  const valuesOf =
      field ? filters[field] : (item) => Object.values(filters).flatMap((values) => values(item));
  const matches = (value) => (field ? compared(value, operator, word) : begins(value, word));
  return (item) => [valuesOf(item)].flat().some(matches) !== not;
}

function compared(value, operator, word) {
  if (value === undefined || value === null) return false;
  if (operator === '=')
    return word.endsWith('*') ? begins(value, word.slice(0, -1)) : same(value, word);
  const [a, b] = [comparable(value), comparable(word)];
  return {'<': a < b, '<=': a <= b, '>': a > b, '>=': a >= b}[operator];
}

const same = (value, word) => String(value).toLowerCase() === word.toLowerCase();
const begins = (value, word) => String(value ?? '').toLowerCase().startsWith(word.toLowerCase());
const comparable = (v) => (/^\d{4}-\d\d/.test(v) ? Date.parse(v) : Number(v));
