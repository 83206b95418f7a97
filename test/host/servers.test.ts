import assert from 'node:assert/strict';
import { after } from 'node:test';
import { describeHost } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import { waitFor } from './waitFor.ts';
import type { Window } from './driver.ts';
import { chatStream, ScriptedServer, textStream, type SeenRequest } from '../sidecar/remoteServers/scriptedServer.ts';

const named = await ScriptedServer.start();
after(() => named[Symbol.asyncDispose]());

/** Fills the open input box. */
async function enter(window: Window, prompt: RegExp, text: string): Promise<void> {
  const widget = window.page.locator('.quick-input-widget', { hasText: prompt });
  await widget.waitFor();
  await widget.locator('input').first().fill(text);
  await window.press('Enter');
}

describeHost(
  NEWEST_HOST,
  (scenario) => {
    scenario(
      'a server in the settings receives no request before it is allowed, and none after it is switched off',
      async (host) => {
        named.on('chat/completions', chatStream(['A stack is ', 'a list whose last element comes off first.']));
        const { host: name } = new URL(named.url);
        const window = await host.openWindow();
        const question = window.page.locator('.notification-list-item', {
          hasText: `The settings name a server, ${name}.`,
        });
        await question.waitFor();
        const chat = await window.openChat();
        await chat.ask('Say hello.');
        assert.match(await chat.answerEnds(), /\S/);
        assert.equal(named.requests.length, 0);

        await window.command('Notifications: Show Notifications');
        await question.getByRole('button', { name: 'Use This Server' }).click();
        const sign = window.page.locator('.statusbar-item', { hasText: name });
        await sign.waitFor();
        await chat.ask('What is a stack?');
        assert.match(await chat.answerEnds(), /comes off first/);

        await sign.click();
        await sign.waitFor({ state: 'hidden' });
        const before = named.requests.length;
        await chat.ask('Say hello again.');
        assert.match(await chat.answerEnds(), /\S/);
        assert.equal(named.requests.length, before);
      },
    );

    scenario(
      'a server is chosen by command, completes, chats and is shown in the status bar, and the local model stands in when it fails',
      async (host) => {
        const server = await ScriptedServer.start();
        try {
          server.on('completions', textStream(['this.x * 1000;', '\n']));
          server.on('chat/completions', chatStream(['A stack is ', 'a list whose last element comes off first.']));
          const { host: name } = new URL(server.url);
          const window = await host.openWindow();

          await window.command('Chorus: Use a Server');
          await enter(window, /OpenAI-compatible server/, server.url);
          await enter(window, /API key/, 'sk-host-test');
          await window.page.locator('.quick-input-list .monaco-list-row', { hasText: 'test-model' }).click();
          const dialog = window.dialog(`Code will be sent to ${name}`);
          await dialog.waitFor();
          await dialog.getByRole('button', { name: 'Use This Server' }).click();
          const sign = window.page.locator('.statusbar-item', { hasText: name });
          await sign.waitFor();

          await window.openFile(host.file('src/point.ts'));
          await window.goTo(13, 11);
          assert.match(await window.typeForGhostText(' '), /this\.x \* 1000;/);
          const chat = await window.openChat();
          await waitFor('the server in the empty chat', async () =>
            (await chat.welcome().textContent())?.includes(name),
          );
          await chat.ask('What is a stack?');
          assert.match(await chat.answerEnds(), /comes off first/);
          const asked: readonly SeenRequest[] = [
            ...server.requestsTo('completions'),
            ...server.requestsTo('chat/completions'),
          ];
          assert.deepEqual(
            new Set(asked.map(({ headers }) => headers.authorization)),
            new Set(['Bearer sk-host-test']),
          );

          await server[Symbol.asyncDispose]();
          await chat.ask('Say hello.');
          assert.match(await chat.answerEnds(), /\S/);
          await window.page.locator('.notification-toast', { hasText: 'answers in place of the server' }).waitFor();
          await window.page.locator('.statusbar-item .codicon-warning').first().waitFor();
          await window.screenshot('server-away');

          await sign.click();
          await sign.waitFor({ state: 'hidden' });
          await chat.ask('Say hello again.');
          assert.match(await chat.answerEnds(), /\S/);
        } finally {
          await server[Symbol.asyncDispose]();
        }
      },
    );
  },
  { settings: { 'chorus.server.url': named.url, 'chorus.server.model': 'test-model' } },
);
