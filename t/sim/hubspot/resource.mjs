// HubSpot's errors.
import {randomUUID} from 'node:crypto';

import {json} from '../lib/server.mjs';

export const refuse = (status, category, message, {headers, ...more} = {}) => json(
    status, {status: 'error', message, correlationId: randomUUID(), category, ...more}, headers);

export const invalid = (message, more) => refuse(400, 'VALIDATION_ERROR', message, more);

export const notFound = () => refuse(404, 'OBJECT_NOT_FOUND', 'resource not found');
