// How much is done: counted over the files that the functions in Python write.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const folder = process.env.TODO_FILES;
const headers = { 'Content-Type': 'application/json', 'Access-Control-Allow-Origin': '*' };

const read = async (name) => {
  try {
    return [JSON.parse(await readFile(join(folder, name), 'utf8'))];
  } catch (error) {
    if (error.code === 'ENOENT') return []; // deleted meanwhile
    throw error;
  }
};

export const handler = async () => {
  const names = (await readdir(folder)).filter((name) => /^[0-9a-f]{32}\.json$/.test(name));
  const todos = (await Promise.all(names.map(read))).flat();
  const done = todos.filter((todo) => todo.done).length;
  return { statusCode: 200, headers, body: JSON.stringify({ all: todos.length, done, open: todos.length - done }) };
};
