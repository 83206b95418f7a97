/** The maximum length of a template. Known models have up to 40,000 characters. */
export const MAX_TEMPLATE_UNITS = 256 * 1024;
/** The maximum length of a prompt. No context holds a longer prompt. */
export const MAX_PROMPT_UNITS = 8 * 1024 * 1024;
/** The limit for parsing and rendering together. A chat of a thousand messages takes about 30 ms. */
export const RENDER_LIMIT_MS = 3_000;
/** How many characters of a template's own error message users see. The rest stays in the rendering process. */
export const MAX_TOLD_UNITS = 300;
/** The heap of the rendering process. */
export const MAX_HEAP_MEBIBYTES = 128;

/** A request from the engine to the rendering process. */
export interface RenderRequest {
  /** Jinja. */
  readonly source: string;
  readonly variables: object;
  /** The limit for parsing and rendering together. */
  readonly limitMs: number;
}

/** The result. `message` comes from the template or from Jinja. */
export type RenderAnswer =
  | { readonly result: 'text'; readonly text: string }
  | { readonly result: 'unreadable' | 'refused'; readonly message: string }
  | { readonly result: 'late' }
  | { readonly result: 'long'; readonly units: number }
  /** The process ended during the rendering, or could not be started. */
  | { readonly result: 'ended'; readonly message: string };
