import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { standInMessage } from '../../extension/remoteServers/serverSign.ts';
import { localisedMessage, localisedTrouble } from '../../extension/sidecar/localisedMessage.ts';
import { TroubleError } from '../../extension/sidecar/troubleError.ts';
import { withoutLinks } from '../../extension/withoutLinks.ts';

/** Matches the links in VS Code's notifications (`parseLinkedText`). */
const LINK = /\[[^\]]+\]\((?:https?:\/\/|command:|file:)[^)\s]+(?: (["']).+?\1)?\)/i;
const words =
  'Log in [here](command:workbench.action.terminal.sendSequence?%7B%7D "Help") or [there](https://x.example)';

describe('foreign texts in a notification', () => {
  it('would contain links', () => assert.match(words, LINK));

  const trouble = { code: 'server-unavailable', message: words } as const;
  const messages: readonly [name: string, message: () => string][] = [
    ['by themselves', () => withoutLinks(words)],
    ['as what the sidecar reports', () => localisedTrouble(trouble)],
    ['as a failed request', () => localisedMessage(new TroubleError(trouble))],
    ['as any other failure', () => localisedMessage(new Error(words))],
    ['as the reason why the local model stands in for a server', () => standInMessage(words)],
  ];
  for (const [name, message] of messages) {
    it(`contain no links ${name}, and read as before`, () => {
      assert.doesNotMatch(message(), LINK);
      assert.ok(message().replaceAll('\u200B', '').includes(words));
    });
  }

  it('stay unchanged if they contain no links', () =>
    assert.equal(withoutLinks('list[0] (first), f(x)[1]'), 'list[0] (first), f(x)[1]'));
});
