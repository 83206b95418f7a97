import { element, fill } from './dom.ts';
import { icon, type IconName } from './icons.ts';
import type { ChatStrings } from './messages.ts';

export interface CodeActions {
  copy(code: string): void;
  insert(code: string): void;
  apply(code: string): void;
}

/** Puts a finished code block under a bar with its language and its actions. */
export function decorateCodeBlock(block: HTMLPreElement, strings: ChatStrings, actions: CodeActions): void {
  const content = block.querySelector('code');
  const language = /language-(\S+)/.exec(content?.className ?? '')?.[1] ?? '';
  const code = (): string => (content?.textContent ?? '').replace(/\n$/, '');
  const name = language ? fill(strings.codeIn, language) : strings.code;
  const button = (iconName: IconName, label: string, act: (code: string) => void): HTMLButtonElement =>
    element('button', {
      class: 'icon-button',
      attributes: { type: 'button', title: label, 'aria-label': label },
      children: [icon(iconName)],
      onClick: () => act(code()),
    });

  const copy = button('copy', strings.copy, (text) => {
    actions.copy(text);
    copy.replaceChildren(icon('check'));
    setTimeout(() => copy.replaceChildren(icon('copy')), 1500);
  });
  const bar = element('div', {
    class: 'code-bar',
    children: [
      element('span', { class: 'code-language', text: language }),
      copy,
      button('insert', strings.insert, (text) => actions.insert(text)),
      button('apply', strings.apply, (text) => actions.apply(text)),
    ],
  });
  const frame = element('div', { class: 'code-block', attributes: { role: 'group', 'aria-label': name, dir: 'ltr' } });
  block.replaceWith(frame);
  block.tabIndex = 0;
  frame.append(bar, block);
}
