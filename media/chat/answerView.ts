import type { MarkdownRenderer } from './markdown.ts';

/**
 * A longer block, in UTF-16 units, is rendered again only after it has grown by an eighth. Rendering it in each frame
 * would take quadratic time.
 */
const MAX_SMOOTH_UNITS = 10_000;

/**
 * Shows growing Markdown. Finished blocks are rendered once and never changed. Only the last block is rendered again,
 * so that a frame costs the same in a long answer as in a short one.
 */
export class AnswerView {
  #text = '';
  /** The beginning of the open block in `text`. */
  #openStart = 0;
  /** The shown length of the open block. */
  #shownUnits = 0;
  #openNodes: readonly Node[] = [];
  readonly #references = {};
  #frame: number | undefined;

  constructor(
    private readonly root: HTMLElement,
    private readonly renderer: MarkdownRenderer,
    /** Called with the nodes of each finished block, once, in order. */
    private readonly onBlock: (nodes: readonly Node[]) => void,
  ) {}

  append(text: string): void {
    this.#text += text;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      const openUnits = this.#text.length - this.#openStart;
      if (openUnits <= MAX_SMOOTH_UNITS || openUnits >= this.#shownUnits * 1.125) this.#update(false);
    });
  }

  /** Renders the text so far at once, without waiting for the next frame. */
  flush(): void {
    this.#renderNow(false);
  }

  /** Renders the rest as finished. */
  finish(): void {
    this.#renderNow(true);
  }

  #renderNow(final: boolean): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
    this.#frame = undefined;
    this.#update(final);
  }

  #update(final: boolean): void {
    const open = this.#text.slice(this.#openStart);
    const blocks = this.renderer.blocks(open, this.#references);
    const lineStarts = blocks.length > 1 ? startsOfLines(open) : [0];
    for (const node of this.#openNodes) this.root.removeChild(node);
    this.#openNodes = [];
    for (const [index, block] of blocks.entries()) {
      const isOpen = !final && index === blocks.length - 1;
      const nodes = [...this.renderer.render(block).childNodes];
      this.root.append(...nodes);
      if (isOpen) {
        this.#openNodes = nodes;
        this.#openStart += lineStarts[block.line] ?? 0;
      } else {
        this.onBlock(nodes);
      }
    }
    if (final) this.#openStart = this.#text.length;
    this.#shownUnits = this.#text.length - this.#openStart;
  }
}

/** The beginnings of lines as in Markdown, in which a carriage return alone also ends a line. */
function startsOfLines(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\r\n?|\n/g), ({ 0: end, index }) => index + end.length)];
}
