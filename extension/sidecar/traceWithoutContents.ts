/**
 * Returns a log for the language client's trace that contains the kinds of messages but not their contents. At the
 * output's level "Trace" the client would write parameters and results, including code and a server's key. The setting
 * `chorusSidecar.trace.server` turns that on, and a workspace may set it.
 */
export function traceWithoutContents<Log extends { trace(message: string): void }>(log: Log): Log {
  const trace = (message: string): void => {
    const [first = ''] = message.split('\n', 1);
    // In the JSON format the first line contains the contents.
    if (!first.startsWith('{')) log.trace(first);
  };
  return Object.create(log, { trace: { value: trace } }) as Log;
}
