/*
 * What a query costs before and after it is run. The rules follow the documented ones
 * (an object is 1, a scalar 0, a mutation 10, a connection grows with its size); the
 * sums are near the real ones, not the same: a client reads them from the answer.
 */
import {getNamedType, isCompositeType, Kind, TypeInfo, visit, visitWithTypeInfo} from 'graphql';

const MUTATION = 10;
const CONNECTION = 2;
const SHARE = 4;  // a connection's entries are charged by the quarter

export function requestedCost(schema, document, variables) {
  const info = new TypeInfo(schema);
  const sums = [0];
  const sizes = [];
  const leave = (type, node) => {
    const inner = sums.pop();
    const size = sizes.pop();
    const own = /Connection$/.test(type.name) ?
        CONNECTION + Math.ceil(size * inner / SHARE) :
        inner + (/^(Mutation|QueryRoot)$/.test(type.name) ? 0 : 1);
    sums[sums.length - 1] += own + (isMutation(info, node) ? MUTATION : 0);
  };
  visit(document, visitWithTypeInfo(info, {
          Field: {
            enter: (node) => {
              sums.push(0);
              sizes.push(sizeOf(node, variables));
            },
            leave: (node) => {
              const type = getNamedType(info.getType());
              if (isCompositeType(type)) return leave(type, node);
              sums.pop();
              sizes.pop();
              return undefined;
            },
          },
        }));
  return sums[0];
}

const isMutation = (info) => info.getParentType()?.name === 'Mutation';

function sizeOf(node, variables) {
  const given = node.arguments.find((a) => /^(first|last)$/.test(a.name.value))?.value;
  if (given?.kind === Kind.VARIABLE) return Number(variables?.[given.name.value] ?? 0);
  return Number(given?.value ?? 0);
}

// The objects that came.
export function actualCost(data) {
  if (Array.isArray(data)) return data.reduce((n, v) => n + actualCost(v), 0);
  if (data === null || typeof data !== 'object') return 0;
  return Object.values(data).reduce((n, v) => n + actualCost(v), 1);
}
