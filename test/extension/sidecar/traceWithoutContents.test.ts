import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { traceWithoutContents } from '../../../extension/sidecar/traceWithoutContents.ts';

/** A log like VS Code's, whose properties can't be changed. */
function log(): {
  readonly lines: readonly string[];
  readonly channel: { readonly logLevel: number; trace(message: string): void };
} {
  const lines: string[] = [];
  return {
    lines,
    channel: Object.freeze({
      get logLevel() {
        return 1;
      },
      trace: (message: string) => void lines.push(message),
    }),
  };
}

const key = 'sk-secret';
const messages: readonly [name: string, written: string, logged: readonly string[]][] = [
  ['the messages', `Sending request 'initialize - (0)'.`, [`Sending request 'initialize - (0)'.`]],
  [
    'no parameters',
    `Sending request 'initialize - (0)'.\nParams: {\n  "key": "${key}"\n}\n\n`,
    [`Sending request 'initialize - (0)'.`],
  ],
  ['no JSON', `{"type":"send-request","params":{"key":"${key}"}}`, []],
];

describe("the trace of the language client's messages", () => {
  for (const [name, written, logged] of messages) {
    it(`contains ${name}`, () => {
      const { lines, channel } = log();
      traceWithoutContents(channel).trace(written);
      assert.deepEqual(lines, logged);
    });
  }

  it('has the level of the log', () => assert.equal(traceWithoutContents(log().channel).logLevel, 1));
});
