import { z } from 'zod';
import type { ServerModel } from '../protocol/client.ts';
import type { ServerConnection } from './serverConnection.ts';
import { ServerUnavailableError } from './serverErrors.ts';

/** Some servers answer the list only after a running generation. */
const LIST_TIMEOUT_MS = 30_000;
const LIST_PATIENCE = { retries: 1, maxWaitMs: 1_000 };
const MAX_MODELS = 1_000;

/**
 * No model has a larger context, and the prompt's length follows from it. A larger number is ignored, and the next
 * field counts.
 */
const MAX_CONTEXT_TOKENS = 2 ** 24;

const size = z.number().int().positive().max(MAX_CONTEXT_TOKENS).nullish().catch(undefined);
const listed = z.object({
  id: z.string().min(1).max(256),
  owned_by: z.string().nullish().catch(undefined),
  // Fields of vLLM and SGLang; Mistral and LM Studio; OpenRouter; llama-server.
  max_model_len: size,
  max_context_length: size,
  context_length: size,
  meta: z.object({ n_ctx: size, n_ctx_train: size }).nullish().catch(undefined),
});
const list = z.object({ data: z.array(z.unknown()) });

/** A model with the data that a server gives about it. */
export interface ListedModel extends ServerModel {
  readonly ownedBy?: string | undefined;
}

/**
 * Returns the models that a server offers (`/v1/models`). Invalid entries and names that contain the key are left out.
 * Rejects with `ServerUnavailableError`.
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

/** Like `listServerModels`, but returns no models for a server without a list, such as some gateways. */
export async function listModelsIfAny(
  connection: ServerConnection,
  signal?: AbortSignal,
): Promise<readonly ListedModel[]> {
  try {
    return await listServerModels(connection, signal);
  } catch (error) {
    // The server answered, but does not know this path.
    if (error instanceof ServerUnavailableError && error.options.status !== undefined) return [];
    throw error;
  }
}
