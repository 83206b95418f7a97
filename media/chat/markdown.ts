import createDOMPurify, { type Config, type DOMPurify, type WindowLike } from 'dompurify';
import createMarkdownIt, { type MarkdownIt, type Token } from 'markdown-it';
import { Highlighter } from './highlighter.ts';

const ALLOWED: Config = {
  ALLOWED_TAGS: [
    'a',
    'blockquote',
    'br',
    'code',
    'del',
    'em',
    'h1',
    'h2',
    'h3',
    'h4',
    'h5',
    'h6',
    'hr',
    'li',
    'ol',
    'p',
    'pre',
    's',
    'span',
    'strong',
    'table',
    'tbody',
    'td',
    'th',
    'thead',
    'tr',
    'ul',
  ],
  ALLOWED_ATTR: ['class', 'dir', 'href', 'start', 'title'],
  ALLOWED_URI_REGEXP: /^https?:\/\//i,
  // DOMPurify applies its rule for addresses to every other attribute.
  ADD_URI_SAFE_ATTR: ['dir', 'start'],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true,
};

export interface MarkdownBlock {
  /** The first line of the block in the parsed text, counted from zero. */
  readonly line: number;
  readonly tokens: readonly Token[];
}

/**
 * Renders a model's Markdown, which is untrusted text, as DOM. There are two barriers. The first is markdown-it, which
 * knows no HTML and only http(s) links. The second is DOMPurify, which keeps only a short list of tags and attributes.
 * Images become links, so that nothing is ever loaded.
 */
export class MarkdownRenderer {
  readonly #markdown: MarkdownIt;
  readonly #purifier: DOMPurify;

  constructor(
    window: WindowLike,
    private readonly highlighter = new Highlighter(),
  ) {
    this.#purifier = createDOMPurify(window);
    this.#markdown = new createMarkdownIt({
      html: false,
      linkify: true,
      breaks: false,
      typographer: false,
      highlight: (code, language) => this.highlighter.colour(code, language) ?? this.#markdown.utils.escapeHtml(code),
    });
    this.#markdown.validateLink = isWebLink;
    this.#markdown.linkify.set({ fuzzyLink: false, fuzzyEmail: false });
    this.#markdown.renderer.rules['image'] = (tokens, index) => {
      const token = tokens[index];
      const source = String(token?.attrGet('src') ?? '');
      const text = this.#markdown.utils.escapeHtml(token?.content || source);
      return isWebLink(source) ? `<a href="${this.#markdown.utils.escapeHtml(source)}">${text}</a>` : text;
    };
    this.#markdown.renderer.rules['link_open'] = (tokens, index, options, _env, self) => {
      const token = tokens[index];
      // markdown-it lets an empty address pass. A click on such a link would load the page again.
      if (token && !isWebLink(String(token.attrGet('href') ?? ''))) token.attrs = [];
      return self.renderToken(tokens, index, options);
    };
    this.#markdown.core.ruler.push('direction', (state) => {
      for (const token of state.tokens) {
        if (DIRECTED.has(token.type)) token.attrSet('dir', 'auto');
        // The alignment is an inline style, which the page's policy forbids.
        const align = /text-align:(\w+)/.exec(String(token.attrGet('style') ?? ''))?.[1];
        if (align)
          token.attrs = [...(token.attrs ?? []).filter(([name]) => name !== 'style'), ['class', `align-${align}`]];
      }
    });
  }

  /**
   * Returns the top-level blocks of a text, in order. `references` keeps link definitions across the parts of one text.
   */
  blocks(text: string, references: Record<string, unknown> = {}): MarkdownBlock[] {
    const blocks: { line: number; tokens: Token[] }[] = [];
    let depth = 0;
    for (const token of this.#markdown.parse(text.replace(LONE_SURROGATE, '\uFFFD'), references)) {
      if (depth === 0 && token.nesting >= 0)
        blocks.push({ line: token.map?.[0] ?? blocks.at(-1)?.line ?? 0, tokens: [] });
      blocks.at(-1)?.tokens.push(token);
      depth += token.nesting;
    }
    return blocks;
  }

  /** Returns one block as sanitised DOM. */
  render(block: MarkdownBlock): DocumentFragment {
    const html = this.#markdown.renderer.render([...block.tokens], this.#markdown.options, {});
    return this.sanitise(html);
  }

  /** Applies only the second barrier. */
  sanitise(html: string): DocumentFragment {
    return this.#purifier.sanitize(html, ALLOWED) as unknown as DocumentFragment;
  }
}

/** A part of a character. A parser of HTML may refuse a text with one, and then nothing of it would be shown. */
const LONE_SURROGATE = /\p{Surrogate}/gu;

const DIRECTED = new Set(['paragraph_open', 'heading_open', 'list_item_open', 'blockquote_open', 'th_open', 'td_open']);

export function isWebLink(href: string): boolean {
  return /^https?:\/\//i.test(href.trim());
}
