import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PATIENCE_MS } from '../../patience.ts';
import { ScriptedServer, stall, textStream } from '../remoteServers/scriptedServer.ts';
import { Bundles } from './bundles.ts';

let work: string;
let bundles: Bundles;
let server: ScriptedServer;
before(async () => {
  work = await mkdtemp(path.join(os.tmpdir(), 'chorus-complete-test-'));
  bundles = await Bundles.open();
  server = await ScriptedServer.start();
  await writeFile(path.join(work, 'cart.js'), 'const total = ');
});
after(async () => {
  await chorus('stop');
  await server[Symbol.asyncDispose]();
  await bundles[Symbol.asyncDispose]();
  await rm(work, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

async function chorus(
  ...commandLine: readonly string[]
): Promise<{ stdout: string; stderr: string; exitCode?: number }> {
  return execa(process.execPath, [bundles.cli, ...commandLine], {
    reject: false,
    timeout: PATIENCE_MS,
    input: '',
    env: { CHORUS_HOME: path.join(work, 'home'), LC_ALL: 'C' },
  });
}

/** Runs `chorus complete` at the end of a line, with a server that sends this text and then stalls. */
function completeStalled(text: string, ...options: readonly string[]): ReturnType<typeof chorus> {
  server.on(
    'completions',
    stall(
      200,
      'text/event-stream',
      `data: ${JSON.stringify({ choices: [{ index: 0, text, finish_reason: null }] })}\n\n`,
    ),
  );
  return chorus('complete', `${path.join(work, 'cart.js')}:1:15`, '--server', server.url, ...options);
}

/** The same with a time limit that is long enough for the text. A busy machine needs a longer limit. */
async function cutOff(
  ...options: readonly string[]
): Promise<Awaited<ReturnType<typeof chorus>> & { readonly seconds: number }> {
  for (let seconds = 1.5; seconds < PATIENCE_MS / 1_000; seconds *= 4) {
    const result = await completeStalled('sum(prices', '--timeout', String(seconds), ...options);
    if (result.exitCode === 0) return { ...result, seconds };
    assert.match(result.stderr + result.stdout, /before it had any text/);
  }
  assert.fail('There was no text in any time.');
}

describe('chorus complete', () => {
  it('prints the text that its time limit cut off, says so, and tells how to raise the limit', async () => {
    const { stdout, stderr, seconds } = await cutOff();
    assert.equal(stdout, 'sum(prices');
    assert.equal(stderr, `The time limit of ${seconds} s ended the completion. Give it longer with --timeout SECONDS.`);
  });

  it('reports a cut-off text in JSON too', async () => {
    const { text, isOutOfTime } = JSON.parse((await cutOff('--json')).stdout) as Record<string, unknown>;
    assert.deepEqual([text, isOutOfTime], ['sum(prices', true]);
  });

  it('fails if the time limit left no text', async () => {
    const message =
      'The time limit of 1.5 s ended the completion before it had any text. Give it longer with --timeout SECONDS.';
    const { stdout, stderr, exitCode } = await completeStalled(' ', '--timeout', '1.5');
    assert.deepEqual([stdout, stderr, exitCode], ['', `chorus: ${message}`, 1]);
    const asJson = await completeStalled(' ', '--timeout', '1.5', '--json');
    assert.deepEqual(
      [JSON.parse(asJson.stdout), asJson.stderr, asJson.exitCode],
      [{ error: { code: 'out-of-time', message } }, '', 1],
    );
  });

  it('does not mention the time limit if it was long enough', async () => {
    server.on('completions', textStream(['sum(prices);']));
    const { stdout, stderr, exitCode } = await chorus(
      'complete',
      `${path.join(work, 'cart.js')}:1:15`,
      '--server',
      server.url,
      '--json',
    );
    const { text, isOutOfTime } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([text, isOutOfTime, stderr, exitCode], ['sum(prices);', false, '', 0]);
  });

  it('accepts a time limit from a millisecond to an hour, and names the default of 15 seconds in its help', async () => {
    for (const seconds of ['0', '3601', 'x']) {
      const { stderr, exitCode } = await chorus('complete', 'cart.js:1:1', '--timeout', seconds);
      assert.match(stderr, /--timeout.*Expected a number from 0\.001 to 3600/s);
      assert.equal(exitCode, 2);
    }
    assert.match((await chorus('complete', '--help')).stdout, /--timeout <seconds> .*\(default:\s+15\)/s);
  });
});
