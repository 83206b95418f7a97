import assert from 'node:assert/strict';
import { execa } from 'execa';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openingText, readyText } from '../../../.scripts/startText.ts';
import { bundledModelNotice, tellOfBundledModel } from '../../../sidecar/cli/bundledModelNotice.ts';
import { STATUS_REQUEST, type SidecarStatus } from '../../../sidecar/protocol/client.ts';
import type { RequestType } from '../../../sidecar/protocol/messages.ts';
import { bundledModelPath } from '../../../sidecar/shelf/defaultModel.ts';
import { Bundles } from './bundles.ts';

const NOTICE =
  'The model that comes with Chorus is small. Its answers may be wrong. Check them. A larger one knows more: --model FILE\n';

/** Returns the notice for a sidecar in this state. */
async function told(status: Partial<SidecarStatus>, { isTTY = true, json = false } = {}): Promise<string> {
  let text = '';
  const { signal } = new AbortController();
  const request = async <Params, Result>(
    type: RequestType<Params, Result, unknown>,
    _: unknown,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Result> => {
    assert.equal<unknown>(type, STATUS_REQUEST);
    assert.equal(options.signal, signal);
    return { state: 'ready', modelPath: await bundledModelPath(), ...status } as Result;
  };
  await tellOfBundledModel(
    { session: { request }, signal },
    { json },
    {
      isTTY,
      write: (part: unknown) => {
        text += String(part);
        return true;
      },
    },
  );
  return text;
}

describe('the notice about the bundled model', () => {
  it('is shown to a person at a terminal', async () => assert.equal(await told({}), NOTICE));

  const quiet: readonly (readonly [where: string, told: () => Promise<string>])[] = [
    ['if a model was chosen', () => told({ isModelNamed: true })],
    ['if the environment names another', () => told({ modelPath: '/models/larger.gguf' })],
    [
      'if a server was chosen',
      () => told({ server: { host: 'gpu.example', model: 'coder', leavesMachine: true, reasonsForLocal: [] } }),
    ],
    ['with --json', () => told({}, { json: true })],
    ['if the output is not a terminal', () => told({}, { isTTY: false })],
  ];
  for (const [where, tells] of quiet) it(`is not shown ${where}`, async () => assert.equal(await tells(), ''));
});

describe('the notice of npm start', () => {
  const notice = bundledModelNotice('Chorus: Choose Model…');
  for (const [what, text] of [
    ['opens', openingText({ code: '/usr/bin/code', workspace: '/tmp/sample', isBundled: true })],
    ['serves', readyText({ url: 'http://127.0.0.1:1', workspace: '/tmp/sample', isBundled: true })],
  ] as const) {
    it(`is shown when it ${what} VS Code`, () => assert.ok(text.split('\n').includes(notice), text));
  }

  it('is not shown if the environment names another model', () => {
    assert.ok(!openingText({ code: '/usr/bin/code', workspace: '/tmp/sample', isBundled: false }).includes(notice));
    assert.ok(!readyText({ url: 'http://127.0.0.1:1', workspace: '/tmp/sample', isBundled: false }).includes(notice));
  });
});

/** Python's `pty` gives a command a terminal, whose output is all that the command writes. */
const ON_A_TERMINAL = 'import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))';

describe('commands at a terminal', { skip: process.platform === 'win32' }, () => {
  let folder: string;
  let bundles: Bundles;
  let model: string;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'chorus-notice-'));
    bundles = await Bundles.open();
    model = (await bundledModelPath()) as string;
    await writeFile(path.join(folder, 'add.ts'), 'const sum = 1 + ');
  });
  after(async () => {
    await shown(['stop']);
    await bundles[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  async function shown(commandLine: readonly string[]): Promise<string> {
    const { all, exitCode } = await execa(
      'python3',
      ['-c', ON_A_TERMINAL, process.execPath, bundles.cli, ...commandLine],
      { all: true, reject: false, input: '', env: { CHORUS_HOME: path.join(folder, 'home'), LC_ALL: 'C' } },
    );
    assert.equal(exitCode, 0, all);
    return all.replaceAll('\r\n', '\n');
  }

  for (const commandLine of [
    ['generate', 'The', '--max-tokens', '1'],
    ['complete', 'add.ts:1:17', '--timeout', '240'],
    ['chat', 'Hello'],
  ] as const) {
    it(`show the notice once: ${commandLine[0]}`, async () => {
      const [name, place, ...options] = commandLine;
      const argument = name === 'complete' ? path.join(folder, place) : place;
      assert.equal((await shown([name, argument, ...options])).split(NOTICE).length, 2);
      assert.ok(!(await shown([name, argument, ...options, '--json'])).includes(NOTICE));
    });
  }

  it('do not show the notice if a model is named', async () => {
    assert.ok(!(await shown(['generate', 'The', '--max-tokens', '1', '--model', model])).includes(NOTICE));
  });
});
