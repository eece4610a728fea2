// Looks into the database as its owner, with psql.
import {run} from './command.mjs';
import {env} from './env.mjs';

/*
 * The rows of a statement as objects. Values go in by name, :'name' in the text:
 * rows("select * from customers where phone_number = :'phone'", { phone }).
 */
export async function rows(sql, values = {}) {
  const set = Object.entries(values).flatMap(([k, v]) => ['-v', `${k}=${v}`]);
  const text = await run(
      'psql',
      ['-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1', ...set, '-f', '-', env.DATABASE_URL], {
        input: `SET search_path = voiceagent, public;
      WITH answer AS (${sql}) SELECT coalesce(json_agg(answer), '[]') FROM answer;`
      });
  return JSON.parse(text);
}

export const row = async (sql, values) => (await rows(sql, values))[0];
