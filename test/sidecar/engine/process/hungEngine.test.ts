import assert from 'node:assert/strict';
import process from 'node:process';
import { after, before, describe, it } from 'node:test';
import { fetchModel } from '../../../../.scripts/fetchModel.ts';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { EngineProcess } from '../../../../sidecar/engine/process/engineProcess.ts';
import type { EngineGenerateParams } from '../../../../sidecar/protocol/engine.ts';

/** On a signal the main thread enters an endless loop. */
const loopOnSignal = `data:text/javascript,process.on('SIGUSR2',()=>{for(;;);})`;

describe('an engine that hangs', { skip: process.platform === 'win32' && 'Windows stops no process' }, () => {
  const crashes: TroubleError[] = [];
  const engine = new EngineProcess({ isWatched: true, onCrashed: (reason) => crashes.push(reason) });
  const nodeOptions = process.env['NODE_OPTIONS'];
  before(async () => {
    process.env['NODE_OPTIONS'] = `${nodeOptions ?? ''} --import=${loopOnSignal}`;
    await engine.load({
      modelPath: await fetchModel(),
      engine: 'auto',
      device: 'cpu',
      threads: 1,
      contextSizeTokens: 2048,
    });
  });
  after(async () => {
    if (nodeOptions === undefined) delete process.env['NODE_OPTIONS'];
    else process.env['NODE_OPTIONS'] = nodeOptions;
    await engine.dispose();
  });

  const request = (tokens: readonly number[], maxTokens: number): Omit<EngineGenerateParams, 'requestId'> => ({
    sequence: 'completion',
    priority: 'completion',
    tokens,
    maxTokens,
    sampling: { temperature: 0 },
  });

  for (const { how, signal, says } of [
    { how: 'is stopped', signal: 'SIGSTOP', says: /gave no sign of life for 7 s .*The next request starts it again/ },
    { how: 'is in a loop', signal: 'SIGUSR2', says: /was in a loop for 7 s .*The next request starts it again/ },
  ] as const) {
    it(`is killed if it ${how}: its request gets the reason, and the next one an answer`, async () => {
      const tokens = await engine.tokenize('Once upon a time');
      const expected = await engine.generate(request(tokens, 8));
      const { pid } = engine;
      let isHit = false;
      const failing = engine.generate(request(tokens, 1_500), {
        onChunk: () => {
          if (!isHit) process.kill(pid!, signal);
          isHit = true;
        },
      });
      await assert.rejects(
        failing,
        (error) => error instanceof TroubleError && error.code === 'engine-crashed' && says.test(error.message),
      );
      assert.match(crashes.at(-1)!.message, says);
      assert.equal((await engine.generate(request(tokens, 8))).text, expected.text);
      assert.notEqual(engine.pid, pid);
    });
  }
});
