/** The prompts of a slash command. They are short and imperative, which small models follow best. */
export interface CommandPrompt {
  /** The request in a chat. The user's own words follow it. */
  readonly chat: string;
  /** The request to a small model, whose long answers are seldom right. Default: `chat`. */
  readonly chatWithSmallModel?: string;
  /** The request to a small model if the user adds no words. Only the answer's first sentence is shown, with facts. */
  readonly sentenceOfSmallModel?: string;
  /** The request for an edit, answered by code alone. Absent if the command makes no edit. */
  readonly edit?: string;
}
