// Access tokens as our login, or another holder of the secret, makes them; with jose.
import {SignJWT} from 'jose';

import {env} from './env.mjs';

const secret = new TextEncoder().encode(env.JWT_SECRET);

export const accessToken = ({userId, organizationId, role}) =>
    new SignJWT({userId, organizationId, role})
        .setProtectedHeader({alg: 'HS256'})
        .setIssuedAt()
        .setExpirationTime('5m')
        .sign(secret);
