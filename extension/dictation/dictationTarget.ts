/** Where dictated text appears. */
export interface DictationTarget {
  /** Of the document that it is in, whose identifiers may be said. */
  readonly uri?: string;
  /**
   * Shows all that was said so far in place of what it showed before. `false`: the place is gone, and dictation ends.
   */
  show(text: string): Promise<boolean>;
  /** Aborted when the place goes: dictation ends then, and not with the next text alone. */
  readonly gone?: AbortSignal;
  /** The microphone is open, or closed again. */
  setListening?(isListening: boolean): void;
  dispose?(): void;
}
