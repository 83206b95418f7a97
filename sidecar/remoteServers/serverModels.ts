import { z } from 'zod';
import type { ServerModel } from '../protocol/client.ts';
import type { ServerConnection } from './serverConnection.ts';
import { ServerUnavailableError } from './serverErrors.ts';

/** Some servers let the list wait for a generation that is under way. */
const LIST_TIMEOUT_MS = 30_000;
const LIST_PATIENCE = { retries: 1, maxWaitMs: 1_000 };
const MAX_MODELS = 1_000;

/**
 * No model reads more; prompts are made as long as a context is. What says so is no size, and the next field counts.
 */
const MAX_CONTEXT_TOKENS = 2 ** 24;

const size = z.number().int().positive().max(MAX_CONTEXT_TOKENS).nullish().catch(undefined);
const listed = z.object({
  id: z.string().min(1).max(256),
  owned_by: z.string().nullish().catch(undefined),
  // vLLM and SGLang; Mistral and LM Studio; OpenRouter; llama-server.
  max_model_len: size,
  max_context_length: size,
  context_length: size,
  meta: z.object({ n_ctx: size, n_ctx_train: size }).nullish().catch(undefined),
});
const list = z.object({ data: z.array(z.unknown()) });

/** What a server says of a model, as far as it says it. */
export interface ListedModel extends ServerModel {
  readonly ownedBy?: string | undefined;
}

/**
 * The models that a server offers (`/v1/models`). Entries that are none are left out, and names that hold the key.
 * Throws `ServerUnavailableError`.
 */
export async function listServerModels(
  connection: ServerConnection,
  signal?: AbortSignal,
): Promise<readonly ListedModel[]> {
  const answer = list.safeParse(
    await connection.readJson({ path: 'models', timeoutMs: LIST_TIMEOUT_MS, patience: LIST_PATIENCE, signal }),
  );
  if (!answer.success)
    throw new ServerUnavailableError(
      `${connection.address.host} answered models without a list in "data". Is this the address of an OpenAI-compatible API?`,
      { cause: answer.error },
    );
  return answer.data.data.slice(0, MAX_MODELS).flatMap((entry): ListedModel[] => {
    const model = listed.safeParse(entry);
    if (!model.success || connection.repeatsKey(model.data.id)) return [];
    const { id, owned_by, max_model_len, max_context_length, context_length, meta } = model.data;
    const contextSizeTokens =
      max_model_len ?? max_context_length ?? context_length ?? meta?.n_ctx ?? meta?.n_ctx_train ?? undefined;
    return [{ id, ...(contextSizeTokens ? { contextSizeTokens } : {}), ...(owned_by ? { ownedBy: owned_by } : {}) }];
  });
}

/** As `listServerModels`; none from a server that has no list, as some gateways do. */
export async function listModelsIfAny(
  connection: ServerConnection,
  signal?: AbortSignal,
): Promise<readonly ListedModel[]> {
  try {
    return await listServerModels(connection, signal);
  } catch (error) {
    // It answered, and knows no such path.
    if (error instanceof ServerUnavailableError && error.options.status !== undefined) return [];
    throw error;
  }
}
