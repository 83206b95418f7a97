import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { TroubleError } from '../../../../sidecar/common/troubleError.ts';
import { Microphone } from '../../../../sidecar/dictation/microphone/microphone.ts';

describe("a microphone's process", () => {
  const run = (script: string): Microphone =>
    new Microphone({ onOpen: () => undefined, onSound: () => undefined }, ['-e', script]);

  it('that fails to open the microphone or ends is reported with the reason', async () => {
    for (const [script, message] of [
      ["process.send({ type: 'failed', message: 'No device.' })", /can't be opened: No device\./],
      ['process.exit(3)', /ended unexpectedly \(exit code 3\)/],
    ] as const) {
      using microphone = run(script);
      await assert.rejects(
        microphone.failed,
        (error) => error instanceof TroubleError && error.code === 'no-microphone' && message.test(error.message),
      );
    }
  });

  it('may be silent longer while it opens than later, but not forever', async (test) => {
    for (const [script, patienceMs, message] of [
      ['setInterval(() => undefined, 1000)', 59_999, /was not opened within 60 s/],
      [
        "process.send({ type: 'open', device: 'One' }); setInterval(() => undefined, 1000)",
        3_999,
        /sends no more sound/,
      ],
    ] as const) {
      test.mock.timers.enable({ apis: ['setTimeout'] });
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      using microphone = new Microphone({ onOpen: () => open(), onSound: () => undefined }, ['-e', script]);
      let hasFailed = false;
      microphone.failed.catch(() => (hasFailed = true));
      if (script.includes('open')) await opened;
      test.mock.timers.tick(patienceMs);
      await Promise.resolve();
      assert.equal(hasFailed, false);
      test.mock.timers.tick(1);
      await assert.rejects(
        microphone.failed,
        (error) => error instanceof TroubleError && error.code === 'no-microphone' && message.test(error.message),
      );
      test.mock.timers.reset();
    }
  });

  it('does not fail after it was closed', async () => {
    const microphone = run('setInterval(() => undefined, 1000)');
    microphone[Symbol.dispose]();
    await microphone.failed;
  });
});
