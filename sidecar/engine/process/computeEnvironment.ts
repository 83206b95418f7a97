/**
 * What a process that computes is started with, on top of its parent's environment. VS Code's runtime acts as Node; ggml prints no back-trace
 * when it aborts; and asynchronous native calls share one thread: OpenMP keeps a team of threads for every thread that computes, and the teams of
 * several, spinning for work, hold up the one that has some (decoding SmolLM2 on two cores: 9 ms a token on one thread, 8 to 48 ms on changing ones).
 */
export const computeEnvironment = { ELECTRON_RUN_AS_NODE: '1', GGML_NO_BACKTRACE: '1', UV_THREADPOOL_SIZE: '1' } as const;
