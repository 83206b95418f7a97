/** Holds the key of the server that a command uses. */
export const SERVER_KEY_VARIABLE = 'CHORUS_SERVER_KEY';

/**
 * Returns the environment to run a script of Chorus with the caller's own executable. VS Code's runtime acts as Node.
 * Variables that would tie the process to the caller's debugger or tests are left out. So is a server's key, since a
 * sidecar outlives its starter. `extra` comes on top of the caller's environment.
 */
export function nodeEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, ...extra, ELECTRON_RUN_AS_NODE: '1' };
  for (const name of [
    'NODE_OPTIONS',
    'VSCODE_INSPECTOR_OPTIONS',
    'NODE_V8_COVERAGE',
    'NODE_TEST_CONTEXT',
    SERVER_KEY_VARIABLE,
  ])
    Reflect.deleteProperty(env, name);
  return env;
}
