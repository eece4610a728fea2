// Lists as Shopify gives them: filtered by a search, sorted, page by page.
import {GraphQLError} from 'graphql';

import {searcher} from './search.mjs';

const LARGEST = 250;

/*
 * A resolver of a connection over items, each given as show(item). filters: {name: (item)
 * => the value or values it is found by}, those that a search may name; sorts: {KEY: (item)
 * => what it is sorted by}.
 */
export const connection = (items, show = (i) => i, {filters = {}, sorts = {}} = {}) => (args) => {
  const {first, last, after, before, reverse, query, sortKey} = args;
  const size = first ?? last;
  if (size === undefined || size === null)
    throw new GraphQLError('you must provide one of first or last');
  if (size < 0 || size > LARGEST) {
    throw new GraphQLError(
        `${first === undefined ? 'last' : 'first'} cannot exceed ${LARGEST}`,
        {extensions: {code: 'BAD_REQUEST'}});
  }
  const key = sorts[sortKey];
  const found = (query ? items.filter(searcher(query, filters)) : [...items]);
  if (key) found.sort((a, b) => compare(key(a), key(b)));
  if (reverse) found.reverse();
  const from = after ? found.findIndex((i) => cursorOf(i) === after) + 1 : 0;
  const until = before ? found.findIndex((i) => cursorOf(i) === before) : found.length;
  const range = found.slice(from, until);
  const nodes = first === undefined || first === null ? range.slice(-size) : range.slice(0, size);
  return page(nodes, found, show);
};

const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
const cursorOf = (item) => Buffer.from(item.id).toString('base64url');

function page(nodes, found, show) {
  return {
    nodes: nodes.map(show),
    edges: nodes.map((node) => ({cursor: cursorOf(node), node: show(node)})),
    pageInfo: {
      hasNextPage: nodes.length > 0 && nodes.at(-1) !== found.at(-1),
      hasPreviousPage: nodes.length > 0 && nodes[0] !== found[0],
      startCursor: nodes.length > 0 ? cursorOf(nodes[0]) : null,
      endCursor: nodes.length > 0 ? cursorOf(nodes.at(-1)) : null,
    },
  };
}
