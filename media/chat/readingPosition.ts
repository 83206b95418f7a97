/** The part of VS Code's API for pages that keeps state after the page is gone. */
export interface PageState {
  getState(): unknown;
  setState(state: unknown): void;
}

interface Position {
  readonly conversationId: string;
  /** In pixels. Absent at the end, where the view follows the answers. */
  readonly scrollTop?: number | undefined;
}

/**
 * The reading position in the shown conversation. VS Code keeps it while the view is hidden and its page is destroyed.
 */
export class ReadingPosition {
  constructor(private readonly page: PageState) {}

  /** Returns the scroll position of a conversation in pixels, or `undefined` if its end is shown. */
  of(conversationId: string): number | undefined {
    const kept = this.#kept;
    return kept?.conversationId === conversationId ? kept.scrollTop : undefined;
  }

  /**
   * Stores a position. It is called in every frame of a followed answer, so an unchanged position is not stored again.
   */
  keep({ conversationId, scrollTop }: Position): void {
    const kept = this.#kept;
    if (kept?.conversationId !== conversationId || kept.scrollTop !== scrollTop)
      this.page.setState({ conversationId, scrollTop });
  }

  get #kept(): Partial<Position> | undefined {
    return this.page.getState() as Partial<Position> | undefined;
  }
}
