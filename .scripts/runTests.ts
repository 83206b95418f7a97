/**
 * Runs test files, a process for each. The files start in the given order, so that the long ones come first; `node
 * --test` sorts them by name. `--concurrency` is the number of files side by side, `--limit-ms` a file's time limit.
 */
import process from 'node:process';
import { pipeline } from 'node:stream/promises';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { concurrency: { type: 'string', default: '1' }, 'limit-ms': { type: 'string' } },
  allowPositionals: true,
});
const tests = run({
  files: positionals,
  concurrency: Number(values.concurrency),
  timeout: values['limit-ms'] === undefined ? Infinity : Number(values['limit-ms']),
});
tests.on('test:fail', () => {
  process.exitCode = 1;
});
await pipeline(tests, new spec(), process.stdout);
