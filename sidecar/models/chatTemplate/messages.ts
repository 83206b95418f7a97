/** Longer templates are not read. The longest of known models have 40,000 characters. */
export const MAX_TEMPLATE_UNITS = 256 * 1024;
/** Longer prompts are no prompts: no context holds them. */
export const MAX_PROMPT_UNITS = 8 * 1024 * 1024;
/** What reading and rendering take together at most; a chat of a thousand messages takes about 30 ms. */
export const RENDER_LIMIT_MS = 3_000;
/** Of what a template says itself, users are told so much; the rest does not leave the process that renders. */
export const MAX_TOLD_UNITS = 300;
/** Heap of the process that renders. */
export const MAX_HEAP_MEBIBYTES = 128;

/** Engine → the process that renders templates. */
export interface RenderRequest {
  /** Jinja. */
  readonly source: string;
  readonly variables: object;
  /** What reading and rendering may take together. */
  readonly limitMs: number;
}

/** What came of it. `message`: the template's own words, or Jinja's. */
export type RenderAnswer =
  | { readonly result: 'text'; readonly text: string }
  | { readonly result: 'unreadable' | 'refused'; readonly message: string }
  | { readonly result: 'late' }
  | { readonly result: 'long'; readonly units: number }
  /** The process ended while it rendered, or could not be started. */
  | { readonly result: 'ended'; readonly message: string };
