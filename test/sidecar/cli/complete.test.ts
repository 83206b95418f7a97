import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PATIENCE_MS } from '../../patience.ts';
import { ScriptedServer, stall, textStream } from '../servers/scriptedServer.ts';
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

async function chorus(...commandLine: readonly string[]): Promise<{ stdout: string; stderr: string; exitCode?: number }> {
  return execa(process.execPath, [bundles.cli, ...commandLine], { reject: false, timeout: PATIENCE_MS, input: '', env: { CHORUS_HOME: path.join(work, 'home'), LC_ALL: 'C' } });
}

/** `chorus complete` at the end of a line, by a server that sends this text and then nothing more. */
function completeStalled(text: string, ...options: readonly string[]): ReturnType<typeof chorus> {
  server.on('completions', stall(200, 'text/event-stream', `data: ${JSON.stringify({ choices: [{ index: 0, text, finish_reason: null }] })}\n\n`));
  return chorus('complete', `${path.join(work, 'cart.js')}:1:15`, '--server', server.url, ...options);
}

describe('chorus complete', () => {
  it('prints the text that its time limit cut off, and says so, and how to give it longer', async () => {
    const { stdout, stderr, exitCode } = await completeStalled('sum(prices', '--timeout', '1.5');
    assert.deepEqual([stdout, exitCode], ['sum(prices', 0]);
    assert.equal(stderr, 'The time limit of 1.5 s ended the completion. Give it longer with --timeout SECONDS.');
  });

  it('says of text that was cut off so in JSON too', async () => {
    const { stdout, exitCode } = await completeStalled('sum(prices', '--timeout', '1.5', '--json');
    const { text, isOutOfTime } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([text, isOutOfTime, exitCode], ['sum(prices', true, 0]);
  });

  it('fails where the time limit left no text', async () => {
    const message = 'The time limit of 1.5 s ended the completion before it had any text. Give it longer with --timeout SECONDS.';
    const { stdout, stderr, exitCode } = await completeStalled(' ', '--timeout', '1.5');
    assert.deepEqual([stdout, stderr, exitCode], ['', `chorus: ${message}`, 1]);
    const asJson = await completeStalled(' ', '--timeout', '1.5', '--json');
    assert.deepEqual([JSON.parse(asJson.stdout), asJson.stderr, asJson.exitCode], [{ error: { code: 'out-of-time', message } }, '', 1]);
  });

  it('says nothing of time where there was enough', async () => {
    server.on('completions', textStream(['sum(prices);']));
    const { stdout, stderr, exitCode } = await chorus('complete', `${path.join(work, 'cart.js')}:1:15`, '--server', server.url, '--json');
    const { text, isOutOfTime } = JSON.parse(stdout) as Record<string, unknown>;
    assert.deepEqual([text, isOutOfTime, stderr, exitCode], ['sum(prices);', false, '', 0]);
  });

  it('takes a time limit from a millisecond to an hour, and says in its help that it is 15 seconds', async () => {
    for (const seconds of ['0', '3601', 'x']) {
      const { stderr, exitCode } = await chorus('complete', 'cart.js:1:1', '--timeout', seconds);
      assert.match(stderr, /--timeout.*Expected a number from 0\.001 to 3600/s);
      assert.equal(exitCode, 2);
    }
    assert.match((await chorus('complete', '--help')).stdout, /--timeout <seconds> .*\(default:\s+15\)/s);
  });
});
