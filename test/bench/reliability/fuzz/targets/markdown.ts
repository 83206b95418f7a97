import { JSDOM } from 'jsdom';
import { isWebLink, MarkdownRenderer } from '../../../../../media/chat/markdown.ts';
import { damagedText, randomText } from '../json.ts';
import type { Random } from '../random.ts';
import type { FuzzTarget } from '../target.ts';

const BLOCKS: readonly string[] = [
  '# Title\n\nText with *emphasis*, **strong** and `code`.',
  '```ts\nconst a: number = 1; // `$` "\'\n```',
  '- one\n- two\n  - three\n\n1. first\n2. second',
  '| a | b |\n|:-:|---|\n| 1 | <b>2</b> |',
  '> quote\n> > deeper\n\n---',
  '[link](https://example.com/a?b=c "title") and <https://example.com> and https://example.com/x',
  '[x](javascript:alert(1)) [y](command:workbench.action.quit) ![z](data:image/svg+xml;base64,PHN2Zz4=)',
  '[r]: https://example.com "r"\n\n[r] [r][] [a][r]',
  '<script>alert(1)</script><img src=x onerror=alert(1)><svg onload=alert(1)>',
  '<math><mtext></mtext><mglyph><style><img src=x onerror=alert(1)>',
  '```html\n<a href="javascript:alert(1)" onclick="alert(1)">x</a>\n```',
  '~~gone~~ \\* &amp; &#106;avascript: &NotEqualTilde; &#x0;',
  '```python\ndef add(a, b):\n    """Adds."""\n    return a + b\n```',
  '```json\n{"a": [1, 2, {"b": null}]}\n```',
];
const RUNS = [
  '*',
  '_',
  '`',
  '[',
  '](',
  '![',
  '<',
  '>',
  '> ',
  '- ',
  '|',
  '|-',
  '~',
  '\\',
  '&',
  '#',
  '$',
  '(',
  '"',
  "'",
  '\t',
  '\n',
  ' ',
  '1. ',
  '```',
  'http://',
  '<!--',
  '\u202e',
  '\u200d',
];
const LONGEST_RUN = 3_000;
const HARMLESS = /^(class|dir|href|start|title)$/;
const ACTIVE = new Set([
  'SCRIPT',
  'IMG',
  'SVG',
  'IFRAME',
  'OBJECT',
  'EMBED',
  'STYLE',
  'LINK',
  'META',
  'FORM',
  'INPUT',
  'VIDEO',
  'AUDIO',
  'BASE',
  'MATH',
  'TEMPLATE',
]);
/** The number of texts that become DOM at once, since the DOM takes most of the time. */
const TEXTS_AT_ONCE = 20;
/** A page is replaced after so many runs, so that it does not grow. */
const RUNS_OF_A_PAGE = 200;
const ELEMENT = 1;

/** Markdown of models in the panel: it is parsed, coloured, rendered and sanitised, and the result is inspected. */
export function openMarkdown(): FuzzTarget<readonly string[]> {
  let page = new JSDOM('');
  let renderer = new MarkdownRenderer(page.window);
  let shown = 0;
  const show = (texts: readonly string[]): void => {
    if (++shown % RUNS_OF_A_PAGE === 0) {
      page.window.close();
      page = new JSDOM('');
      renderer = new MarkdownRenderer(page.window);
    }
    const tokens = texts.flatMap((text) => renderer.blocks(text)).flatMap((block) => block.tokens);
    for (const child of renderer.render({ line: 0, tokens }).childNodes) assertNodeHarmless(child);
  };
  return {
    title: `Markdown of the panel: parsed one by one, coloured, rendered and sanitised in jsdom ${TEXTS_AT_ONCE} at once`,
    inputsAtOnce: TEXTS_AT_ONCE,
    make: (random) => Array.from({ length: TEXTS_AT_ONCE }, () => make(random)),
    run: (texts) => {
      show(texts);
      return true;
    },
  };
}

function make(random: Random): string {
  const blocks = Array.from({ length: 1 + random.below(3) }, () => block(random));
  return blocks.join(random.of(['\n\n', '\n', '', '\r', '\n> ']));
}

function block(random: Random): string {
  switch (random.below(6)) {
    case 0:
      return Array.from({ length: 1 + random.length(30) }, () => random.of(RUNS)).join('');
    case 1:
      return random.once(30)
        ? random.of(RUNS).repeat(random.length(LONGEST_RUN)) +
            randomText(random, 10) +
            random.of(RUNS).repeat(random.length(LONGEST_RUN))
        : randomText(random, random.length(60));
    case 2:
      return random.of(BLOCKS);
    default:
      return damagedText(random, random.of(BLOCKS));
  }
}

function assertNodeHarmless(node: ChildNode): void {
  if (node.nodeType !== ELEMENT) return;
  const element = node as Element;
  if (ACTIVE.has(element.tagName.toUpperCase()))
    throw new Error(`<${element.tagName}> in the panel: ${element.outerHTML.slice(0, 300)}`);
  for (const { name, value } of element.attributes) {
    if (!HARMLESS.test(name) || (name === 'href' && !isWebLink(value)))
      throw new Error(`${name}=${JSON.stringify(value)} in the panel: ${element.outerHTML.slice(0, 300)}`);
  }
  for (const child of element.childNodes) assertNodeHarmless(child);
}
