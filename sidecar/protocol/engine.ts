/**
 * The contract between the sidecar's front and the engine, its child process: tokens in, tokens out.
 *
 * The wire is JSON-RPC over the child's IPC channel. `$/cancelRequest` cancels a request. The engine process may die at
 * any moment, since ggml aborts on invalid operations. Every pending request then fails in the front with a
 * `TroubleError` of the code 'engine-crashed'.
 */
export * from './engine/loading.ts';
export * from './engine/text.ts';
export * from './engine/generation.ts';
export * from './engine/measuring.ts';
export * from './engine/progress.ts';
export * from './engine/failure.ts';
export * from './engine/speech.ts';
