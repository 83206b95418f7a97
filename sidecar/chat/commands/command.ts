/** What a slash command asks of the model. Written short and in the imperative, which small models follow best. */
export interface CommandPrompt {
  /** The request in a chat; the user's own words follow it. */
  readonly chat: string;
  /** The request of an edit, answered by code alone; absent where the command makes no edit. */
  readonly edit?: string;
}
