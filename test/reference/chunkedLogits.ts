import type { LibLlama } from '../../sidecar/models/llamaCpp/libLlama.ts';

/** Evaluates tokens from an empty sequence in chunks, and returns the logits of all of them. */
export function chunkedLogits(peer: LibLlama, tokens: readonly number[], chunkTokens: number): Float32Array[] {
  peer.clear();
  const rows: Float32Array[] = [];
  for (let start = 0; start < tokens.length; start += chunkTokens)
    rows.push(...peer.decode(tokens.slice(start, start + chunkTokens), start, { all: true }));
  return rows;
}
