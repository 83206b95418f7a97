import type { Llama } from 'node-llama-cpp';

/** The libraries that a model still holds whose loading failed. */
const held = new WeakSet<Llama>();

/** Notes that loading a model failed or was cancelled. node-llama-cpp never releases such a model. */
export function noteFailedLoad(llama: Llama): void {
  held.add(llama);
}

/** Closes the compute library. After a failed load it does not wait, because node-llama-cpp would wait for ever. */
export async function closeLlama(llama: Llama): Promise<void> {
  const closed = llama.dispose();
  if (held.has(llama)) closed.catch(() => undefined);
  else await closed;
}
