import assert from 'node:assert/strict';
import path from 'node:path';
import { after, describe } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { RECORDINGS_FOLDER } from '../../.scripts/system.ts';
import { whisperModel } from '../reference/whisperModel.ts';
import { commitWorkspace } from './committedWorkspace.ts';
import { describeHost } from './hostSession.ts';
import { NEWEST_HOST } from './setup.ts';
import { allowMicrophone, SoundServer } from './soundServer.ts';
import { waitFor } from './waitFor.ts';

const SENTENCE = path.join(RECORDINGS_FOLDER, 'cannot-complete-as-dialed.wav');
const WORDS = 'Your call cannot be completed as dialed.';

const sound = await SoundServer.start();
const speechModel = await whisperModel();
after(() => sound.stop());

describe('dictation', () => {
  describeHost(
    NEWEST_HOST,
    (scenario) => {
      scenario(
        'asks for consent once, writes the spoken words into the chat box, and closes the microphone by itself',
        async (host) => {
          const window = await host.openWindow();
          const chat = await window.openChat();
          await chat.input.fill('Explain:');
          await chat.button('Dictate').click();
          assert.equal(await sound.listeners(), 0, 'before consent nobody listens');
          await allowMicrophone(window);
          const sign = window.page.locator('.statusbar-item', { hasText: 'Listening' });
          await sign.waitFor();
          assert.equal(await sound.listeners(), 1);
          await sound.play(SENTENCE);
          await waitFor(
            'the words in the chat box',
            async () => (await chat.input.inputValue()) === `Explain: ${WORDS}`,
          );
          await sign.waitFor({ state: 'hidden' });
          assert.equal(await sound.listeners(), 0);
          assert.equal(await chat.input.inputValue(), `Explain: ${WORDS}`);
        },
      );

      scenario('ends when the question is sent: the microphone closes, and the box stays empty', async (host) => {
        const window = await host.openWindow();
        const chat = await window.openChat();
        await chat.button('Dictate').click();
        await allowMicrophone(window);
        const sign = window.page.locator('.statusbar-item', { hasText: 'Listening' });
        await sign.waitFor();
        // Long enough that more words follow when the first ones are sent.
        const played = sound.play(SENTENCE).then(() => sound.play(SENTENCE));
        await waitFor('words in the chat box', async () => (await chat.input.inputValue()) !== '');
        await chat.input.press('Enter');
        await sign.waitFor({ state: 'hidden' });
        await waitFor('the microphone to close', async () => (await sound.listeners()) === 0);
        await played;
        await chat.answerBegins();
        assert.equal(await chat.questions.count(), 1);
        assert.equal(await chat.input.inputValue(), '');
      });

      scenario('continues while the chat panel is hidden, and every word is in its box once', async (host) => {
        const window = await host.openWindow();
        const chat = await window.openChat();
        await chat.input.fill('Explain:');
        await chat.button('Dictate').click();
        await allowMicrophone(window);
        const sign = window.page.locator('.statusbar-item', { hasText: 'Listening' });
        await sign.waitFor();
        const played = sound.play(SENTENCE);
        await waitFor('words in the chat box', async () => (await chat.input.inputValue()) !== 'Explain:');
        await window.command('View: Show Explorer');
        await chat.input.waitFor({ state: 'hidden' });
        await played;
        await sign.waitFor({ state: 'hidden' });
        const shownAgain = await window.openChat();
        await waitFor(
          'the words in the chat box',
          async () => (await shownAgain.input.inputValue()) === `Explain: ${WORDS}`,
        );
      });

      scenario(
        'without consent does not listen, keeps the text of the box, and asks again at the next command',
        async (host) => {
          const window = await host.openWindow();
          const chat = await window.openChat();
          await chat.input.fill('Explain:');
          const question = window.dialog('microphone');
          for (let time = 0; time < 2; time++) {
            await chat.button('Dictate').click();
            await question.waitFor();
            await window.press('Escape');
            await question.waitFor({ state: 'hidden' });
            assert.equal(await sound.listeners(), 0);
            assert.equal(await chat.input.inputValue(), 'Explain:');
            // An earlier press counts as the repetition of a held key.
            await sleep(1_000);
          }
          assert.equal(await window.page.locator('.statusbar-item', { hasText: 'Listening' }).isVisible(), false);
        },
      );

      scenario('writes into the box of a commit message, which comes to the front', async (host) => {
        commitWorkspace(host.workspace);
        await host.write('changed.txt', 'new\n');
        const window = await host.openWindow();
        await window.statusBarItem('main').waitFor();
        await window.command('Chorus: Dictate Commit Message');
        await allowMicrophone(window);
        const sign = window.page.locator('.statusbar-item', { hasText: 'Listening' });
        await sign.waitFor();
        await sound.play(SENTENCE);
        const box = window.page.locator('.scm-editor .view-lines');
        await box.filter({ hasText: 'dialed' }).waitFor();
        await sign.waitFor({ state: 'hidden' });
        // A narrow box breaks lines.
        assert.equal((await box.innerText()).replaceAll(/\s+/g, ' '), WORDS);
      });

      scenario('appends to a commit message', async (host) => {
        commitWorkspace(host.workspace);
        await host.write('changed.txt', 'new\n');
        const window = await host.openWindow();
        await window.statusBarItem('main').waitFor();
        await window.page.getByRole('tab', { name: /^Source Control/ }).click();
        const box = window.page.locator('.scm-editor .view-lines');
        await window.page.locator('.scm-editor .monaco-editor').first().click();
        await window.type('fix:');
        await box.filter({ hasText: 'fix:' }).waitFor();
        await window.command('Chorus: Dictate Commit Message');
        await allowMicrophone(window);
        const sign = window.page.locator('.statusbar-item', { hasText: 'Listening' });
        await sign.waitFor();
        await sound.play(SENTENCE);
        await box.filter({ hasText: 'dialed' }).waitFor();
        await sign.waitFor({ state: 'hidden' });
        assert.equal((await box.innerText()).replaceAll(/\s+/g, ' '), `fix: ${WORDS}`);
      });

      scenario(
        'writes at the cursor of an editor, ends at the second command, and one undo reverts it',
        async (host) => {
          const window = await host.openWindow();
          const file = await host.write('notes.md', 'Note:\n');
          await window.openFile(file);
          await window.goTo(1, 6);
          await window.command('Chorus: Dictate');
          await allowMicrophone(window);
          const sign = window.page.locator('.statusbar-item', { hasText: 'Listening' });
          await sign.waitFor();
          await sound.play(SENTENCE);
          await window.page.locator('.part.editor .view-lines', { hasText: 'dialed' }).waitFor();
          await sign.click();
          await sign.waitFor({ state: 'hidden' });
          assert.equal(await sound.listeners(), 0);
          await window.focusEditor();
          assert.equal(await window.savedText(file, (text) => text.includes('dialed')), `Note: ${WORDS}\n`);
          await window.press('Control+Z');
          assert.equal(await window.savedText(file, (text) => !text.includes('dialed')), 'Note:\n');
        },
      );
    },
    { env: sound.environment, settings: { 'chorus.speech.modelPath': speechModel, 'chorus.threads': 2 } },
  );
});
