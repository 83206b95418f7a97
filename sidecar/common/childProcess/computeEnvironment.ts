/**
 * What a process that computes is started with, on top of its parent's environment. VS Code's runtime acts as Node;
 * ggml prints no back-trace when it aborts; and asynchronous native calls share one thread, which was measured:
 * decoding SmolLM2 on two cores takes 9 ms a token where one thread makes all calls, 8 to 48 ms where they change
 * threads.
 */
export const computeEnvironment = {
  ELECTRON_RUN_AS_NODE: '1',
  GGML_NO_BACKTRACE: '1',
  UV_THREADPOOL_SIZE: '1',
} as const;
