// The search over objects: groups of filters (any group, all its filters), a text, an order.
import {invalid} from './resource.mjs';

const MOST = {
  groups: 5,
  filters: 6,
  inAll: 18,
  limit: 200
};

// The refusal of a search that cannot be, or nothing.
export function searchProblem({filterGroups = [], limit = 10, query = ''}, knows) {
  const sizes = filterGroups.map((g) => g.filters?.length ?? 0);
  const inAll = sizes.reduce((a, b) => a + b, 0);
  if (filterGroups.length > MOST.groups || sizes.some((n) => n > MOST.filters) ||
      inAll > MOST.inAll)
    return invalid('Request has too many filters or filter groups.');
  if (limit > MOST.limit) return invalid(`Invalid limit: ${limit}. The maximum is ${MOST.limit}.`);
  if (query.length > 3000) return invalid('The query is longer than 3000 characters.');
  for (const {propertyName, operator, value, values, highValue} of filterGroups.flatMap(
           (g) => g.filters)) {
    if (!knows(propertyName)) {
      return invalid(
          `There was a problem with the request: no property ${propertyName} exists.`,
          {context: {invalidPropertyName: [propertyName]}});
    }
    const needs = NEEDS[operator] ?? ['value'];
    const missing = needs.find((name) => ({value, values, highValue})[name] === undefined);
    if (missing) return invalid(`operator ${operator} requires ${missing}`);
  }
  return undefined;
}

const NEEDS = {
  HAS_PROPERTY: [],
  NOT_HAS_PROPERTY: [],
  IN: ['values'],
  NOT_IN: ['values'],
  BETWEEN: ['value', 'highValue'],
};

// (valueOf: name => value) => whether an object is found.
export const matcher = ({filterGroups = [], query}) => (valueOf) =>
    (filterGroups.length === 0 ||
     filterGroups.some(({filters}) => filters.every((f) => passes(f, valueOf(f.propertyName))))) &&
    (!query || SEARCHED.some((name) => contains(valueOf(name), query)));

const SEARCHED = ['firstname', 'lastname', 'email', 'phone', 'company'];

const folded = (v) => String(v ?? '').toLowerCase();
const contains = (value, word) => folded(value).includes(folded(word));

function passes({operator, value, values, highValue}, actual) {
  const has = actual !== undefined && actual !== null && actual !== '';
  const order = compared(actual, value);
  switch (operator) {
    case 'HAS_PROPERTY':
      return has;
    case 'NOT_HAS_PROPERTY':
      return !has;
    case 'EQ':
      return has && folded(actual) === folded(value);
    case 'NEQ':
      return folded(actual) !== folded(value);
    case 'IN':
      return has && values.map(folded).includes(folded(actual));
    case 'NOT_IN':
      return !values.map(folded).includes(folded(actual));
    case 'LT':
      return has && order < 0;
    case 'LTE':
      return has && order <= 0;
    case 'GT':
      return has && order > 0;
    case 'GTE':
      return has && order >= 0;
    case 'BETWEEN':
      return has && order >= 0 && compared(actual, highValue) <= 0;
    case 'CONTAINS_TOKEN':
      return has && token(actual, value);
    case 'NOT_CONTAINS_TOKEN':
      return !has || !token(actual, value);
    default:
      throw new Error(`no operator ${operator}`);
  }
}

// A whole word of the value; * stands for any part of one.
function token(actual, wanted) {
  const pattern = folded(wanted).replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*');
  const whole = new RegExp(`^${pattern}$`);
  return [folded(actual), ...folded(actual).split(/[\s@.,()-]+/)].some((word) => whole.test(word));
}

// Numbers and times by size, everything else by letters.
function compared(a, b) {
  const [x, y] = [a, b].map((v) => (/^-?\d+(\.\d+)?$/.test(v) ? Number(v) : Date.parse(v)));
  return Number.isNaN(x) || Number.isNaN(y) ? folded(a).localeCompare(folded(b)) : x - y;
}

export const sorter = ([first] = []) => {
  const {propertyName, direction = 'ASCENDING'} =
      typeof first === 'string' ? {propertyName: first} : first ?? {};
  const sign = direction === 'DESCENDING' ? -1 : 1;
  return (a, b) => (propertyName ? sign * compared(a(propertyName), b(propertyName)) : 0);
};
