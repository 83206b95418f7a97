import type { SidecarStatus } from '../../sidecar/protocol/client.ts';

/** Below this speed a prompt of a few hundred tokens takes longer than a pause in typing. */
const SLOW_TOKENS_PER_SECOND = 60;
/** The default number of tokens of other files in a prompt on a slow machine (`promptBudget.ts`). */
const DEFAULT_CONTEXT_TOKENS = 2_048;

/** Model files for which the user was already advised. */
export type AdvisedModels = readonly string[];

/**
 * Returns the prompt speed in tokens per second if the user should be advised. It must be a slow model on this machine,
 * not throttled on purpose, and new to the user's advice.
 */
export function slowSpeed(status: SidecarStatus | undefined, advised: AdvisedModels): number | undefined {
  if (
    status?.promptTokensPerSecond === undefined ||
    status.modelPath === undefined ||
    status.server !== undefined ||
    status.quiet
  )
    return undefined;
  return status.promptTokensPerSecond < SLOW_TOKENS_PER_SECOND && !advised.includes(status.modelPath)
    ? status.promptTokensPerSecond
    : undefined;
}

/** Returns half of the current number of tokens for other files. */
export function halfContextTokens(setting: number | undefined): number {
  return Math.floor((setting ?? DEFAULT_CONTEXT_TOKENS) / 2);
}
