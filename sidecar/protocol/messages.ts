/**
 * Types of messages. Senders and receivers infer parameters and results from them. The types of `vscode-jsonrpc` are
 * not used: they have no partial results, and the extension would load that library on activation.
 */

/** A request: its method, and the types of its parameters, its result and its partial results. */
export interface RequestType<Params, Result, Part = never> {
  readonly kind: 'request';
  readonly method: string;
  /** Exists for the types alone; never set. */
  readonly signature?: (params: Params, onPart: (part: Part) => void) => Result;
}

/** A notification: its method, and the type of its parameters. */
export interface NotificationType<Params> {
  readonly kind: 'notification';
  readonly method: string;
  /** Exists for the types alone; never set. */
  readonly signature?: (params: Params) => void;
}

/** The parameters of a message that has none. */
export type NoParams = Readonly<Record<string, never>> | null | undefined;

/* @__NO_SIDE_EFFECTS__ */
export function request<Params, Result, Part = never>(method: string): RequestType<Params, Result, Part> {
  return { kind: 'request', method };
}

/* @__NO_SIDE_EFFECTS__ */
export function notification<Params>(method: string): NotificationType<Params> {
  return { kind: 'notification', method };
}
