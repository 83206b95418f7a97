/**
 * The same log, for the language client's trace: which messages go to and fro, and nothing of what is in them. At the
 * output's level "Trace" the client would write parameters and results, code and a server's key among them, as soon as
 * `chorusSidecar.trace.server` says so, which a workspace may set.
 */
export function traceWithoutContents<Log extends { trace(message: string): void }>(log: Log): Log {
  const trace = (message: string): void => {
    const [first = ''] = message.split('\n', 1);
    // As JSON the contents are in the first line.
    if (!first.startsWith('{')) log.trace(first);
  };
  return Object.create(log, { trace: { value: trace } }) as Log;
}
