import assert from 'node:assert/strict';
import { describeHost } from './hostSession.ts';
import { TESTED_HOSTS } from './setup.ts';
import { waitFor } from './waitFor.ts';

for (const version of TESTED_HOSTS) {
  describeHost(version, (scenario, scenarioInSharedWindow) => {
    scenarioInSharedWindow(
      'an answer streams into the chat panel, and its code is inserted at the cursor',
      async (host) => {
        const window = await host.sharedWindow();
        const file = await host.write('src/fresh.js', '');
        await window.openFile(file);
        const chat = await window.openNewChat();
        // The test's settings name the model.
        assert.equal(await chat.modelNotice().isVisible(), false);
        await chat.ask('Write a JavaScript function add(a, b). Answer with one code block.');
        await chat.answerBegins();
        await chat.answerEnds();
        const code = (await window.webview().locator('.code-block pre code').last().textContent()) ?? '';
        assert.match(code, /\S/);
        await chat.codeButton('Insert at cursor').click();
        await window.page
          .locator('.part.editor .view-lines', { hasText: code.trim().split('\n')[0]?.trim() ?? '' })
          .waitFor();
        await window.focusEditor();
        const saved = await window.savedText(file, (text) => text.trim() !== '');
        assert.equal(saved.trim(), code.trim());
      },
    );

    scenarioInSharedWindow('an answer is stopped, and the next question is answered', async (host) => {
      const window = await host.sharedWindow();
      const chat = await window.openNewChat();
      await chat.ask('Write a very long story about the sea.');
      await chat.answerBegins();
      await chat.button('Stop (Escape)').click();
      await chat.answerEnds();
      await chat.ask('Say hello.');
      assert.match(await chat.answerEnds(), /\S/);
      // The button is only under the last answer.
      assert.equal(await chat.button('Try again').count(), 1);
    });

    scenarioInSharedWindow(
      'a question and the next one are answered while a message says that a named file is missing',
      async (host) => {
        const window = await host.sharedWindow();
        const chat = await window.openNewChat();
        await chat.ask('Say hello to #file:nowhere.ts');
        await window.page
          .locator('.notification-toast', { hasText: 'The workspace has no file nowhere.ts.' })
          .waitFor();
        assert.match(await chat.answerEnds(), /\S/);
        await chat.ask('Say hello again.');
        assert.match(await chat.answerEnds(), /\S/);
      },
    );

    scenarioInSharedWindow('a selection is explained in the chat panel', async (host) => {
      const window = await host.sharedWindow();
      await window.openNewChat();
      await window.openFile(host.file('src/stock.py'));
      await window.goTo(4, 1);
      await window.press('Shift+ArrowDown');
      await window.press('Shift+ArrowDown');
      await window.press('Shift+ArrowDown');
      await window.command('Chorus: Explain Selection');
      const chat = await window.chatView();
      assert.match(await chat.answerEnds(), /\w+ \w+ \w+/);
      assert.match((await chat.questions.last().textContent()) ?? '', /\/explain/);
    });

    scenario(
      'the panel works by keyboard alone, has a name for each stop, and uses the colours of a high-contrast theme',
      async (host) => {
        const window = await host.openWindow();
        const chat = await window.openChat();
        const lightText = await chat.textColours();
        await host.write('.vscode/settings.json', JSON.stringify({ 'workbench.colorTheme': 'Default High Contrast' }));
        await waitFor('the theme in the panel', async () => (await chat.textColours()).shown !== lightText.shown);
        const { shown, ofTheme } = await chat.textColours();
        assert.equal(shown, ofTheme);

        await window.command('Chorus: Focus on Chat View');
        await waitFor('the focus in the question', async () => (await chat.focused()).name === 'Question');
        await window.type('Write a JavaScript function add(a, b). Answer with one code block.');
        for (const name of ['Dictate', 'Send (Enter)']) {
          await window.press('Tab');
          assert.deepEqual(await chat.focused(), { role: 'button', name });
        }
        await window.press('Enter');
        await chat.answerBegins();
        assert.match(await chat.answerEnds(), /add/);

        const stops: string[] = [];
        await window.command('Chorus: Focus on Chat View');
        await waitFor('the focus in the question', async () => (await chat.focused()).name === 'Question');
        // Goes backwards through the panel to its first stop, the conversation.
        for (let focused = await chat.focused(); focused.name !== 'Conversation'; focused = await chat.focused()) {
          assert.notEqual(focused.name, '', `a ${focused.role} without a name comes before ${stops.join(', ')}`);
          stops.unshift(focused.name);
          assert.ok(stops.length < 30, `Shift+Tab goes in circles: ${stops.join(', ')}`);
          await window.press('Shift+Tab');
        }
        for (const name of [
          'Copy',
          'Insert at cursor',
          'Apply: show as a change to the file',
          'Try again',
          'Add the selection',
          'Question',
        ]) {
          assert.ok(stops.includes(name), `${name} is not among ${stops.join(', ')}`);
        }
      },
    );
  });
}
