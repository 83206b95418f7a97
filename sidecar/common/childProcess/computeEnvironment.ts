/**
 * Variables for a process that computes, on top of its parent's environment. VS Code's runtime acts as Node, and ggml
 * prints no back-trace when it aborts. All asynchronous native calls share one thread: decoding SmolLM2 on two cores
 * then takes 9 ms a token. It takes 8 to 48 ms when calls change threads.
 */
export const computeEnvironment = {
  ELECTRON_RUN_AS_NODE: '1',
  GGML_NO_BACKTRACE: '1',
  UV_THREADPOOL_SIZE: '1',
} as const;
