import type { SidecarStatus } from '../../sidecar/protocol/client.ts';

/** Below this, a prompt of a few hundred tokens takes longer than a pause in typing. */
const SLOW_TOKENS_PER_SECOND = 60;
/** Tokens of other files that a prompt has on a slow machine where the settings say nothing (`promptBudget.ts`). */
const DEFAULT_CONTEXT_TOKENS = 2_048;

/** Model files that the user was advised on before. */
export type AdvisedModels = readonly string[];

/**
 * Speed of prompts in tokens per second where the user should hear of it: the model on this machine is slow, not on
 * purpose, and was not told of before.
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

/** Half of the tokens that other files may take now. */
export function halfContextTokens(setting: number | undefined): number {
  return Math.floor((setting ?? DEFAULT_CONTEXT_TOKENS) / 2);
}
