import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { TemplateProcess } from '../../../../sidecar/models/chatTemplate/templateProcess.ts';
import { isRunning } from '../../../isRunning.ts';

const ENDLESS = '{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}';
const request = (source: string, limitMs = 60_000): Parameters<TemplateProcess['render']>[0] => ({
  source,
  limitMs,
  variables: { name: 'you' },
});

describe('the process that renders templates', () => {
  const templates = new TemplateProcess();
  after(() => templates.dispose());

  test('stays for the next template, even after stopping a template', async () => {
    assert.deepEqual(await templates.render(request('Hello {{ name }}')), { result: 'text', text: 'Hello you' });
    const { pid } = templates;
    assert.deepEqual(await templates.render(request(ENDLESS, 100)), { result: 'late' });
    assert.deepEqual(await templates.render(request('Bye {{ name }}')), { result: 'text', text: 'Bye you' });
    assert.equal(templates.pid, pid);
  });

  test('renders the first template in the process that was started ahead', async () => {
    const ahead = new TemplateProcess();
    try {
      ahead.start();
      const { pid } = ahead;
      assert.notEqual(pid, undefined);
      ahead.start();
      assert.deepEqual(await ahead.render(request('Hello {{ name }}')), { result: 'text', text: 'Hello you' });
      assert.equal(ahead.pid, pid);
    } finally {
      ahead.dispose();
    }
  });

  test('answers all concurrent requests', async () => {
    const texts = await Promise.all([1, 2, 3].map((number) => templates.render(request(`${number}`))));
    assert.deepEqual(
      texts,
      ['1', '2', '3'].map((text) => ({ result: 'text', text })),
    );
  });

  test("limits the length of a template's own message", async () => {
    const shout =
      "{% set all = namespace(text='ha ') %}{% for a in range(20) %}{% set all.text = all.text ~ all.text %}{% endfor %}{{ raise_exception(all.text) }}";
    assert.deepEqual(await templates.render(request(shout)), { result: 'refused', message: 'ha '.repeat(100) });
  });

  test('is started again after it ended, even during a rendering', async () => {
    const rendering = templates.render(request(ENDLESS));
    while (templates.pid === undefined) await sleep(1);
    process.kill(templates.pid, 'SIGKILL');
    assert.deepEqual(await rendering, { result: 'ended', message: 'SIGKILL' });
    assert.deepEqual(await templates.render(request('{{ name }}')), { result: 'text', text: 'you' });
  });

  test("says why it can't be started", async () => {
    const { execPath } = process;
    try {
      process.execPath = '/no/such/node';
      const none = new TemplateProcess();
      const answer = await none.render(request('a'));
      assert.equal(answer.result, 'ended');
      process.execPath = execPath;
      assert.deepEqual(await none.render(request('a')), { result: 'text', text: 'a' });
      none.dispose();
    } finally {
      process.execPath = execPath;
    }
  });
});

describe('the process that renders a template without end', () => {
  test('ends after its parent', async () => {
    const url = new URL('../../../../sidecar/models/chatTemplate/templateProcess.ts', import.meta.url).href;
    const script = `const { TemplateProcess } = await import(${JSON.stringify(url)}); const templates = new TemplateProcess(); await templates.render({ source: '', limitMs: 60_000, variables: {} });
      console.log(templates.pid); await templates.render({ source: ${JSON.stringify(ENDLESS)}, limitMs: 600_000, variables: {} }); await new Promise((resolve) => setInterval(resolve, 1 << 30));`;
    const parent = spawn(
      process.execPath,
      ['--import', import.meta.resolve('tsx'), '--input-type=module', '--eval', script],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    parent.kill('SIGKILL');
    while (isRunning(pid)) await sleep(20);
  });
});
