/** Where dictated text appears. */
export interface DictationTarget {
  /** Shows all that was said so far in place of what it showed before. `false`: the place is gone, and dictation ends. */
  show(text: string): Promise<boolean>;
  /** The microphone is open, or closed again. */
  setListening?(isListening: boolean): void;
  dispose?(): void;
}
