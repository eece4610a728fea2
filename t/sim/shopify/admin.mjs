// The Admin API: a query is checked against the schema, paid for, and run on the shop.
import {buildSchema, execute, getOperationAST, GraphQLError, parse, validate} from 'graphql';
import {randomUUID} from 'node:crypto';
import {readFileSync} from 'node:fs';

import {json} from '../lib/server.mjs';

import {actualCost, requestedCost} from './cost.mjs';
import {rootOf} from './graph.mjs';

const SCHEMA = buildSchema(readFileSync(new URL('admin.graphql', import.meta.url), 'utf8'));
const MOST = 1000;  // points of one query

export class Admin {
  constructor({webhooks, bucketOf}) {
    Object.assign(this, {webhooks, bucketOf});
  }

  answer(req) {
    const {status, body} = this.#run(req);
    return json(status, body, {
      'x-shopify-api-version': req.version,
      'x-request-id': randomUUID(),
    });
  }

  #run(req) {
    if (req.kind !== 'json')
      return {status: 400, body: {errors: {query: 'Required parameter missing or invalid'}}};
    const {query, variables = {}, operationName} = req.body ?? {};
    if (typeof query !== 'string' || query === '')
      return {status: 400, body: {errors: {query: 'Required parameter missing or invalid'}}};
    const {document, errors} = read(query);
    if (errors) return {status: 200, body: {errors}};
    const bucket = this.bucketOf(req.shop);
    const cost = requestedCost(SCHEMA, document, variables);
    if (cost > MOST) return {status: 200, body: tooDear(cost)};
    if (!bucket.take(cost)) return {status: 200, body: throttled(cost, bucket)};
    return {status: 200, body: this.#execute(req.shop, document, variables, operationName, cost)};
  }

  #execute(shop, document, variableValues, operationName, cost) {
    const bucket = this.bucketOf(shop);
    const result = execute({
      schema: SCHEMA,
      document,
      rootValue: rootOf(shop, this.webhooks),
      variableValues,
      operationName,
    });
    const mutation = getOperationAST(document, operationName)?.operation === 'mutation';
    const actual = mutation ? cost : Math.min(cost, actualCost(Object.values(result.data ?? {})));
    bucket.giveBack(cost - actual);
    return {
      ...(result.errors && {errors: result.errors.map(shown)}),
      ...(result.data !== undefined && {data: result.data}),
      extensions: {
        cost: {
          requestedQueryCost: cost,
          actualQueryCost: actual,
          throttleStatus: bucket.status(),
        }
      },
    };
  }
}

function read(query) {
  try {
    const document = parse(query);
    const errors = validate(SCHEMA, document);
    return errors.length > 0 ? {errors: errors.map(invalid)} : {document};
  } catch (e) {
    if (!(e instanceof GraphQLError)) throw e;
    return {errors: [shown(e)]};
  }
}

// Shopify's codes of what it finds wrong with a query, as far as they matter to a client.
function invalid(error) {
  const field = /^Cannot query field "(\w+)" on type "(\w+)"/.exec(error.message);
  if (!field) return shown(error);
  return {
    message: `Field '${field[1]}' doesn't exist on type '${field[2]}'`,
    locations: error.locations,
    path: ['query', field[1]],
    extensions: {code: 'undefinedField', typeName: field[2], fieldName: field[1]},
  };
}

const shown = ({message, locations, path, extensions}) =>
    ({message, locations, ...(path && {path}), ...(extensions?.code && {extensions})});

function tooDear(cost) {
  return {
    errors: [{
      message: `Query cost is ${cost}, which exceeds the single query max cost limit (${MOST}).`,
      extensions: {code: 'MAX_COST_EXCEEDED', cost, maxCost: MOST},
    }]
  };
}

const throttled = (cost, bucket) => ({
  errors: [{message: 'Throttled', extensions: {code: 'THROTTLED'}}],
  extensions:
      {cost: {requestedQueryCost: cost, actualQueryCost: null, throttleStatus: bucket.status()}},
});
