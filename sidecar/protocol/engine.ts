/**
 * The contract between the sidecar's front and the engine, its child process: tokens in, tokens out.
 *
 * The wire is JSON-RPC over the child's IPC channel. Cancellation is JSON-RPC's `$/cancelRequest`. The engine process
 * may die at any moment (ggml aborts on what it does not accept): every pending request then fails with
 * `EngineCrashedError` in the front.
 */
export * from './engine/loading.ts';
export * from './engine/text.ts';
export * from './engine/generation.ts';
export * from './engine/measuring.ts';
export * from './engine/progress.ts';
export * from './engine/failure.ts';
export * from './engine/speech.ts';
