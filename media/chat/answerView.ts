import type { MarkdownRenderer } from './markdown.ts';

/**
 * A block that is longer, in UTF-16 units, is shown again only when it has grown by an eighth: read for each frame, it
 * would cost its square.
 */
const MAX_SMOOTH_UNITS = 10_000;

/**
 * Shows Markdown that grows. Blocks that are finished are rendered once and never touched again; only the last one is
 * rendered anew, so that a long answer costs no more per frame than a short one.
 */
export class AnswerView {
  #text = '';
  /** Where in `text` the block begins that is still open. */
  #openStart = 0;
  /** Of the open block, how much is shown. */
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

  /** Renders what there is at once, and not with the next frame. */
  flush(): void {
    this.#renderNow(false);
  }

  /** Renders what is left as finished. */
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

/** Lines as Markdown has them: a carriage return alone ends one, too. */
function startsOfLines(text: string): number[] {
  return [0, ...Array.from(text.matchAll(/\r\n?|\n/g), ({ 0: end, index }) => index + end.length)];
}
